// What the product promises its readers, under load, with the real program: every reader gets every
// line once and in order, or is told the exact number it missed; one that sleeps disturbs nobody
// and costs no memory that grows; one core and two agree; readers that come and go leave nothing
// behind; a line costs no allocation. Method: logwisp-bench judges every byte of every reader.
// Nothing here depends on speed: buffers are a second or more of writing.
//
// With LOGWISP_SOAK set the sleeping reader sleeps a minute and the crowd is twice as
// large.
#include <gtest/gtest.h>

#include <cstdlib>

#include "load/load_server.hpp"

namespace logwisp::load_test {
namespace {

bool soaking() { return std::getenv("LOGWISP_SOAK") != nullptr; }

std::string text(std::uint64_t number) { return std::to_string(number); }

void expect_content(const BenchReport& report) {
    EXPECT_EQ(report.exit_code, 0) << report.errors;
    EXPECT_EQ(report["faulty_readers"], 0u) << report.errors;
}

class Load : public ::testing::TestWithParam<Backend> {};

TEST_P(Load, EveryReaderGetsEveryLineOnce) {
    const LoadServer server({.backend = GetParam(), .cores = 2, .buffer_entries = 50'000});
    std::uint64_t entries = 0;
    // A second of writing each.
    const std::uint64_t crowd = GetParam() == Backend::io_uring_denied ? 200
                                : soaking()                            ? 2000
                                                                       : 1000;
    for (const std::uint64_t readers : {std::uint64_t{1}, std::uint64_t{100}, crowd}) {
        const BenchReport report =
            run_bench(server, {server.sse(),
                               server.tcp(),
                               {"--readers", text(readers), "--lines", "20000", "--rate", "20000",
                                "--line-bytes", "100"}});
        expect_content(report);
        EXPECT_EQ(report["dropped"], 0u);
        EXPECT_EQ(report["received"], 2 * readers * 20'000);
        entries += 20'000 + report["probes"];
        EXPECT_EQ(server.status_number("total_entries"), entries);
    }
}

TEST_P(Load, AReaderThatSleepsIsToldExactlyAndDisturbsNobody) {
    // Two seconds of writing for everybody who is awake; more than that and what sockets hold for
    // the two who sleep.
    constexpr std::uint64_t rate = 20'000;
    const LoadServer server({.backend = GetParam(), .cores = 1, .buffer_entries = 2 * rate});
    const auto run = [&](const std::vector<std::string>& how) {
        return run_bench(server, {server.sse(), server.tcp(), {"--line-bytes", "350"}, how});
    };
    // Touches all of the ring: from then on memory stays. How much these two miss at full speed is
    // nobody's concern.
    const BenchReport warm = run({"--lines", "120000"});
    expect_content(warm);
    const std::uint64_t seconds = soaking() ? 60 : 4;
    const std::uint64_t lines = rate * seconds;
    const BenchReport report = run({"--readers", "10", "--lines", text(lines), "--rate", text(rate),
                                    "--stall-reader", "0", "--stall-reader", "10",
                                    "--stall-seconds", text(seconds), "--receive-buffer", "65536"});
    expect_content(report);
    EXPECT_GT(report["stalled_dropped"], 0u);
    EXPECT_EQ(report["stalled_received"] + report["stalled_dropped"], 2 * lines);
    EXPECT_EQ(report["dropped"], report["stalled_dropped"]) << "somebody else missed lines";
    EXPECT_LE(report["server_rss_kib_after"], warm["server_rss_kib_after"] + 4096);
}

TEST_P(Load, ReadersThatComeAndGoLeaveNothingBehind) {
    const LoadServer server({.backend = GetParam(), .cores = 2, .buffer_entries = 50'000});
    const auto run = [&](const std::vector<std::string>& churn) {
        return run_bench(server, {server.sse(),
                                  server.tcp(),
                                  {"--readers", "50", "--lines", "30000", "--rate", "20000",
                                   "--line-bytes", "100"},
                                  churn});
    };
    const BenchReport calm = run({});
    expect_content(calm);
    const std::uint64_t descriptors = calm["server_descriptors_before"] - calm["readers"];
    const BenchReport report = run({"--churn-readers", "25", "--churn-entries", "500"});
    expect_content(report);
    EXPECT_GT(report["reconnects"], 50u);
    EXPECT_EQ(report["dropped"], 0u);
    EXPECT_EQ(server.descriptors_settled_at(descriptors), descriptors);
}

TEST_P(Load, OneCoreAndTwoAgreeOnEveryCounter) {
    std::vector<std::uint64_t> counters[2];
    for (const std::uint32_t cores : {1u, 2u}) {
        LoadServer server({.backend = GetParam(), .cores = cores, .buffer_entries = 50'000});
        expect_content(run_bench(
            server, {server.sse(), {"--readers", "50", "--lines", "20000", "--rate", "20000"}}));
        for (const char* key :
             {"active_watchers", "total_entries", "dropped_entries", "total_bytes", "rotations",
              "size", "position", "entries", "dropped_total"})
            counters[cores - 1].push_back(server.status_number(key));
        EXPECT_EQ(server.status_number("cores"), cores);
        EXPECT_EQ(server.stop(), 0);
    }
    EXPECT_EQ(counters[0], counters[1]);
}

TEST_P(Load, AServerWithoutIoUringSaysSo) {
    const LoadServer server({.backend = GetParam()});
    const std::string wanted =
        GetParam() == Backend::io_uring ? "\"backend\":\"io_uring\"" : "\"backend\":\"epoll\"";
    EXPECT_NE(server.get("/status").find(wanted), std::string::npos) << server.get("/status");
    const bool told = server.diagnostics().find("io_uring") != std::string::npos;
    EXPECT_TRUE(told || GetParam() != Backend::io_uring_denied) << server.diagnostics();
}

INSTANTIATE_TEST_SUITE_P(Backends, Load,
                         ::testing::Values(Backend::io_uring, Backend::epoll,
                                           Backend::io_uring_denied),
                         [](const auto& instance) { return backend_name(instance.param); });

}  // namespace
}  // namespace logwisp::load_test
