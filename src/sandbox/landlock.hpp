// Which files a process may open, as the kernel keeps it (Landlock): for good, for every thread to come, through io_uring as well, and
// whatever path or link leads there. What is open already stays open. Control thread, before there is another.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace logwisp {

// What may be done with a place: a directory and all below it, or one file.
enum class Access : std::uint8_t {
    list,   // names of files
    read,   // names and contents
    write,  // everything but to execute: files and directories made, written, renamed, removed
};

struct Grant {
    std::string path;  // followed where it leads now
    Access access = Access::read;
};

// The version of the interface that this kernel has: 1 since Linux 5.13. Errors: it has none, it is switched off, or not let through.
Result<int> landlock_abi();

// From here on only what is granted; and, by version, no TCP connection to anywhere (4), no signals to other processes (6) and no abstract
// socket of others (6; not with `abstract_sockets`). Places that are not there are left out. Returns the version; on error nothing has
// changed. REQUIRES: forbid_new_privileges(), or CAP_SYS_ADMIN.
Result<int> restrict_files(const std::vector<Grant>& grants, bool abstract_sockets);

}  // namespace logwisp
