// Refuses a configuration that follows the file our own output is redirected to: every line of ours
// would become an entry, and every entry could become a line. Looks at the file system, so it runs
// once, before the service starts and before a reload.
#pragma once

#include <string>

#include "logwisp/config.hpp"

namespace logwisp {

// Whether the target follows the regular file `path` (absolute, resolved) as things are now.
bool target_takes(const Target& target, const std::string& path);

// A complete message, or nothing. `descriptor` is our standard output or error.
std::string feedback_fault(const Config& config, int descriptor);

}  // namespace logwisp
