// `logwisp explain PATH`: whether each stream of the configuration follows a path, and why not. Three
// witnesses stand beside each other: the configuration with what the file system says now, a running
// server, and the ledger of one that has ended.
#pragma once

#include <string>
#include <vector>

namespace logwisp {

// The command, from the arguments behind "explain" to the exit code: 0 some stream follows it or
// would, 1 none does, 2 bad usage, 78 bad configuration. Prints.
int explain_main(const std::vector<std::string>& arguments);

}  // namespace logwisp
