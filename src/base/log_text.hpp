// How one diagnostic looks. Pure: bytes in, bytes out.
//
// A message may carry file names and what clients sent. Nothing of it can start a line of its own
// or reach a terminal as a control sequence: control characters, invalid UTF-8, bidirectional
// overrides and invisible characters are shown as escapes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace logwisp {

struct LogRecord {
    LogLevel level = LogLevel::info;
    std::int64_t time_us = 0;  // since the epoch
    std::string_view text;
};

// `priority`: begin with the syslog priority, <3> to <7>, and leave the time to the journal.
std::string log_text_line(const LogRecord& record, bool priority);
std::string log_json_line(const LogRecord& record, bool priority);

}  // namespace logwisp
