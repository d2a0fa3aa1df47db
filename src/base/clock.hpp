// Wall-clock times as text. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace logwisp {

// "2024-01-01T12:00:00Z" and "2024-01-01T12:00:00.123456Z", UTC.
std::string rfc3339_seconds(std::int64_t wall_us);
std::string rfc3339_us(std::int64_t wall_us);

}  // namespace logwisp
