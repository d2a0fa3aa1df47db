// What the service would give up here once it runs, as `logwisp check` says it: for people as comments of TOML, for programs as JSON. Asks
// the kernel and looks where links lead; changes nothing.
#pragma once

#include <string>

#include "app/load.hpp"
#include "logwisp/config.hpp"

namespace logwisp {

// Targets that make more readable than logs, where files are restricted.
Problems sandbox_warnings(const Loaded& loaded);

std::string sandbox_comments(const Config& config);
// {"landlock":{"abi":7},"seccomp":{"filtered":true},"writable":["/var/lib/logwisp"],"readable":["/var/log"],"listed":["/srv"]}; where one
// cannot be had it is null, and "why_not" is beside it.
std::string sandbox_json(const Config& config);

}  // namespace logwisp
