#include "tail/carry.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

CarryPool::CarryPool() {
    free_.reserve(carry_pool_count_max);
    // All taken before any is given back, or it would be one and the same.
    Carry first[carry_pool_count_at_start];
    for (Carry& carry : first) take(carry, carry_bytes_min);
    for (Carry& carry : first) release(carry);
}

void CarryPool::reserve(Carry& carry, std::size_t more, std::size_t bytes_max) {
    const std::size_t wanted = carry.used + more;
    CHECK(wanted <= bytes_max);
    if (wanted <= carry.capacity) return;
    // Doubling keeps the work per byte constant however small the pieces are that a long line comes
    // in.
    const std::size_t grown =
        std::min(bytes_max, std::max({wanted, std::size_t{2} * carry.capacity, carry_bytes_min}));
    Carry bigger;
    take(bigger, grown);
    if (carry.used != 0) std::memcpy(bigger.bytes.get(), carry.bytes.get(), carry.used);
    bigger.used = carry.used;
    std::swap(carry, bigger);
    release(bigger);
}

void CarryPool::take(Carry& carry, std::size_t bytes) {
    for (Carry& kept : free_) {
        if (kept.capacity < bytes) continue;
        free_bytes_ -= kept.capacity;
        carry = std::move(kept);
        kept = std::move(free_.back());
        free_.pop_back();
        carry.used = 0;
        return;
    }
    carry.bytes = std::make_unique_for_overwrite<char[]>(bytes + line_padding_bytes);
    carry.capacity = static_cast<std::uint32_t>(bytes);
    carry.used = 0;
}

void CarryPool::release(Carry& carry) {
    if (carry.bytes != nullptr && free_.size() < carry_pool_count_max &&
        free_bytes_ + carry.capacity <= carry_pool_bytes_max) {
        free_bytes_ += carry.capacity;
        free_.push_back(std::move(carry));
    }
    carry = Carry{};
}

}  // namespace logwisp
