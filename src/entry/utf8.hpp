// UTF-8, sequence by sequence, as the WHATWG decoder reads it: an ill-formed sequence is cut at its
// maximal subpart, and each such part stands for one U+FFFD. Pure; any thread. Never looks past the
// bytes it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logwisp {

inline constexpr std::string_view utf8_replacement = "\xEF\xBF\xBD";

struct Utf8Sequence {
    std::uint32_t bytes;  // 1 to 4, never more than there are
    bool valid;           // false: the bytes stand for one U+FFFD
};

// The sequence at the start of `text`. REQUIRES: not empty.
Utf8Sequence utf8_sequence(std::string_view text);

// Runs at the speed of memory (simdjson).
bool utf8_valid(std::string_view text);

// Copies `text` with every ill-formed part replaced. Room: 3 * text.size(). Returns the end of what
// was written.
char* utf8_repair(std::string_view text, char* out);

// Writes `code_point` (at most U+10FFFF, no surrogate): 1 to 4 bytes.
char* utf8_write(std::uint32_t code_point, char* out);

}  // namespace logwisp
