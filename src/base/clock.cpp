#include "base/clock.hpp"

#include <fmt/format.h>

#include <ctime>

namespace logwisp {

namespace {
constexpr std::int64_t us_per_second = 1'000'000;

std::string seconds_text(std::int64_t seconds) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm utc{};
    ::gmtime_r(&time, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", utc.tm_year + 1900, utc.tm_mon + 1,
                       utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}
}  // namespace

std::string rfc3339_seconds(std::int64_t wall_us) {
    return seconds_text(wall_us / us_per_second) + "Z";
}

std::string rfc3339_us(std::int64_t wall_us) {
    return fmt::format("{}.{:06}Z", seconds_text(wall_us / us_per_second), wall_us % us_per_second);
}

}  // namespace logwisp
