// Blocks of memory for bytes that wait to be sent: taken when something has to wait, given back
// when it has gone. In steady state no allocation happens. One thread; the pool outlives its
// buffers.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace logwisp {

class BufferPool {
  public:
    static constexpr std::size_t small_bytes = 1024;
    static constexpr std::size_t large_bytes = 16 * 1024;
    static constexpr std::size_t kept_max = 256;  // free blocks kept of each size
    static constexpr std::size_t small_at_start = 32;
    static constexpr std::size_t large_at_start = 4;

    // Has some free blocks of each size from the beginning, so that the first full sockets cost no allocation.
    BufferPool();

    struct Block {
        std::unique_ptr<char[]> data;
        std::size_t bytes = 0;
    };
    // At least `bytes`.
    Block take(std::size_t bytes);
    void give(Block block);

  private:
    std::vector<Block> small_;
    std::vector<Block> large_;
};

// A first-in first-out run of bytes. Empty it owns nothing.
class Buffer {
  public:
    explicit Buffer(BufferPool& pool) : pool_(pool) {}
    ~Buffer() { clear(); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    [[nodiscard]] bool empty() const { return begin_ == end_; }
    [[nodiscard]] std::size_t size() const { return end_ - begin_; }
    [[nodiscard]] std::span<const char> bytes() const {
        return {block_.data.get() + begin_, size()};
    }
    void append(std::span<const char> bytes);
    void consume(std::size_t bytes);
    void clear();
    void swap(Buffer& other);  // REQUIRES: the same pool

  private:
    BufferPool& pool_;
    BufferPool::Block block_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace logwisp
