// The smallest parts of JSON: white space, and the grammar of numbers:
// -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
#pragma once

#include <string_view>

namespace logwisp {

constexpr bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// All of `text` is one number.
constexpr bool is_json_number(std::string_view text) {
    const auto skip_digits = [&] {
        std::size_t count = 0;
        while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
        text.remove_prefix(count);
        return count;
    };
    const auto next_is = [&](char either, char other) {
        return !text.empty() && (text[0] == either || text[0] == other);
    };
    if (next_is('-', '-')) text.remove_prefix(1);
    if (next_is('0', '0')) {
        text.remove_prefix(1);
    } else if (skip_digits() == 0) {
        return false;
    }
    if (next_is('.', '.')) {
        text.remove_prefix(1);
        if (skip_digits() == 0) return false;
    }
    if (next_is('e', 'E')) {
        text.remove_prefix(1);
        if (next_is('+', '-')) text.remove_prefix(1);
        if (skip_digits() == 0) return false;
    }
    return text.empty();
}

}  // namespace logwisp
