// What the kernel allows: io_uring, a clock that is right.
#include <fmt/format.h>
#include <pwd.h>
#include <sched.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <thread>

#include "doctor/findings.hpp"
#include "logwisp/limits.hpp"
#include "reactor/backend.hpp"
#include "sandbox/sandbox.hpp"

namespace logwisp {

namespace {

// Of no log that is written while this program exists.
constexpr std::int64_t clock_us_min = 1'700'000'000'000'000;

std::string kernel_release() {
    utsname names{};
    return ::uname(&names) == 0 ? names.release : "?";
}

bool is_filtered() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("Seccomp:")) return line.ends_with("2");
    return false;
}

std::string uring_advice(int error) {
    const std::string disabled = first_line("/proc/sys/kernel/io_uring_disabled");
    if (error == ENOMEM)
        return "raise the limit of locked memory: LimitMEMLOCK of the unit, ulimit -l";
    if (disabled == "2")
        return "the administrator has switched it off: sysctl kernel.io_uring_disabled=0";
    if (disabled == "1")
        return "only the group of kernel.io_uring_group may use it: sysctl "
               "kernel.io_uring_disabled=0";
    if ((error == EPERM || error == EACCES || error == ENOSYS) && is_filtered())
        return "a seccomp filter forbids it, as in most containers; it would have to allow "
               "io_uring_setup, "
               "io_uring_enter and io_uring_register";
    if (error == ENOSYS || error == EINVAL) return "a kernel from 6.0 on has all that is used";
    return {};
}

}  // namespace

std::size_t cores_wanted(const Config& config) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    std::size_t usable = std::max(1U, std::thread::hardware_concurrency());
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        usable = static_cast<std::size_t>(CPU_COUNT(&allowed));
    return std::clamp<std::size_t>(config.cores == 0 ? usable : config.cores, 1, cores_max);
}

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string user_name(uid_t user) {
    const passwd* const known = ::getpwuid(user);
    return known == nullptr ? std::to_string(user) : known->pw_name;
}

void look_at_kernel(const Config& config, Findings& findings) {
    BackendOptions options;
    options.choice = BackendChoice::io_uring;
    const auto made = make_backends(cores_wanted(config), options);
    const std::string kernel = kernel_release();
    if (made) {
        findings.push_back({Grade::good, "io_uring", fmt::format("usable, kernel {}", kernel), {}});
        return;
    }
    const std::string why = fmt::format("not usable: {}, kernel {}", made.error().text(), kernel);
    const std::string advice = uring_advice(made.error().code);
    if (config.backend == BackendName::io_uring)
        findings.push_back(
            {Grade::bad, "io_uring", why,
             advice.empty() ? "or: backend = \"auto\"" : advice + "; or: backend = \"auto\""});
    else
        findings.push_back({Grade::note, "io_uring", why + "; epoll does the same", advice});
}

void look_at_sandbox(const Config& config, Findings& findings) {
    const SandboxForecast forecast = sandbox_abilities(config);
    const std::string files =
        forecast.landlock
            ? fmt::format("files can be restricted (Landlock {})", *forecast.landlock)
            : fmt::format("files are not restricted: {}", forecast.landlock.error().text());
    const std::string calls =
        forecast.seccomp
            ? std::string("system calls can be filtered (seccomp)")
            : fmt::format("system calls are not filtered: {}", forecast.seccomp.error().text());
    if (!forecast.landlock && config.security.landlock)
        findings.push_back({Grade::note, "sandbox", files,
                            "a kernel from 5.13 on with \"landlock\" in its lsm= has it; in a "
                            "container a seccomp profile may forbid it"});
    else
        findings.push_back({Grade::good, "sandbox", files, {}});
    const bool filter_wanted = config.security.seccomp != SystemCallFilter::off;
    findings.push_back(
        {!forecast.seccomp && filter_wanted ? Grade::note : Grade::good, "sandbox", calls, {}});
}

void look_at_clock(Findings& findings) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    timex state{};
    const int synchronised = ::adjtimex(&state);
    if (now.tv_sec * 1'000'000LL < clock_us_min)
        findings.push_back({Grade::bad, "clock", "it says a time that is long past",
                            "set it: entries without a time of their own get this one"});
    else if (synchronised == TIME_ERROR)
        findings.push_back({Grade::note, "clock", "nobody keeps it right",
                            "timedatectl set-ntp true; times of entries are as wrong as it is"});
    else
        findings.push_back({Grade::good, "clock", "kept right", {}});
}

}  // namespace logwisp
