// TARGET as it is written on the command line and in LOGWISP_MONITOR_TARGETS:
// path[:pattern[:isfile]]. A backslash before a colon takes its meaning away (in the variable also
// before the comma between targets); every other backslash stays. Pure.
#pragma once

#include <string_view>

#include "app/layer.hpp"

namespace logwisp {

// One TARGET. Appends to `list`, or says what is wrong and marks the list as not valid.
void add_target(std::string_view text, const Place& place, TargetList& list, Problems& problems);

// TARGET,TARGET,...
TargetList parse_targets(std::string_view text, const Place& place, Problems& problems);

// What no rule about one key sees: both is_file and recursive, "~", places that hold no log files.
// Empty when all is well.
std::string target_fault(const Target& target);

}  // namespace logwisp
