#include "app/tail_client_json.hpp"

#include <algorithm>
#include <cstdint>

namespace logwisp {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | code >> 6);
        put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    }
}

std::optional<std::uint32_t> hex4(std::string_view digits) {
    if (digits.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : digits.substr(0, 4)) {
        value <<= 4;
        if (c >= '0' && c <= '9')
            value |= static_cast<std::uint32_t>(c - '0');
        else if (c >= 'a' && c <= 'f')
            value |= static_cast<std::uint32_t>(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            value |= static_cast<std::uint32_t>(c - 'A' + 10);
        else
            return std::nullopt;
    }
    return value;
}

// `rest` begins behind "\u" and loses what was used.
bool append_unicode_escape(std::string& out, std::string_view& rest) {
    constexpr std::uint32_t replacement = 0xFFFD;
    const auto first = hex4(rest);
    if (!first) return false;
    rest.remove_prefix(4);
    std::uint32_t code = *first;
    if (code >= 0xD800 && code < 0xE000) {
        const auto second =
            code < 0xDC00 && rest.starts_with("\\u") ? hex4(rest.substr(2)) : std::nullopt;
        if (second && *second >= 0xDC00 && *second < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (*second - 0xDC00);
            rest.remove_prefix(6);
        } else {
            code = replacement;
        }
    }
    append_utf8(out, code);
    return true;
}

class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
    bool take(char c) {
        skip_space();
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

    // A string with its quotes; empty when there is none.
    std::string_view string() {
        skip_space();
        const auto start = at_;
        if (at_ >= text_.size() || text_[at_] != '"') return {};
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\\') {
                ++at_;
            } else if (text_[at_] == '"') {
                ++at_;
                return text_.substr(start, at_ - start);
            }
        }
        return {};
    }

    // Any value, as written; empty when there is none. Brackets are counted, not matched: it is
    // shown, not used.
    std::string_view value() {
        skip_space();
        const auto start = at_;
        for (std::size_t depth = 0; at_ < text_.size();) {
            const char c = text_[at_];
            if (c == '"') {
                if (string().empty()) return {};
                if (depth == 0) break;
                continue;
            }
            if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
            if (c == '{' || c == '[') ++depth;
            ++at_;
            if ((c == '}' || c == ']') && --depth == 0) break;
        }
        std::string_view found = text_.substr(start, at_ - start);
        while (!found.empty() &&
               std::string_view(" \t\r\n").find(found.back()) != std::string_view::npos)
            found.remove_suffix(1);
        return found;
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

std::optional<std::string> json_text(std::string_view value) {
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
    std::string_view rest = value.substr(1, value.size() - 2);
    std::string out;
    out.reserve(rest.size());
    while (!rest.empty()) {
        const auto plain = std::min(rest.find('\\'), rest.size());
        out.append(rest.substr(0, plain));
        rest.remove_prefix(plain);
        if (rest.empty()) break;
        if (rest.size() < 2) return std::nullopt;
        const char kind = rest[1];
        rest.remove_prefix(2);
        switch (kind) {
            case 'n':
                out.push_back('\n');
                break;
            case 'r':
                out.push_back('\r');
                break;
            case 't':
                out.push_back('\t');
                break;
            case 'b':
                out.push_back('\b');
                break;
            case 'f':
                out.push_back('\f');
                break;
            case 'u':
                if (!append_unicode_escape(out, rest)) return std::nullopt;
                break;
            default:
                out.push_back(kind);
                break;
        }
    }
    return out;
}

std::string_view json_member(const std::vector<JsonMember>& members, std::string_view key) {
    for (const JsonMember& member : members)
        if (member.key == key) return member.value;
    return {};
}

std::vector<std::string_view> json_elements(std::string_view json) {
    Scanner scan(json);
    std::vector<std::string_view> elements;
    if (!scan.take('[') || scan.take(']')) return {};
    do {
        const std::string_view value = scan.value();
        if (value.empty()) return {};
        elements.push_back(value);
    } while (scan.take(','));
    if (!scan.take(']')) return {};
    return elements;
}

std::optional<std::vector<JsonMember>> json_members(std::string_view json) {
    Scanner scan(json);
    std::vector<JsonMember> members;
    if (!scan.take('{')) return std::nullopt;
    if (!scan.take('}')) {
        do {
            auto key = json_text(scan.string());
            if (!key || !scan.take(':')) return std::nullopt;
            const std::string_view value = scan.value();
            if (value.empty()) return std::nullopt;
            members.push_back({std::move(*key), value});
        } while (scan.take(','));
        if (!scan.take('}')) return std::nullopt;
    }
    scan.skip_space();
    if (!scan.at_end()) return std::nullopt;
    return members;
}

}  // namespace logwisp
