#include "stream/ring.hpp"

#include <algorithm>
#include <bit>

namespace logwisp {

Ring::Ring(std::uint32_t entries_max, std::size_t bytes_max, std::uint64_t first_sequence)
    : memory_(bytes_max),
      entries_max_(entries_max),
      index_mask_(std::bit_ceil(std::uint64_t{entries_max} + 1) - 1),
      ends_(index_mask_ + 1, 0),
      first_(first_sequence),
      next_(first_sequence) {
    CHECK(entries_max > 0);
}

char* Ring::prepare(std::size_t frame_bytes_max) {
    CHECK(frame_bytes_max <= memory_.bytes());
    while (next_ - first_ >= entries_max_) evict();
    while (head_ + frame_bytes_max - first_begin_ > memory_.bytes()) evict();
    return memory_.data() + (head_ & (memory_.bytes() - 1));
}

void Ring::commit(std::uint64_t sequence, std::size_t bytes) {
    CHECK(sequence == next_);
    CHECK(bytes > 0);
    head_ += bytes;
    CHECK(head_ - first_begin_ <= memory_.bytes());
    ends_[next_ & index_mask_] = head_;
    ++next_;
    DCHECK(next_ - first_ <= entries_max_);
}

void Ring::evict() {
    CHECK(first_ < next_);
    first_begin_ = end_of(first_);
    ++first_;
}

std::span<const char> Ring::from(std::uint64_t sequence, std::size_t bytes_max) const {
    CHECK(sequence >= first_);
    CHECK(sequence <= next_);
    if (sequence == next_) return {};
    const std::uint64_t begin = begin_of(sequence);
    std::uint64_t end = head_;
    if (end - begin > bytes_max) {
        // Whole frames, so that a reader that takes everything stands at a frame's beginning.
        const std::uint64_t stop = first_beginning_at(sequence, begin + bytes_max + 1) - 1;
        end = stop == sequence ? end_of(sequence) : begin_of(stop);
    }
    return {at(begin), static_cast<std::size_t>(end - begin)};
}

std::span<const char> Ring::frame(std::uint64_t sequence) const {
    CHECK(sequence >= first_);
    CHECK(sequence < next_);
    const std::uint64_t begin = begin_of(sequence);
    return {at(begin), static_cast<std::size_t>(end_of(sequence) - begin)};
}

Ring::Advance Ring::advance(std::uint64_t sequence, std::size_t bytes) const {
    CHECK(sequence >= first_);
    const std::uint64_t position = begin_of(sequence) + bytes;
    CHECK(position <= head_);
    if (position == head_) return {next_, {}};
    const std::uint64_t next = first_beginning_at(sequence, position);
    const std::uint64_t begin = next == next_ ? head_ : begin_of(next);
    return {next, {at(position), static_cast<std::size_t>(begin - position)}};
}

std::uint64_t Ring::first_beginning_at(std::uint64_t low, std::uint64_t position) const {
    std::uint64_t high = next_;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (begin_of(middle) >= position)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

std::uint64_t Ring::half_way(std::uint32_t entries) const {
    const std::uint64_t room = std::max<std::uint64_t>(1, std::min(entries, entries_max_) / 2);
    const std::uint64_t by_entries = next_ - first_ > room ? next_ - room : first_;
    const std::uint64_t half_bytes = memory_.bytes() / 2;
    const std::uint64_t by_bytes =
        head_ > half_bytes ? first_beginning_at(first_, head_ - half_bytes) : first_;
    return std::max(by_entries, by_bytes);
}

void Ring::restart_at(std::uint64_t sequence) {
    first_ = sequence;
    next_ = sequence;
    first_begin_ = head_;
}

}  // namespace logwisp
