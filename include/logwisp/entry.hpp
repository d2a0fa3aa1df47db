// One log line after parsing: views into the line, nothing owned. Valid as long as the line's bytes are.
#pragma once

#include <cstdint>
#include <string_view>

namespace logwisp {

enum class Level : std::uint8_t { none, trace, debug, info, warn, error, fatal };

// "TRACE" ... "FATAL"; empty for none.
std::string_view level_name(Level level);

// Microseconds since the epoch, UTC.
struct Timestamp {
    std::int64_t microseconds = 0;
};

}  // namespace logwisp
