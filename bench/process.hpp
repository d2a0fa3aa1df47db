// What the server costs, from /proc: CPU time and wake-ups of all its threads, resident memory,
// open descriptors.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace logwisp::bench {

struct ProcessSample {
    double cpu_seconds = 0;
    std::uint64_t wakeups = 0;  // voluntary context switches
    std::uint64_t rss_kib = 0;
    std::uint64_t descriptors = 0;
};

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
