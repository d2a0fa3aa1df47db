// `logwisp reload`: asks a service that runs on this machine to read its configuration again, and waits for what came of it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace logwisp {

// A service is silent while it reloads. Less than the 90 s after which systemd gives a reload up.
inline constexpr std::chrono::milliseconds reload_wait_max{60'000};

// By the names of the sockets they listen on, less those that are not their process's as far as this user may look.
std::vector<pid_t> running_services();

// The command, from the arguments behind "reload" to the exit code: 0 done, 1 refused or nobody there, 2 bad usage, 78 the configuration has
// errors. Prints. `wait`: how long the service may say nothing.
int reload_main(const std::vector<std::string>& arguments,
                std::chrono::milliseconds wait = reload_wait_max);

}  // namespace logwisp
