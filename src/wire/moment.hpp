// A point in time as people write it: RFC 3339, or how long ago ("90s", "10m", "2h", "7d"). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace logwisp {

// Microseconds since the epoch; `now_us` is what "ago" counts from. Empty for anything else, and
// for times that cannot be told in 64 bits.
std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now_us);

}  // namespace logwisp
