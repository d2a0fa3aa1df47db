#include "app/toml_guard.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logwisp {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view not_here =
    "a character outside ASCII must stand in quotes or in a comment";

// Where a string, a comment or plain syntax goes on from `at`; returns the index behind it.
std::size_t skip_line_comment(std::string_view text, std::size_t at) {
    std::size_t end = text.find('\n', at);
    return end == std::string_view::npos ? text.size() : end;
}

std::size_t quotes_at(std::string_view text, std::size_t at, char quote) {
    std::size_t count = 0;
    while (at + count < text.size() && text[at + count] == quote) ++count;
    return count;
}

std::size_t skip_multiline_string(std::string_view text, std::size_t at, char quote) {
    while (at < text.size()) {
        if (quote == '"' && text[at] == '\\') {
            at += 2;
        } else if (std::size_t quotes = quotes_at(text, at, quote); quotes >= 3) {
            // Up to two quotes may belong to the string's end.
            return at + std::min<std::size_t>(quotes, 5);
        } else {
            at += std::max<std::size_t>(quotes, 1);
        }
    }
    return text.size();
}

std::size_t skip_string(std::string_view text, std::size_t at) {
    char quote = text[at];
    if (quotes_at(text, at, quote) >= 3) return skip_multiline_string(text, at + 3, quote);
    for (++at; at < text.size() && text[at] != '\n'; ++at) {
        if (text[at] == quote) return at + 1;
        if (quote == '"' && text[at] == '\\') ++at;
    }
    return std::min(at, text.size());
}

// Non-ASCII bytes as they are, of UTF-8.
bool is_foreign(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// A word that begins like a number is scanned up to one of these, quotes and all.
constexpr std::string_view ends_number = " \t\r\n\v\f,]}#";

bool begins_number(std::string_view text, std::size_t at) {
    if (text[at] != '+' && text[at] != '-' && (text[at] < '0' || text[at] > '9')) return false;
    return at == 0 || std::string_view(" \t\r\n=,[{").find(text[at - 1]) != std::string_view::npos;
}

// In a string of several lines with escapes, from `at` to `end`: the first foreign character behind a
// backslash, or behind that and blanks and line ends. npos: none.
std::size_t foreign_behind_backslash(std::string_view text, std::size_t at, std::size_t end) {
    if (!text.substr(at).starts_with("\"\"\"")) return std::string_view::npos;
    for (at += 3; at < end; ++at) {
        if (text[at] != '\\') continue;
        const std::size_t next = std::min(text.find_first_not_of(" \t\r\n", at + 1), end);
        if (next < end && is_foreign(text[next])) return next;
        if (next == at + 1) ++at;  // what is escaped is no backslash
    }
    return std::string_view::npos;
}

GuardFinding finding(std::string_view text, std::size_t at, std::string message) {
    GuardFinding out{.message = std::move(message)};
    std::size_t begin = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    for (std::size_t i = begin; i < at; ++i) {
        if (text[i] == '\n') {
            ++out.line;
            out.column = 1;
        } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
            ++out.column;
        }
    }
    return out;
}

}  // namespace

std::optional<GuardFinding> find_hostile_toml(std::string_view text) {
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        return finding(text, 0, "this is UTF-16; a configuration is UTF-8");
    if (std::size_t nul = text.find('\0'); nul != std::string_view::npos)
        return finding(text, nul, "a NUL byte: this is not a text file");
    std::uint32_t brackets = 0;
    std::uint32_t dots = 0;
    std::size_t number_end = 0;  // up to here nothing foreign may come, in quotes or not
    std::size_t begin = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    for (std::size_t at = begin; at < text.size();) {
        char c = text[at];
        if (at >= number_end && begins_number(text, at)) {
            number_end = std::min(text.find_first_of(ends_number, at), text.size());
            for (std::size_t i = at; i < number_end; ++i)
                if (is_foreign(text[i])) return finding(text, i, std::string(not_here));
        }
        if (c == '"' || c == '\'') {
            const std::size_t end = skip_string(text, at);
            if (const std::size_t found = foreign_behind_backslash(text, at, end);
                found != std::string_view::npos)
                return finding(text, found,
                               "a character outside ASCII must not follow a backslash here");
            at = end;
            continue;
        }
        if (c == '#') {
            at = skip_line_comment(text, at);
            continue;
        }
        if (is_foreign(c)) return finding(text, at, std::string(not_here));
        if (c == '[' || c == '{') ++brackets;
        if ((c == ']' || c == '}') && brackets > 0) --brackets;
        dots = c == '.' ? dots + 1
                        : (c == '=' || c == ',' || c == '[' || c == '{' || c == '\n' ? 0 : dots);
        if (dots > config_nesting_max || brackets > config_nesting_max)
            return finding(text, at, fmt::format("nested more than {} deep", config_nesting_max));
        ++at;
    }
    return std::nullopt;
}

}  // namespace logwisp
