// What the process has given up since its start, as /status shows it. Set before any other thread exists, constant then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace logwisp {

struct SandboxFacts {
    bool no_new_privileges = false;
    std::vector<std::string> capabilities;  // kept ones, "net_bind_service"
    bool core_dumps = true;
    // Landlock's ABI; 0: files are not restricted, and `why_no_landlock` says why.
    int landlock_abi = 0;
    std::string why_no_landlock;
    // False: `why_no_seccomp` says why.
    bool seccomp = false;
    std::string why_no_seccomp;
    // Of io_uring only: every ring takes nothing but the backend's operations.
    bool ring_restricted = false;
};

}  // namespace logwisp
