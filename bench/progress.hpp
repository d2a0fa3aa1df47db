// How far the slowest of all readers is, for the writer's window: the lines are divided into steps,
// and each reader says how many of them it has behind it. A drained reader knows bytes only; at how
// many bytes a step ends, the verified reader of its endpoint tells. Plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace logwisp::bench {

class Progress {
  public:
    Progress(std::uint64_t window, std::size_t readers, std::size_t endpoints)
        : step_lines_(window / steps_per_window > 0 ? window / steps_per_window : 1),
          readers_(readers),
          ends_(endpoints) {}

    // The number of lines that `steps` are.
    [[nodiscard]] std::uint64_t lines(std::size_t steps) const { return steps * step_lines_; }
    // The verified reader of an endpoint was after its n-th step at so many bytes.
    void end_step(std::size_t endpoint, std::uint64_t bytes) { ends_[endpoint].push_back(bytes); }
    [[nodiscard]] std::size_t steps_ended(std::size_t endpoint) const {
        return ends_[endpoint].size();
    }
    [[nodiscard]] std::uint64_t end_of(std::size_t endpoint, std::size_t step) const {
        return ends_[endpoint][step];
    }
    // One reader has this step behind it. True when it was the last one.
    bool pass(std::size_t step) {
        if (passed_.size() <= step) passed_.resize(step + 1);
        return ++passed_[step] == readers_;
    }

  private:
    static constexpr std::uint64_t steps_per_window = 4;
    std::uint64_t step_lines_;
    std::size_t readers_;
    std::vector<std::size_t> passed_;
    std::vector<std::vector<std::uint64_t>> ends_;
};

}  // namespace logwisp::bench
