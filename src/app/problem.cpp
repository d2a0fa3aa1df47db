#include "app/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace logwisp {
namespace {

constexpr std::size_t quotes_bytes_max = 80;

// Not in the middle of a UTF-8 sequence.
std::string_view cut(std::string_view text) {
    if (text.size() <= quotes_bytes_max) return text;
    std::size_t end = quotes_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end);
}

}  // namespace

std::string Place::text() const {
    switch (source) {
        case Source::file:
            return line == 0 ? name : fmt::format("{}:{}:{}", name, line, column);
        case Source::environment:
        case Source::flag:
            return name;
        case Source::builtin:
            break;
    }
    return name.empty() ? "default" : "default: " + name;
}

void sort_by_place(Problems& problems) {
    auto rank = [](const Problem& problem) {
        const Place& place = problem.place;
        bool in_file = place.source == Place::Source::file;
        return std::tuple(!in_file, in_file ? place.line : 0, in_file ? place.column : 0);
    };
    std::stable_sort(problems.begin(), problems.end(),
                     [&](const Problem& a, const Problem& b) { return rank(a) < rank(b); });
}

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (char c : cut(text)) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.append(1, '\\').append(1, c);
        } else if (byte < 0x20 || byte == 0x7F) {
            out += fmt::format("\\u{:04X}", static_cast<unsigned>(byte));
        } else {
            out += c;
        }
    }
    if (text.size() > quotes_bytes_max) out += "...";
    return out + "\"";
}

}  // namespace logwisp
