// Which seeds this program runs; from the command line (main.cpp), read by simulation_test.cpp.
#pragma once

#include <cstdint>

namespace logwisp::sim {

struct Seeds {
    std::uint64_t first = 1;
    std::uint64_t count = 3000;
    std::uint64_t seconds_max = 60;  // of real time; what is not reached in it is left out
    bool print = false;              // every event of the run, on stderr
};

Seeds& seeds();
// The seed that is running, and of which tests, for who prints it when the process breaks off.
void seed_begins(const char* kind, std::uint64_t seed);

}  // namespace logwisp::sim
