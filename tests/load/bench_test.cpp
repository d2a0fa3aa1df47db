// What logwisp-bench reports is true: exact counts of a real server on both backends, for readers
// that are verified and for those that are only counted; a line that a proxy takes away or gives
// twice, and a ring that is too small, are found for either kind.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "load/load_server.hpp"
#include "load/spoiling_proxy.hpp"

namespace logwisp::load_test {
namespace {

using Words = std::vector<std::string>;

class Bench : public ::testing::TestWithParam<Backend> {};

TEST_P(Bench, CountsEveryDeliveryWithinAWindow) {
    const LoadServer server({.backend = GetParam(), .cores = 1, .buffer_entries = 1000});
    const std::string percentiles = server.folder() / "run.hgrm";
    const std::string chart = server.folder() / "run.svg";
    const BenchReport report =
        run_bench(server, {server.sse(), server.tcp(),
                           Words{"--readers", "50", "--verify", "3", "--lines", "20000", "--window",
                                 "1000", "--line-kind", "json", "--idle", "0.1", "--percentiles",
                                 percentiles, "--chart", chart}});
    EXPECT_EQ(report.exit_code, 0) << report.errors;
    EXPECT_EQ(report["readers"], 100u);
    EXPECT_EQ(report["verified_readers"], 6u);
    EXPECT_EQ(report["received"], 100u * 20'000);
    EXPECT_EQ(report["dropped"], 0u);
    EXPECT_EQ(report["latency_samples"], 6u * 20'000);
    EXPECT_LE(report.figures.at("latency_p50_ms"), report.figures.at("latency_p99_ms"));
    EXPECT_LE(report.figures.at("latency_p99_ms"), report.figures.at("latency_max_ms"));
    EXPECT_GT(report.figures.at("server_cpu_seconds"), 0);
    // The entry, its framing, and 200 bytes of line.
    EXPECT_GT(report["wire_bytes_per_delivery"], 200u);
    EXPECT_LT(report["wire_bytes_per_delivery"], 400u);
    EXPECT_EQ(server.status_number("total_entries"), 20'000 + report["probes"]);
    std::stringstream text;
    text << std::ifstream(percentiles).rdbuf() << std::ifstream(chart).rdbuf();
    EXPECT_NE(text.str().find("Total count    =       120000]"), std::string::npos);
    EXPECT_NE(text.str().find("</svg>"), std::string::npos);
}

TEST_P(Bench, LooksAtIdleReaders) {
    const LoadServer server({.backend = GetParam(), .cores = 1});
    const BenchReport report = run_bench(
        server,
        {server.sse(), server.tcp(), Words{"--readers", "300", "--verify", "1", "--idle", "0.2"}});
    EXPECT_EQ(report.exit_code, 0) << report.errors;
    EXPECT_EQ(report["readers"], 600u);
    EXPECT_GT(report["server_descriptors_before"], 600u);
    EXPECT_GT(report["connects_per_second"], 0u);
    EXPECT_GT(report["memory_per_reader_bytes"], 0u);
    EXPECT_GE(report.figures.at("idle_seconds"), 0.2);
    EXPECT_LT(report["server_cpu_seconds"], 1u);
}

// More than sockets hold and a ring of a hundred entries, for one that reads nothing until the other
// one has everything.
TEST_P(Bench, ATooSmallRingIsReported) {
    const LoadServer server({.backend = GetParam(), .cores = 1, .buffer_entries = 100});
    const BenchReport report = run_bench(
        server, {server.sse(), Words{"--readers", "2", "--lines", "100000", "--line-bytes", "400",
                                     "--stall-reader", "0", "--stall-seconds", "0.01",
                                     "--receive-buffer", "65536"}});
    EXPECT_EQ(report.exit_code, 0) << report.errors;
    EXPECT_GT(report["stalled_dropped"], 0u);
    EXPECT_GE(report["dropped"], report["stalled_dropped"]);
    EXPECT_EQ(report["received"] + report["dropped"], 2u * 100'000);
}

TEST_P(Bench, FollowsWhatSomebodyElseWrites) {
    const LoadServer server({.backend = GetParam(), .cores = 1, .buffer_entries = 20'000});
    // The other writer is another bench.
    const Words writing{LOGWISP_BENCH, "--file", server.file(), "--tcp", server.tcp()[1],
                        "--rate",      "1000",   "--lines",     "3000"};
    Program writer(writing, server.folder() / "writer");
    ASSERT_TRUE(wait_until([&] { return server.status_number("total_entries") > 100; }));
    const BenchReport report = run_bench(
        server,
        {server.sse(), server.tcp(), Words{"--readers", "2", "--follow", "--seconds", "1"}});
    EXPECT_EQ(report.exit_code, 0) << report.errors;
    EXPECT_GT(report["lines"], 0u);
    EXPECT_GE(report["received"], 4 * report["lines"]);
    EXPECT_EQ(writer.end(), 0) << writer.errors();
}

// The file can be used again: no line of it is cut.
TEST_P(Bench, EndsWithAReportWhenItIsInterrupted) {
    const LoadServer server({.backend = GetParam(), .cores = 1});
    const Words writing{LOGWISP_BENCH, "--file",  server.file(), "--tcp",    server.tcp()[1],
                        "--json",      "--lines", "999999999",   "--window", "500"};
    Program bench(writing, server.folder() / "bench");
    ASSERT_TRUE(wait_until([&] { return server.status_number("total_entries") > 1000; }));
    EXPECT_EQ(bench.end(SIGINT), 1);
    EXPECT_NE(bench.errors().find("interrupted"), std::string::npos) << bench.errors();
    EXPECT_TRUE(bench.output().ends_with("}\n")) << bench.output();
    std::ifstream file(server.file());
    file.seekg(-1, std::ios::end);
    EXPECT_EQ(file.get(), '\n');
}

INSTANTIATE_TEST_SUITE_P(Backends, Bench, ::testing::Values(Backend::io_uring, Backend::epoll),
                         [](const auto& instance) { return backend_name(instance.param); });

struct Spoiled {
    const char* name;
    Spoil spoil;
    const char* verify;
    const char* told;
};

class BenchProxy : public ::testing::TestWithParam<Spoiled> {};

// The second connection of a crowd is spoiled: verified when all are, only counted when one is.
TEST_P(BenchProxy, FindsALineThatWasTakenAwayOrGivenTwice) {
    const LoadServer server({.backend = Backend::epoll, .cores = 1, .buffer_entries = 10'000});
    const SpoilingProxy proxy(server.tcp()[1],
                              {.connection = 1, .line = 700, .spoil = GetParam().spoil});
    const bool spoiled = GetParam().spoil != Spoil::nothing;
    const BenchReport report = run_bench(
        server,
        {Words{"--tcp", proxy.address(), "--readers", "3", "--verify", GetParam().verify, "--lines",
               "2000", "--rate", "20000", "--quiet-seconds", spoiled ? "1" : "20"}});
    EXPECT_EQ(report.exit_code, spoiled ? 1 : 0) << report.errors;
    EXPECT_EQ(report["faulty_readers"], spoiled ? 1u : 0u);
    EXPECT_NE(report.errors.find(GetParam().told), std::string::npos) << report.errors;
    if (!spoiled) {
        EXPECT_EQ(report["received"], 6000u);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Spoils, BenchProxy,
    ::testing::Values(
        Spoiled{"NothingVerified", Spoil::nothing, "3", ""},
        Spoiled{"NothingCounted", Spoil::nothing, "1", ""},
        Spoiled{"LossVerified", Spoil::lose, "3", "lost without a gap: got 701, expected 700"},
        Spoiled{"LossCounted", Spoil::lose, "1", "which is some 1 lines"},
        Spoiled{"DoubleVerified", Spoil::twice, "3",
                "double or out of order: got 700, expected 701"},
        Spoiled{"DoubleCounted", Spoil::twice, "1",
                "bytes more than the verified reader beside it had, which is some 1 lines"}),
    [](const auto& instance) { return instance.param.name; });

// Heartbeats go on for ever, and are not what a reader waits for.
TEST(BenchQuiet, GivesUpThoughHeartbeatsCome) {
    const LoadServer server({.buffer_entries = 10'000, .tcp_heartbeat_seconds = 1});
    for (const char* verified : {"3", "1"}) {
        const SpoilingProxy proxy(server.tcp()[1],
                                  {.connection = 1, .line = 100, .spoil = Spoil::lose});
        const BenchReport report =
            run_bench(server, {Words{"--tcp", proxy.address(), "--readers", "3", "--verify",
                                     verified, "--lines", "100", "--quiet-seconds", "1.5"}});
        EXPECT_EQ(report.exit_code, 1) << report.errors;
        EXPECT_EQ(report["faulty_readers"], 1u);
    }
}

TEST(BenchUsage, IsRefusedWithoutAServerOrWithAWrongOption) {
    const LoadServer server({.backend = Backend::epoll});
    const BenchReport usage = run_bench(server, {server.sse(), Words{"--lines", "none"}});
    EXPECT_EQ(usage.exit_code, 2);
    EXPECT_NE(usage.errors.find("--lines none: must be a whole number"), std::string::npos)
        << usage.errors;
    const BenchReport gone =
        run_bench(server, {server.sse(), Words{"--lines", "5", "--pid", std::to_string(1 << 22)}});
    EXPECT_EQ(gone.exit_code, 2);
    EXPECT_NE(gone.errors.find("no such process"), std::string::npos) << gone.errors;
    const BenchReport full =
        run_bench(server, {server.sse(), Words{"--lines", "5", "--file", "/dev/full"}});
    EXPECT_EQ(full.exit_code, 1);
    EXPECT_EQ(full["readers"], 1u);  // it reports
    EXPECT_NE(full.errors.find("/dev/full: No space left"), std::string::npos) << full.errors;
    const BenchReport nobody = run_bench(server, {Words{"--tcp", "127.0.0.1:1", "--lines", "5"}});
    EXPECT_EQ(nobody.exit_code, 1);
    EXPECT_NE(nobody.errors.find("Connection refused"), std::string::npos) << nobody.errors;
}

}  // namespace
}  // namespace logwisp::load_test
