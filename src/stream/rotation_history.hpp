// Why a file was taken to be rotated, and the last times that happened to a path. Values; any
// thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

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
