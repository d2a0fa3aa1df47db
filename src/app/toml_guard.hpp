// Looks over a file before the TOML parser sees it. The parser builds a table per dotted name and
// frees tables recursively, so a line of `a.a.a...` would end in a stack overflow; a configuration
// has no use for such depth. Pure, one pass.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logwisp {

// More than any configuration has: ours is four tables deep at most, and whole within 1 MiB with
// thousands of streams.
inline constexpr std::size_t config_bytes_max = 1024 * 1024;
inline constexpr std::uint32_t config_nesting_max = 16;

struct GuardFinding {
    std::uint32_t line = 1;
    std::uint32_t column = 1;  // in characters
    std::string message;
};

// Finds a NUL byte, a character outside ASCII where the parser asks its Unicode tables (they run off
// their ends for some): outside strings and comments, in what it scans as a number, and right behind
// a backslash in strings of several lines; and names or brackets nested too deeply. Right for valid
// TOML, but that names which begin like a number and go on in quotes, and lines that go on behind a
// backslash, are refused with such characters; the parser refuses the rest before it gets deep.
std::optional<GuardFinding> find_hostile_toml(std::string_view text);

}  // namespace logwisp
