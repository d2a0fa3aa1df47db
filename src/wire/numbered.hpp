// An entry as a JSON line that says its id, for readers that resume: {"id":"<epoch>-<sequence>",...}.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logwisp {

inline constexpr std::size_t numbered_overhead_max = 64;
// `json`: an object with at least one member. Writes it with the id in front, and LF; returns the
// length. Room: json.size() + numbered_overhead_max.
std::size_t numbered_json_line(std::string_view epoch, std::uint64_t sequence,
                               std::string_view json, char* out);

}  // namespace logwisp
