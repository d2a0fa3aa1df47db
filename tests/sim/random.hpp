// The one source of chance of a simulation: a small generator with a published algorithm
// (splitmix64), so that a seed means the same run on every machine and with every standard library.
// Single thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/check.hpp"

namespace logwisp::sim {

class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }
    // 0 .. limit - 1. The bias for limits far below 2^64 does not matter here.
    std::uint64_t below(std::uint64_t limit) {
        CHECK(limit > 0);
        return next() % limit;
    }
    // low .. high, both included.
    std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        CHECK(low <= high);
        return low + below(high - low + 1);
    }
    bool chance(std::uint32_t permille) { return permille != 0 && below(1000) < permille; }
    // Small numbers often, large ones sometimes: 1 .. high.
    std::uint64_t skewed(std::uint64_t high) {
        const std::uint64_t ceiling = between(1, high);
        return between(1, ceiling);
    }

  private:
    std::uint64_t state_;
};

}  // namespace logwisp::sim
