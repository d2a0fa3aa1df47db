// A file beside a followed one, as a listing finds it, and what tells which of two is the later
// one. Values.
#pragma once

#include <cstdint>
#include <string>

#include "tail/file_system.hpp"

namespace logwisp {

// What tells which of two files of a log is the later one.
struct Generation {
    std::int64_t born_ns = 0;
    int number = -1;  // of its name: 0 for app.log, 2 for app.log.2; -1: no number
};

// A file beside a followed one whose name is what rotation makes of it.
struct Sibling {
    std::string path;
    int number = -1;
    FileStatus status;
    [[nodiscard]] Generation generation() const { return {status.born_ns, number}; }
};

}  // namespace logwisp
