// What we have to say about a line ourselves, as members of its fields:
// "truncated":true,"original_bytes":N when it was cut, and "partial":true when its LF never came.
#pragma once

#include <cstddef>
#include <string_view>

namespace logwisp {

struct Line;

inline constexpr std::string_view mark_truncated = "truncated";
inline constexpr std::string_view mark_original_bytes = "original_bytes";
inline constexpr std::string_view mark_partial = "partial";
inline constexpr std::size_t marks_bytes_max = 96;

// The inside of an object; nothing for a line that is whole. Room: marks_bytes_max. Returns the
// end.
char* write_marks(const Line& line, char* out);

}  // namespace logwisp
