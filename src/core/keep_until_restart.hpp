// Control thread.
#pragma once

#include <string>
#include <vector>

#include "logwisp/config.hpp"

namespace logwisp {

// What changes only with a restart stays in `wanted` as it is in `running`. Returns a line for each
// that was to change, and one when the file itself cannot have changed.
std::vector<std::string> keep_until_restart(Config& wanted, const Config& running);

}  // namespace logwisp
