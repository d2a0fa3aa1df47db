// `logwisp check`: the effective configuration as TOML (which reads back as the same configuration)
// or JSON, each value with its origin.
#pragma once

#include <string>
#include <vector>

#include "app/load.hpp"

namespace logwisp {

std::string effective_toml(const Loaded& loaded);
std::string effective_json(const Loaded& loaded);

// The command, from the arguments behind "check" to the exit code. Prints.
int check_main(const std::vector<std::string>& arguments);

}  // namespace logwisp
