// Why a file was taken to be rotated, and the last times that happened to a path. Values; any
// thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/counters.hpp"

namespace logwisp {

enum class RotationReason : std::uint8_t {
    none,
    inode_change,
    size_decrease,
    time_reset,
    beyond_size
};

constexpr std::string_view reason_text(RotationReason reason) {
    switch (reason) {
        case RotationReason::inode_change:
            return "inode change";
        case RotationReason::size_decrease:
            return "size decrease";
        case RotationReason::time_reset:
            return "modification time reset";
        case RotationReason::beyond_size:
        case RotationReason::none:
            break;
    }
    return "position beyond file size";
}

// The same as one word each, in order; `none` has none.
inline constexpr std::array<std::string_view, 4> rotation_reason_names{
    "inode_change", "size_decrease", "time_reset", "beyond_size"};

// By reason. One thread adds, any may read.
class RotationCounters {
  public:
    void add(RotationReason reason) { by_reason_[index_of(reason)].add(); }
    void subtract(RotationReason reason) { by_reason_[index_of(reason)].subtract(); }
    void add(const RotationCounters& more) {
        for (std::size_t index = 0; index < by_reason_.size(); ++index)
            by_reason_[index].add(more.by_reason_[index].get());
    }
    void set(const RotationCounters& from) {
        for (std::size_t index = 0; index < by_reason_.size(); ++index)
            by_reason_[index].set(from.by_reason_[index].get());
    }
    // Of all reasons.
    [[nodiscard]] std::uint64_t get() const {
        std::uint64_t sum = 0;
        for (const Counter& one : by_reason_) sum += one.get();
        return sum;
    }
    // `index`: of rotation_reason_names.
    [[nodiscard]] std::uint64_t get(std::size_t index) const { return by_reason_[index].get(); }

  private:
    // As reason_text() takes `none`.
    static std::size_t index_of(RotationReason reason) {
        return reason == RotationReason::none ? rotation_reason_names.size() - 1
                                              : static_cast<std::size_t>(reason) - 1;
    }
    std::array<Counter, rotation_reason_names.size()> by_reason_;
};

// Enough for a week of daily rotations; of older ones only their number is known.
inline constexpr std::size_t rotation_history_max = 8;

struct PastRotation {
    std::uint64_t number = 0;  // of the path, from 1
    std::int64_t time_us = 0;  // wall clock, when it was noticed
    RotationReason reason = RotationReason::none;
    friend bool operator==(const PastRotation&, const PastRotation&) = default;
};

class RotationHistory {
  public:
    void add(const PastRotation& rotation) {
        if (count_ == past_.size()) {
            std::rotate(past_.begin(), past_.begin() + 1, past_.end());
            --count_;
        }
        past_[count_++] = rotation;
    }
    // Oldest first.
    [[nodiscard]] std::span<const PastRotation> past() const { return {past_.data(), count_}; }

  private:
    std::array<PastRotation, rotation_history_max> past_{};
    std::size_t count_ = 0;
};

}  // namespace logwisp
