// The whole program, thousands of times, each time with other misfortunes: whatever happens, every
// reader gets every entry in order and once, or an exact gap; no line is lost or doubled while its
// bytes can be read; when the misfortunes end everything pending arrives; nothing spins; nothing is
// left open after the stop. The oracles are in book, reader, program and kernel.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "base/log.hpp"
#include "scenario.hpp"
#include "seeds.hpp"

namespace logwisp::sim {
namespace {

ScenarioResult run(std::uint64_t seed) {
    seed_begins("Simulation", seed);
    return run_scenario(seed, seeds().print);
}

TEST(Simulation, Seeds) {
    log_set_level(seeds().print ? LogLevel::debug : LogLevel::off);
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::seconds(seeds().seconds_max);
    ScenarioResult sum;
    std::uint64_t ran = 0;
    while (ran < seeds().count && (Clock::now() < end || ran == 0)) {
        const ScenarioResult result = run(seeds().first + ran);
        ++ran;
        sum.rounds += result.rounds;
        sum.lines += result.lines;
        sum.entries += result.entries;
        sum.excused += result.excused;
        sum.gaps += result.gaps;
        sum.received += result.received;
        sum.virtual_ns += result.virtual_ns;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::printf(
        "%llu seeds in %.1f s: %llu lines, %llu entries, %llu excused, %llu received, "
        "%llu gaps, %.0f virtual s\n",
        static_cast<unsigned long long>(ran), seconds, static_cast<unsigned long long>(sum.lines),
        static_cast<unsigned long long>(sum.entries), static_cast<unsigned long long>(sum.excused),
        static_cast<unsigned long long>(sum.received), static_cast<unsigned long long>(sum.gaps),
        static_cast<double>(sum.virtual_ns) / 1e9);
}

TEST(Simulation, OneSeedIsOneRun) {
    log_set_level(LogLevel::off);
    constexpr std::uint64_t compared = 10;
    for (std::uint64_t i = 0; i < std::min(compared, seeds().count); ++i) {
        const std::uint64_t seed = seeds().first + i;
        seed_begins("Simulation", seed);
        const ScenarioResult first = run_scenario(seed);
        const ScenarioResult second = run_scenario(seed);
        EXPECT_EQ(first.trace, second.trace) << "seed " << seed;
        EXPECT_EQ(first.received, second.received) << "seed " << seed;
    }
}

}  // namespace
}  // namespace logwisp::sim
