// What cannot be undone is done in a forked child. Its body returns 0, or the number of the first thing that was not as it should be.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "base/check.hpp"
#include "sandbox/privileges.hpp"

namespace logwisp::test {

inline int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20);
        CHECK(forbid_new_privileges());
        ::_exit(body());
    }
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

}  // namespace logwisp::test
