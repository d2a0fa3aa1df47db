// `logwisp doctor`: whether this machine lets this user run this configuration, and what to do where it does not. It tries what the service
// would do (opens files, adds watches, listens) and undoes it at once.
#pragma once

#include <string>
#include <vector>

namespace logwisp {

// The command, from the arguments behind "doctor" to the exit code: 0 nothing is wrong, 1 something is, 2 bad usage, 78 bad configuration.
// Prints.
int doctor_main(const std::vector<std::string>& arguments);

}  // namespace logwisp
