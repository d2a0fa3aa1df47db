// A batch: some entries of one stream, read together, on their way to every core.
//
// The home core fills it (open_entry / close_entry, then sequences), publishes it and never changes
// it again while anyone holds it. Content: the entries' canonical JSON, each followed by LF, back
// to back; this is also exactly what a TCP reader is sent. Holders are counted; a batch with none
// left goes back into use through BatchPool, whose owner is the home core.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

class Batch {
  public:
    Batch();
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    // Room for one entry of at most `bytes_max` bytes (its LF not counted). The pointer is valid
    // until close_entry() or the next open_entry(). Allocates only for an entry that a batch of
    // normal size cannot hold.
    char* open_entry(std::size_t bytes_max);
    // The entry is the first `bytes` bytes of what open_entry() gave; the LF is added here.
    void close_entry(std::size_t bytes);

    [[nodiscard]] std::uint32_t entries() const { return static_cast<std::uint32_t>(ends_.size()); }
    [[nodiscard]] bool empty() const { return ends_.empty(); }
    [[nodiscard]] bool full() const {
        return used_ >= batch_bytes_soft || ends_.size() >= batch_entries_max;
    }
    [[nodiscard]] std::span<const char> bytes() const { return {bytes_.get(), used_}; }
    // Entry `index` with its LF.
    [[nodiscard]] std::string_view entry(std::uint32_t index) const {
        DCHECK(index < ends_.size());
        const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
        return {bytes_.get() + begin, ends_[index] - begin};
    }

    // Sequence of the first entry; set by Stream::number.
    std::uint64_t first_sequence = 0;
    // When the first change was seen that an entry of it is from, by the reactors' clock. 0: not known.
    std::uint64_t seen_ns = 0;
    void note_seen(std::uint64_t ns) {
        if (ns != 0 && (seen_ns == 0 || ns < seen_ns)) seen_ns = ns;
    }

    void clear();

    // Holders: any thread.
    void hold(std::uint32_t count = 1) { holders_.fetch_add(count, std::memory_order_relaxed); }
    void release() {
        const auto before = holders_.fetch_sub(1, std::memory_order_release);
        CHECK(before > 0);
    }
    [[nodiscard]] bool held() const { return holders_.load(std::memory_order_acquire) != 0; }

  private:
    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t used_ = 0;
    std::vector<std::size_t> ends_;  // of each entry, its LF included
    std::atomic<std::uint32_t> holders_{0};
};

// Home core only. Batches come back by themselves: take() looks for one that nobody holds.
class BatchPool {
  public:
    // `count`: how many are in use at most when everything goes as planned. Their memory is touched only when they are filled.
    explicit BatchPool(std::size_t count);

    // An empty batch, held once: by the caller, who releases it. Allocates only while the pool is
    // still growing to what is in flight.
    Batch& take();
    [[nodiscard]] std::size_t size() const { return batches_.size(); }
    // Nobody holds any of them.
    [[nodiscard]] bool idle() const;

  private:
    std::vector<std::unique_ptr<Batch>> batches_;
};

}  // namespace logwisp
