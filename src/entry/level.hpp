// The level of a line: by name, by number, or found in plain text. Pure; any thread.
//
// In plain text the leftmost of these wins, and only those that begin within level_search_bytes are
// looked for:
//   <3>                      syslog priority (0 to 191, severity = priority & 7), at the start
//   E0102 ...                glog: I, W, E or F and month and day, at the start
//   ERROR                    in capitals, as a word of its own: [ERROR]  ERROR:  |ERROR|  (not
//   ERRORS, MY_ERROR, NON-ERROR, ERROR.log) [error]  [core:error]    any case, alone in brackets
//   level=error              also lvl, severity, loglevel; any case, quoted or not; "level":"error"
//   as in JSON that was cut error: ...               any case, when nothing but a time stamp stands
//   before it <ESC>[31merror<ESC>[0m   any case, coloured on its own
// So running text ("no error found", "an error: retry") shows no level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logwisp/entry.hpp"

namespace logwisp {

// Far enough for a time stamp, a host, a thread and a logger's name; what comes later is the
// message talking of errors.
inline constexpr std::size_t level_search_bytes = 256;

// "warn", "WARNING", "crit", "E"; any case. none: not the name of a level.
Level level_of_name(std::string_view name);

// bunyan and pino (10, 20 ... 60) and syslog severities (0 to 7). none: neither.
Level level_of_number(std::string_view digits);

// REQUIRES: line_padding_bytes readable bytes after `line`.
Level find_level(std::string_view line);

}  // namespace logwisp
