// What a server has spent is that of the threads it still has: one that has ended since takes
// nothing away from the others, one that is new counts whole. Method: samples made by hand, and this
// process itself.
#include "process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace logwisp::bench {
namespace {

TEST(Process, AThreadThatHasEndedTakesNothingAway) {
    ProcessSample before;
    before.threads = {{1, {.cpu_seconds = 1, .wakeups = 10}},
                      {2, {.cpu_seconds = 5, .wakeups = 1000}}};
    ProcessSample after;
    after.threads = {{1, {.cpu_seconds = 1.5, .wakeups = 13}},
                     {3, {.cpu_seconds = 0.25, .wakeups = 4}}};
    const ThreadSample spent = spent_between(before, after);
    EXPECT_DOUBLE_EQ(spent.cpu_seconds, 0.75);
    EXPECT_EQ(spent.wakeups, 7u);
}

TEST(Process, AProcessIsSeen) {
    const ProcessSample one = sample_processes({getpid()});
    EXPECT_TRUE(one.threads.contains(getpid()));
    EXPECT_GT(one.rss_kib, 0u);
    EXPECT_GT(one.descriptors, 0u);
    EXPECT_TRUE(sample_processes({}).threads.empty());
    // No process has this number: it is above the kernel's limit.
    EXPECT_TRUE(sample_processes({1 << 23}).threads.empty());
    const ProcessSample twice = sample_processes({getpid(), getpid()});
    EXPECT_GT(twice.rss_kib, one.rss_kib);
}

}  // namespace
}  // namespace logwisp::bench
