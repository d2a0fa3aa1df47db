// A line's way from the file to its readers costs no allocation once everything is warm. Method: the real program with a
// preloaded library that counts every operator new and malloc, over a million lines after the warm-up.
//
// What may still grow then are pools that reach a new high-water mark: a buffer for the rest of a frame that a socket took only a
// part of, the list of due timers. With several cores the batches on their way to another core are such a pool too, as large as the
// longest time that core had to wait, which is the machine's doing: the test runs on one.
#include <gtest/gtest.h>

#include "load/load_server.hpp"

namespace logwisp::load_test {
namespace {

// An allocation per line, per batch, per send or per turn would be hundreds of times this.
constexpr std::uint64_t pool_growth_max = 16;

class Allocation : public ::testing::TestWithParam<Backend> {};

TEST_P(Allocation, AMillionLinesCostNone) {
    const LoadServer server(
        {.backend = GetParam(), .cores = 1, .buffer_entries = 400'000, .count_allocations = true});
    const FanoutReport report = run_fanout(
        server, {server.sse(),
                 server.tcp(),
                 {"--readers", "3", "--lines", "1250000", "--rate", "200000", "--line-bytes", "100",
                  "--count-file", server.count_file(), "--warm-up-lines", "250000"}});
    EXPECT_EQ(report.exit_code, 0) << report.errors;
    EXPECT_GT(report["server_news_in_all"], 100u) << "nothing was counted";
    EXPECT_EQ(report["dropped"], 0u);
    EXPECT_LE(report["server_news"], pool_growth_max);
    EXPECT_LE(report["server_mallocs"], pool_growth_max);
}

INSTANTIATE_TEST_SUITE_P(Backends, Allocation, ::testing::Values(Backend::io_uring, Backend::epoll),
                         [](const auto& instance) { return backend_name(instance.param); });

}  // namespace
}  // namespace logwisp::load_test
