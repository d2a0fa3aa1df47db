// A line's way from the file to its readers costs no allocation once everything is warm. Method: the real program with a
// preloaded library that counts every operator new and malloc, over a million lines after the warm-up.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "load/load_server.hpp"

namespace logwisp::load_test {
namespace {

class Allocation : public ::testing::TestWithParam<std::tuple<Backend, std::uint32_t>> {};

TEST_P(Allocation, AMillionLinesCostNone) {
    const LoadServer server({.backend = std::get<0>(GetParam()),
                             .cores = std::get<1>(GetParam()),
                             .buffer_entries = 400'000,
                             .count_allocations = true});
    const BenchReport report = run_bench(
        server, {server.sse(),
                 server.tcp(),
                 {"--readers", "3", "--lines", "1250000", "--rate", "200000", "--line-bytes", "100",
                  "--count-file", server.count_file(), "--warm-up-lines", "250000"}});
    EXPECT_EQ(report.exit_code, 0) << report.errors;
    EXPECT_GT(report["server_news_in_all"], 100u) << "nothing was counted";
    EXPECT_EQ(report["dropped"], 0u);
    EXPECT_EQ(report["server_news"], 0u);
    EXPECT_EQ(report["server_mallocs"], 0u);
}

INSTANTIATE_TEST_SUITE_P(Backends, Allocation,
                         ::testing::Combine(::testing::Values(Backend::io_uring, Backend::epoll),
                                            ::testing::Values(1u, 2u)),
                         [](const auto& instance) {
                             return backend_name(std::get<0>(instance.param)) + "_cores_" +
                                    std::to_string(std::get<1>(instance.param));
                         });

}  // namespace
}  // namespace logwisp::load_test
