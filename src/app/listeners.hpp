// Which sockets a configuration would open, and whether two of them want the same place. Pure.
#pragma once

#include <string_view>

#include "app/load.hpp"

namespace logwisp {

// Whether one machine cannot listen on both with the same port: equal addresses, or one of them
// stands for all of the other's family.
bool hosts_overlap(std::string_view a, std::string_view b);

void find_listener_conflicts(Loaded& loaded);

}  // namespace logwisp
