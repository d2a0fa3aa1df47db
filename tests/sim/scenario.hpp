// One run of one seed: the program, its writers and its readers, a subset of the misfortunes; then
// calm, in which everything pending has to arrive; then the stop, after which nothing may be left.
// Breaks off the process when a promise is broken.
#pragma once

#include <cstdint>

namespace logwisp::sim {

struct ScenarioResult {
    std::uint64_t trace = 0;  // of two runs of one seed: equal
    std::uint64_t rounds = 0;
    std::uint64_t lines = 0;
    std::uint64_t entries = 0;
    std::uint64_t excused = 0;
    std::uint64_t gaps = 0;
    std::uint64_t received = 0;
    std::uint64_t virtual_ns = 0;
};

ScenarioResult run_scenario(std::uint64_t seed, bool print = false);

}  // namespace logwisp::sim
