// The last frames of one view: bytes, and the end of each frame. Newest overwrites oldest; both
// sizes are fixed at creation.
//
// Frames are whole and contiguous (the memory is mapped twice). Their sequences are consecutive:
// [first(), next()). Invariants:
//   1. next() - first() <= entries_max, and the bytes of those frames <= bytes_max;
//   2. a position only grows, and position modulo the memory's size is where the byte is;
//   3. nobody appends while a send from the ring is in flight (the core sees to it), so a span
//   handed to a send stays as it is.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.hpp"
#include "base/mirrored_memory.hpp"

namespace logwisp {

class Ring {
  public:
    // REQUIRES: frame_bytes_max <= bytes_max.
    Ring(std::uint32_t entries_max, std::size_t bytes_max, std::uint64_t first_sequence);

    [[nodiscard]] std::uint64_t first() const { return first_; }
    [[nodiscard]] std::uint64_t next() const { return next_; }
    [[nodiscard]] std::uint64_t entries() const { return next_ - first_; }
    [[nodiscard]] std::uint32_t entries_max() const { return entries_max_; }
    [[nodiscard]] std::size_t bytes_max() const { return memory_.bytes(); }

    // Room for the next frame, evicting as many of the oldest as it takes. REQUIRES:
    // frame_bytes_max <= bytes_max().
    char* prepare(std::size_t frame_bytes_max);
    // The frame of sequence `sequence` is the first `bytes` bytes of what prepare() gave. REQUIRES:
    // sequence == next().
    void commit(std::uint64_t sequence, std::size_t bytes);

    // The frames from `sequence` on, whole, at most about `bytes_max` bytes of them but at least
    // one. REQUIRES: first() <= sequence <= next().
    [[nodiscard]] std::span<const char> from(std::uint64_t sequence, std::size_t bytes_max) const;
    [[nodiscard]] std::span<const char> frame(std::uint64_t sequence) const;

    // What a reader at `sequence` has after `bytes` bytes of from(sequence) were taken: where it is
    // now, and, when the last frame was taken in part, the rest of that frame, which counts as
    // read.
    struct Advance {
        std::uint64_t next = 0;
        std::span<const char> remainder{};
    };
    [[nodiscard]] Advance advance(std::uint64_t sequence, std::size_t bytes) const;

    // The oldest sequence from which what follows fills at most half of `entries` and half of the
    // bytes: where an overrun reader goes on.
    [[nodiscard]] std::uint64_t half_way(std::uint32_t entries) const;

    // Forgets everything; the next frame is `sequence` (a replica that missed a batch).
    void restart_at(std::uint64_t sequence);

  private:
    [[nodiscard]] std::uint64_t end_of(std::uint64_t sequence) const {
        return ends_[sequence & index_mask_];
    }
    // Position where the frame begins; for next(): where it will begin.
    [[nodiscard]] std::uint64_t begin_of(std::uint64_t sequence) const {
        return sequence == first_ ? first_begin_ : end_of(sequence - 1);
    }
    [[nodiscard]] const char* at(std::uint64_t position) const {
        return memory_.data() + (position & (memory_.bytes() - 1));
    }
    void evict();
    // The first sequence in [low, next()] whose frame begins at or after `position`.
    [[nodiscard]] std::uint64_t first_beginning_at(std::uint64_t low, std::uint64_t position) const;

    MirroredMemory memory_;
    std::uint32_t entries_max_;
    std::uint64_t index_mask_;
    std::vector<std::uint64_t> ends_;  // position of each frame's end, by sequence & index_mask_
    std::uint64_t first_;              // sequence of the oldest frame
    std::uint64_t next_;               // sequence of the frame to come
    std::uint64_t first_begin_ = 0;    // position of the oldest frame's first byte
    std::uint64_t head_ = 0;           // position behind the newest frame's last byte
};

}  // namespace logwisp
