#include "base/bounded_look.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>

#include "logwisp/limits.hpp"

namespace logwisp {

namespace {

using Clock = std::chrono::steady_clock;

// It stands still as long as the process does.
std::int64_t processor_ns(pid_t process) {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
    return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

[[noreturn]] void look_and_end(const std::function<void()>& look) {
    // Whoever reads our output shall not wait for a child that cannot be ended.
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::dup2(nowhere, descriptor);
    look();
    ::_exit(0);
}

// The pipe ends with the child.
bool ends(int pipe, pid_t child) {
    std::int64_t used = 0;
    auto moved = Clock::now();
    for (;;) {
        pollfd end{.fd = pipe, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&end, 1, look_interval_ms);
        if (ready != 0) return ready > 0;
        const auto now = Clock::now();
        if (const std::int64_t more = processor_ns(child); more != used) {
            used = more;
            moved = now;
        }
        if (now - moved >= std::chrono::milliseconds(look_silence_ms)) return false;
    }
}

}  // namespace

bool comes_to_an_end(const std::function<void()>& look) {
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) return true;
    const pid_t child = ::fork();
    if (child == 0) look_and_end(look);
    ::close(pipe[1]);
    const bool ended = child < 0 || ends(pipe[0], child);
    ::close(pipe[0]);
    if (child < 0) return true;
    if (!ended) ::kill(child, SIGKILL);
    // One that hangs is left to whoever inherits it.
    ::waitpid(child, nullptr, ended ? 0 : WNOHANG);
    return ended;
}

}  // namespace logwisp
