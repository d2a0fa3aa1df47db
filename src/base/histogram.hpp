// How long something took, counted by ranges: one thread observes, any thread may read. No allocation, no locked instruction.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/counters.hpp"

namespace logwisp {

class Histogram {
  public:
    // Upper bounds, included. From what a quiet machine needs for one line and one reader to what nobody calls live any more.
    static constexpr std::array<std::uint64_t, 16> bounds_ns{
        50'000,      100'000,       250'000,       500'000,       1'000'000,   2'500'000,
        5'000'000,   10'000'000,    25'000'000,    50'000'000,    100'000'000, 250'000'000,
        500'000'000, 1'000'000'000, 2'500'000'000, 10'000'000'000};
    static constexpr std::size_t ranges = bounds_ns.size() + 1;

    // Owner thread only.
    void observe(std::uint64_t ns) {
        const auto found = std::lower_bound(bounds_ns.begin(), bounds_ns.end(), ns);
        counts_[static_cast<std::size_t>(found - bounds_ns.begin())].add();
        sum_ns_.add(ns);
    }

    // Any thread. Observations of one range, not of those below it; the last has no bound.
    [[nodiscard]] std::uint64_t count(std::size_t range) const { return counts_[range].get(); }
    [[nodiscard]] std::uint64_t sum_ns() const { return sum_ns_.get(); }

  private:
    std::array<Counter, ranges> counts_;
    Counter sum_ns_;
};

}  // namespace logwisp
