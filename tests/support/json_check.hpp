// A second opinion on JSON: a small strict reader of RFC 8259, written for clearness and
// independent of everything in src/. Takes a whole text or nothing: no trailing bytes, no raw
// control characters, valid UTF-8 throughout.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logwisp::test {

// U+FFFD for each maximal subpart of an ill-formed sequence, straight from table 3-7 of the Unicode
// standard. `clean` becomes false when anything was replaced.
inline std::string repaired_utf8(std::string_view in, bool* clean = nullptr) {
    struct Row {
        int lead_min, lead_max;
        std::vector<std::pair<int, int>> rest;
    };
    static const std::vector<Row> rows{
        {0x00, 0x7F, {}},
        {0xC2, 0xDF, {{0x80, 0xBF}}},
        {0xE0, 0xE0, {{0xA0, 0xBF}, {0x80, 0xBF}}},
        {0xE1, 0xEC, {{0x80, 0xBF}, {0x80, 0xBF}}},
        {0xED, 0xED, {{0x80, 0x9F}, {0x80, 0xBF}}},
        {0xEE, 0xEF, {{0x80, 0xBF}, {0x80, 0xBF}}},
        {0xF0, 0xF0, {{0x90, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}}},
        {0xF1, 0xF3, {{0x80, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}}},
        {0xF4, 0xF4, {{0x80, 0x8F}, {0x80, 0xBF}, {0x80, 0xBF}}},
    };
    std::string out;
    if (clean != nullptr) *clean = true;
    std::size_t at = 0;
    const auto byte = [&](std::size_t index) {
        return index < in.size() ? static_cast<int>(static_cast<unsigned char>(in[index])) : -1;
    };
    while (at < in.size()) {
        const Row* found = nullptr;
        for (const Row& row : rows)
            if (byte(at) >= row.lead_min && byte(at) <= row.lead_max) found = &row;
        std::size_t good = 1;
        if (found != nullptr) {
            while (good <= found->rest.size() && byte(at + good) >= found->rest[good - 1].first &&
                   byte(at + good) <= found->rest[good - 1].second)
                ++good;
        }
        if (found != nullptr && good == found->rest.size() + 1) {
            out.append(in.substr(at, good));
        } else {
            out.append("\xEF\xBF\xBD");
            if (clean != nullptr) *clean = false;
        }
        at += good;
    }
    return out;
}

inline bool is_utf8(std::string_view in) {
    bool clean = false;
    repaired_utf8(in, &clean);
    return clean;
}

struct Json {
    enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
    Kind kind = Kind::null;
    std::string
        text;  // a string decoded (lone surrogates as U+FFFD); a number or boolean as written
    std::vector<Json> items;
    std::vector<std::pair<std::string, Json>> members;  // in their order, doubles included
    std::uint32_t depth = 0;                            // of containers inside of one another

    friend bool operator==(const Json&, const Json&) = default;

    // The first member of that name.
    [[nodiscard]] const Json* find(std::string_view name) const {
        for (const auto& [key, value] : members)
            if (key == name) return &value;
        return nullptr;
    }
    // The first member of that name that is an object.
    [[nodiscard]] const Json* find_object(std::string_view name) const {
        for (const auto& [key, value] : members)
            if (key == name && value.kind == Kind::object) return &value;
        return nullptr;
    }
    [[nodiscard]] std::vector<std::string> keys() const {
        std::vector<std::string> names;
        for (const auto& member : members) names.push_back(member.first);
        return names;
    }
};

class JsonReader {
  public:
    static std::optional<Json> read(std::string_view text) {
        if (!is_utf8(text)) return {};
        JsonReader reader(text);
        reader.spaces();
        std::optional<Json> value = reader.value(0);
        reader.spaces();
        if (!value || reader.at_ != text.size()) return {};
        return value;
    }

  private:
    // Deeper texts are refused: this reader recurses.
    static constexpr std::uint32_t depth_max = 2000;

    explicit JsonReader(std::string_view text) : text_(text) {}

    [[nodiscard]] int peek() const {
        return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : -1;
    }
    bool take(char c) {
        if (peek() != static_cast<unsigned char>(c)) return false;
        ++at_;
        return true;
    }
    bool word(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }
    void spaces() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
    }

    std::optional<Json> value(std::uint32_t depth) {
        if (depth > depth_max) return {};
        if (peek() == '{') return object(depth);
        if (peek() == '[') return array(depth);
        Json json;
        const std::size_t begin = at_;
        if (peek() == '"') {
            json.kind = Json::Kind::string;
            if (!string(json.text)) return {};
            return json;
        }
        if (word("null")) {
            json.kind = Json::Kind::null;
        } else if (word("true") || word("false")) {
            json.kind = Json::Kind::boolean;
        } else if (number()) {
            json.kind = Json::Kind::number;
        } else {
            return {};
        }
        json.text = text_.substr(begin, at_ - begin);
        return json;
    }

    std::optional<Json> object(std::uint32_t depth) {
        Json json;
        json.kind = Json::Kind::object;
        json.depth = 1;
        take('{');
        spaces();
        if (take('}')) return json;
        for (;;) {
            std::string key;
            spaces();
            if (!string(key)) return {};
            spaces();
            if (!take(':')) return {};
            spaces();
            std::optional<Json> member = value(depth + 1);
            if (!member) return {};
            json.depth = std::max(json.depth, member->depth + 1);
            json.members.emplace_back(std::move(key), std::move(*member));
            spaces();
            if (take('}')) return json;
            if (!take(',')) return {};
        }
    }

    std::optional<Json> array(std::uint32_t depth) {
        Json json;
        json.kind = Json::Kind::array;
        json.depth = 1;
        take('[');
        spaces();
        if (take(']')) return json;
        for (;;) {
            spaces();
            std::optional<Json> item = value(depth + 1);
            if (!item) return {};
            json.depth = std::max(json.depth, item->depth + 1);
            json.items.push_back(std::move(*item));
            spaces();
            if (take(']')) return json;
            if (!take(',')) return {};
        }
    }

    bool digits() {
        const std::size_t begin = at_;
        while (peek() >= '0' && peek() <= '9') ++at_;
        return at_ > begin;
    }
    bool number() {
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            if (!digits()) return false;
        }
        return true;
    }

    bool hex(std::uint32_t& value) {
        value = 0;
        for (int count = 0; count < 4; ++count, ++at_) {
            const int c = peek();
            if (c >= '0' && c <= '9') {
                value = value * 16 + static_cast<std::uint32_t>(c - '0');
            } else if (c >= 'a' && c <= 'f') {
                value = value * 16 + static_cast<std::uint32_t>(c - 'a' + 10);
            } else if (c >= 'A' && c <= 'F') {
                value = value * 16 + static_cast<std::uint32_t>(c - 'A' + 10);
            } else {
                return false;
            }
        }
        return true;
    }
    static void append(std::string& out, std::uint32_t point) {
        const auto add = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
        if (point < 0x80) {
            add(point);
        } else if (point < 0x800) {
            add(0xC0 + point / 64);
            add(0x80 + point % 64);
        } else if (point < 0x10000) {
            add(0xE0 + point / 4096);
            add(0x80 + point / 64 % 64);
            add(0x80 + point % 64);
        } else {
            add(0xF0 + point / 262144);
            add(0x80 + point / 4096 % 64);
            add(0x80 + point / 64 % 64);
            add(0x80 + point % 64);
        }
    }
    bool escape(std::string& out) {
        const int c = peek();
        ++at_;
        switch (c) {
            case '"':
            case '\\':
            case '/':
                out.push_back(static_cast<char>(c));
                return true;
            case 'b':
                out.push_back('\b');
                return true;
            case 'f':
                out.push_back('\f');
                return true;
            case 'n':
                out.push_back('\n');
                return true;
            case 'r':
                out.push_back('\r');
                return true;
            case 't':
                out.push_back('\t');
                return true;
            case 'u':
                break;
            default:
                return false;
        }
        std::uint32_t point = 0;
        if (!hex(point)) return false;
        if (point >= 0xD800 && point < 0xDC00 && text_.substr(at_, 2) == "\\u") {
            const std::size_t back = at_;
            std::uint32_t low = 0;
            at_ += 2;
            if (!hex(low)) return false;
            if (low >= 0xDC00 && low < 0xE000) {
                point = 0x10000 + (point - 0xD800) * 1024 + (low - 0xDC00);
            } else {
                at_ = back;
            }
        }
        append(out, point >= 0xD800 && point < 0xE000 ? 0xFFFD : point);
        return true;
    }
    bool string(std::string& out) {
        if (!take('"')) return false;
        for (;;) {
            const int c = peek();
            if (c < 0x20) return false;
            ++at_;
            if (c == '"') return true;
            if (c != '\\') {
                out.push_back(static_cast<char>(c));
            } else if (!escape(out)) {
                return false;
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

inline std::optional<Json> read_json(std::string_view text) { return JsonReader::read(text); }

}  // namespace logwisp::test
