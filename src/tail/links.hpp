// Symbolic links as they stand now.
#pragma once

#include <string>
#include <vector>

#include "tail/file_system.hpp"

namespace logwisp {

// Where the links lead that `path` ends in, step by step; nothing where it is none.
std::vector<std::string> links_of(FileSystem& files, const std::string& path);

}  // namespace logwisp
