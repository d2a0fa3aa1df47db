// What the server costs, from /proc: CPU time and wake-ups of all its threads, resident memory,
// open descriptors.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace logwisp::bench {

struct ThreadSample {
    double cpu_seconds = 0;
    std::uint64_t wakeups = 0;  // voluntary context switches
};

struct ProcessSample {
    std::map<pid_t, ThreadSample> threads;
    std::uint64_t rss_kib = 0;
    std::uint64_t descriptors = 0;
};

// What the threads of `after` have spent since `before`. The kernel's own, which write to the disk
// for the process, come and go: what one had spent that is gone is not known.
ThreadSample spent_between(const ProcessSample& before, const ProcessSample& after);

// What an allocation counter preloaded into the server has written to its file
// (tests/support/count_new.cpp).
struct AllocationSample {
    std::uint64_t news = 0;
    std::uint64_t mallocs = 0;
};
AllocationSample sample_allocations(const std::string& file);

// Of all of them together; nothing of a process that is gone.
ProcessSample sample_processes(const std::vector<pid_t>& pids);

}  // namespace logwisp::bench
