// When the changes were seen that the newest entries of a stream are from: what an entry's way to a reader is measured from. One per
// stream and core, noted once per batch. Core thread only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

class SeenTimes {
  public:
    // A batch that begins with `sequence`, which follows on the one before or begins anew elsewhere. 0: not known.
    void note(std::uint64_t sequence, std::uint64_t seen_ns) {
        if (noted_ > 0 && newest().sequence >= sequence) noted_ = 0;
        at(noted_) = {sequence, seen_ns};
        ++noted_;
    }

    // Of the batch that `sequence` is in. Of one that is too old to be known it gives the oldest that is: it was seen no later. 0: not
    // known.
    [[nodiscard]] std::uint64_t of(std::uint64_t sequence) const {
        if (noted_ == 0) return 0;
        // Most readers have everything but the newest batch.
        if (sequence >= newest().sequence) return newest().seen_ns;
        std::uint64_t first = noted_ - std::min<std::uint64_t>(noted_, times_.size());
        const bool forgot = first > 0;
        if (sequence < at(first).sequence) return forgot ? at(first).seen_ns : 0;
        std::uint64_t end = noted_;
        while (end - first > 1) {
            const std::uint64_t middle = first + (end - first) / 2;
            (at(middle).sequence <= sequence ? first : end) = middle;
        }
        return at(first).seen_ns;
    }

  private:
    struct Time {
        std::uint64_t sequence = 0;
        std::uint64_t seen_ns = 0;
    };
    [[nodiscard]] Time& at(std::uint64_t number) { return times_[number % times_.size()]; }
    [[nodiscard]] const Time& at(std::uint64_t number) const {
        return times_[number % times_.size()];
    }
    [[nodiscard]] const Time& newest() const { return at(noted_ - 1); }

    std::array<Time, seen_times_max> times_;
    std::uint64_t noted_ = 0;
};

}  // namespace logwisp
