// Holds every key of a parsed file against the option table: unknown keys, wrong types, broken
// rules, each with its line and column. Goes on after a fault. Pure.
#pragma once

#include <string>

#include "app/layer.hpp"
#include "app/toml.hpp"

namespace logwisp {

Layer walk_config(const toml::table& table, const std::string& path, Problems& problems);

}  // namespace logwisp
