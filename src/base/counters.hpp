// A counter that one thread adds to and any thread may read. Costs a plain load, add and store: no locked instruction.
#pragma once

#include <atomic>
#include <cstdint>

namespace logwisp {

class Counter {
  public:
    // Owner thread only.
    void add(std::uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
    }
    void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }

    // Any thread.
    [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace logwisp
