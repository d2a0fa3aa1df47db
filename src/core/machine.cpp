#include "core/machine.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "logwisp/limits.hpp"

namespace logwisp {

namespace {

constexpr std::uint64_t connections_max = 65'536;

BackendChoice choice_of(BackendName name) {
    switch (name) {
        case BackendName::io_uring:
            return BackendChoice::io_uring;
        case BackendName::epoll:
            return BackendChoice::epoll;
        case BackendName::automatic:
            break;
    }
    return BackendChoice::automatic;
}

}  // namespace

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void refuse_huge_pages() { (void)::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); }

std::size_t cores_to_use(std::uint32_t wanted) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    std::size_t usable = std::max(1u, std::thread::hardware_concurrency());
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        usable = static_cast<std::size_t>(CPU_COUNT(&allowed));
    return std::clamp<std::size_t>(wanted == 0 ? usable : wanted, 1, cores_max);
}

BackendOptions backend_options(const Config& config) {
    BackendOptions backend;
    backend.choice = choice_of(config.backend);
    std::uint64_t connections = 0;
    for (const StreamConfig& stream : config.streams)
        connections += (stream.http.enabled ? stream.http.clients_max : 0) +
                       (stream.tcp.enabled ? stream.tcp.clients_max : 0);
    backend.connections_max = static_cast<std::uint32_t>(std::min(connections, connections_max));
    return backend;
}

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
        seed =
            static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    return seed;
}

Moment moment() {
    timespec wall{};
    timespec monotonic{};
    ::clock_gettime(CLOCK_REALTIME, &wall);
    ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
    return {wall.tv_sec * 1'000'000LL + wall.tv_nsec / 1000,
            static_cast<std::uint64_t>(monotonic.tv_sec * 1000LL + monotonic.tv_nsec / 1'000'000)};
}

}  // namespace logwisp
