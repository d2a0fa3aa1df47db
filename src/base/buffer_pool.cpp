#include "base/buffer_pool.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.hpp"

namespace logwisp {

BufferPool::BufferPool() {
    small_.reserve(kept_max);
    large_.reserve(kept_max);
    for (std::size_t index = 0; index < small_at_start; ++index)
        small_.push_back({std::make_unique_for_overwrite<char[]>(small_bytes), small_bytes});
    for (std::size_t index = 0; index < large_at_start; ++index)
        large_.push_back({std::make_unique_for_overwrite<char[]>(large_bytes), large_bytes});
}

BufferPool::Block BufferPool::take(std::size_t bytes) {
    std::vector<Block>* kept = bytes <= small_bytes   ? &small_
                               : bytes <= large_bytes ? &large_
                                                      : nullptr;
    if (kept != nullptr && !kept->empty()) {
        Block block = std::move(kept->back());
        kept->pop_back();
        return block;
    }
    const std::size_t size = kept == &small_ ? small_bytes : kept == &large_ ? large_bytes : bytes;
    return {std::make_unique_for_overwrite<char[]>(size), size};
}

void BufferPool::give(Block block) {
    std::vector<Block>* kept = block.bytes == small_bytes   ? &small_
                               : block.bytes == large_bytes ? &large_
                                                            : nullptr;
    if (kept != nullptr && kept->size() < kept_max) kept->push_back(std::move(block));
}

void Buffer::append(std::span<const char> bytes) {
    if (bytes.empty()) return;
    if (end_ + bytes.size() > block_.bytes) {
        const std::size_t waiting = size();
        const std::size_t wanted = waiting + bytes.size();
        BufferPool::Block bigger =
            pool_.take(waiting == 0 ? wanted : std::max(wanted, 2 * block_.bytes));
        if (waiting > 0) std::memcpy(bigger.data.get(), block_.data.get() + begin_, waiting);
        if (block_.bytes > 0) pool_.give(std::move(block_));
        block_ = std::move(bigger);
        begin_ = 0;
        end_ = waiting;
    }
    std::memcpy(block_.data.get() + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
}

void Buffer::consume(std::size_t bytes) {
    CHECK(bytes <= size());
    begin_ += bytes;
    if (begin_ == end_) clear();
}

void Buffer::clear() {
    begin_ = 0;
    end_ = 0;
    if (block_.bytes > 0) pool_.give(std::exchange(block_, {}));
}

void Buffer::swap(Buffer& other) {
    CHECK(&pool_ == &other.pool_);
    std::swap(block_, other.block_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
}

}  // namespace logwisp
