// Times of entries: RFC 3339 as it was written, numeric epochs, and our own clock's microseconds as
// text. Pure; one thread per TimeWriter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "logwisp/entry.hpp"

namespace logwisp {

// A longer text is not taken for a time, though RFC 3339 allows a fraction without end.
inline constexpr std::size_t time_text_bytes_max = 64;

// date-time of RFC 3339 with its offset, all of `text`: T and Z in either case, no space between
// date and time, days that exist, 60 seconds only where UTC may have a leap second (23:59 on the
// last day of a month).
bool is_rfc3339(std::string_view text);

// A JSON number as time since the epoch, rounded down to microseconds. The unit is told by the
// size: seconds from 1e8, milliseconds from 1e11, microseconds from 1e14, nanoseconds from 1e17 to
// 1e20, so that each unit spans the same years, 1973 to 5138. A smaller number (a duration, an
// uptime) is not a time. REQUIRES: the grammar of JSON numbers.
std::optional<Timestamp> epoch_of_number(std::string_view number);

// The same in a string, for the digits of today's times only (10, 13, 16 or 19 before the point):
// 20240102030405 is a date.
std::optional<Timestamp> epoch_of_string(std::string_view text);

class TimeWriter {
  public:
    static constexpr std::size_t bytes = 27;

    // "2024-01-02T03:04:05.000006Z". Before the year 0 and after 9999: the nearest that can be
    // written. Room: 32 bytes.
    char* write(Timestamp time, char* out);

  private:
    // Consecutive lines are of the same second: its text is kept.
    std::int64_t second_ = INT64_MIN;
    char text_[24] = {};
};

}  // namespace logwisp
