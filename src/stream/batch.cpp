#include "stream/batch.hpp"

#include <algorithm>
#include <cstring>

namespace logwisp {

namespace {
// A batch is closed to new entries at batch_bytes_soft; what it has beyond that lets the last entry
// be a long one without growing.
constexpr std::size_t batch_bytes_initial = batch_bytes_soft + 128 * 1024;
// A batch that grew for one huge entry gives the memory back when it is used again.
constexpr std::size_t batch_bytes_kept_max = 2 * 1024 * 1024;
}  // namespace

Batch::Batch()
    : bytes_(std::make_unique_for_overwrite<char[]>(batch_bytes_initial)),
      capacity_(batch_bytes_initial) {
    ends_.reserve(batch_entries_max);
}

char* Batch::open_entry(std::size_t bytes_max) {
    const std::size_t wanted = used_ + bytes_max + 1;
    if (wanted > capacity_) {
        const std::size_t grown = std::max(wanted, 2 * capacity_);
        auto bigger = std::make_unique_for_overwrite<char[]>(grown);
        std::memcpy(bigger.get(), bytes_.get(), used_);
        bytes_ = std::move(bigger);
        capacity_ = grown;
    }
    return bytes_.get() + used_;
}

void Batch::close_entry(std::size_t bytes) {
    CHECK(used_ + bytes < capacity_);
    used_ += bytes;
    bytes_[used_++] = '\n';
    ends_.push_back(used_);
}

void Batch::clear() {
    CHECK(!held());
    used_ = 0;
    ends_.clear();
    first_sequence = 0;
    seen_ns = 0;
    if (capacity_ > batch_bytes_kept_max) {
        bytes_ = std::make_unique_for_overwrite<char[]>(batch_bytes_initial);
        capacity_ = batch_bytes_initial;
    }
}

BatchPool::BatchPool(std::size_t count) {
    for (std::size_t index = 0; index < count; ++index)
        batches_.push_back(std::make_unique<Batch>());
}

Batch& BatchPool::take() {
    // The same few again and again: what was filled last is still in the cache.
    for (const auto& batch : batches_) {
        if (batch->held()) continue;
        batch->clear();
        batch->hold();
        return *batch;
    }
    batches_.push_back(std::make_unique<Batch>());
    batches_.back()->hold();
    return *batches_.back();
}

bool BatchPool::idle() const {
    return std::none_of(batches_.begin(), batches_.end(),
                        [](const auto& batch) { return batch->held(); });
}

}  // namespace logwisp
