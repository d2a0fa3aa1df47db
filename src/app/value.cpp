#include "app/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "app/problem.hpp"
#include "base/check.hpp"

namespace logwisp {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// Bytes of the UTF-8 sequence at `at`, 0 when there is none.
std::size_t sequence_bytes(std::string_view text, std::size_t at) {
    auto byte = [&](std::size_t i) -> unsigned {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
    if ((first & 0xF0U) == 0xE0) {
        bool overlong = first == 0xE0 && byte(1) < 0xA0;
        bool surrogate = first == 0xED && byte(1) > 0x9F;
        return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        bool overlong = first == 0xF0 && byte(1) < 0x90;
        bool beyond = first == 0xF4 && byte(1) > 0x8F;
        return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
    }
    return 0;
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
    std::string word = lower(text);
    if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
    if (word == "false" || word == "0" || word == "no" || word == "off") return false;
    return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

Texts split_escaped(std::string_view text, char separator) {
    Texts parts(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == separator) {
            parts.back() += text[++i];
        } else if (text[i] == separator) {
            parts.emplace_back();
        } else {
            parts.back() += text[i];
        }
    }
    return parts;
}

std::optional<Value> parse_value(Kind kind, std::string_view text) {
    switch (kind) {
        case Kind::boolean:
            if (auto flag = parse_boolean(text)) return Value(*flag);
            return std::nullopt;
        case Kind::integer:
            if (auto number = parse_integer(text)) return Value(*number);
            return std::nullopt;
        case Kind::choice:
        case Kind::text:
            return Value(std::string(text));
        case Kind::texts:
            return Value(split_escaped(text, ','));
        case Kind::targets:
            break;
    }
    CHECK(kind != Kind::targets);
    return std::nullopt;
}

std::string described(const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return in_quotes(*text);
    if (std::holds_alternative<Texts>(value)) return "a list";
    if (std::holds_alternative<std::monostate>(value)) return "nothing";
    return written(value);
}

std::string written(std::string_view text) {
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size();) {
        auto byte = static_cast<unsigned char>(text[i]);
        std::size_t bytes = sequence_bytes(text, i);
        if (byte == '"' || byte == '\\') {
            out.append(1, '\\').append(1, text[i]);
        } else if (byte < 0x20 || byte == 0x7F) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
        } else if (bytes == 0) {
            out += "\xEF\xBF\xBD";
        } else {
            out += text.substr(i, bytes);
        }
        i += std::max<std::size_t>(bytes, 1);
    }
    return out + "\"";
}

std::string written(const Value& value) {
    CHECK(!std::holds_alternative<std::monostate>(value));
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value))
        return written(std::string_view(*text));
    std::string out = "[";
    for (const std::string& text : std::get<Texts>(value)) {
        if (out.size() > 1) out += ", ";
        out += written(std::string_view(text));
    }
    return out + "]";
}

}  // namespace logwisp
