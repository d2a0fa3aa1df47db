// sim_tests [--seed=S [--print]] [--seeds=N] [--seconds=T]: runs the tests, and among them the
// simulations over the seeds asked for; with a seed or a number of them, these alone. When a run
// breaks off, by a CHECK or by an oracle, the command that replays it is printed last.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "seeds.hpp"

namespace logwisp::sim {

namespace {
// Written by seed_begins, printed by the signal handler: made ready before, since a handler may
// only write.
char replay[160];
volatile std::sig_atomic_t replay_bytes = 0;

void on_abort(int) {
    static_cast<void>(!::write(STDERR_FILENO, replay, static_cast<std::size_t>(replay_bytes)));
    std::signal(SIGABRT, SIG_DFL);
}

bool number_of(std::string_view argument, std::string_view name, std::uint64_t& value) {
    if (!argument.starts_with(name)) return false;
    value = std::strtoull(std::string(argument.substr(name.size())).c_str(), nullptr, 10);
    return true;
}
}  // namespace

Seeds& seeds() {
    static Seeds all;
    return all;
}

void seed_begins(const char* kind, std::uint64_t seed) {
    replay_bytes = std::snprintf(
        replay, sizeof(replay),
        "failing seed: %llu; replay: sim_tests --gtest_filter=%s.* --seed=%llu --print\n",
        static_cast<unsigned long long>(seed), kind, static_cast<unsigned long long>(seed));
}

}  // namespace logwisp::sim

int main(int count, char** arguments) {
    using namespace logwisp::sim;
    testing::InitGoogleTest(&count, arguments);
    if (count > 1 && testing::GTEST_FLAG(filter) == "*")
        testing::GTEST_FLAG(filter) = "PowerLoss.*:Simulation.Seeds";
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        std::uint64_t seed = 0;
        if (argument == "--print") {
            seeds().print = true;
        } else if (number_of(argument, "--seed=", seed)) {
            seeds().first = seed;
            seeds().count = 1;
        } else if (!number_of(argument, "--seeds=", seeds().count) &&
                   !number_of(argument, "--first=", seeds().first) &&
                   !number_of(argument, "--seconds=", seeds().seconds_max)) {
            std::fprintf(stderr, "unknown argument: %s\n", arguments[i]);
            return 2;
        }
    }
    std::signal(SIGABRT, on_abort);
    return RUN_ALL_TESTS();
}
