// `logwisp reload`: asks a service that runs on this machine to read its configuration again, and waits for what came of it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace logwisp {

// By the names of the sockets they listen on; whose they are is looked at when they are asked.
std::vector<pid_t> running_services();

// The command, from the arguments behind "reload" to the exit code: 0 done, 1 refused or nobody there, 2 bad usage, 78 the configuration has
// errors. Prints.
int reload_main(const std::vector<std::string>& arguments);

}  // namespace logwisp
