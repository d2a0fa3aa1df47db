// The descriptors that following may hold, one number for the whole process: all streams, all
// cores. Each Tail counts what it opens and closes here and gives idle files' descriptors back
// while the sum is too high, or while the process has none left for anybody. Any thread; counters
// only, nothing is ordered by them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace logwisp {

class DescriptorBudget {
  public:
    // A part of what the process may open; the rest is for connections.
    DescriptorBudget();
    explicit DescriptorBudget(std::size_t descriptors_max) : max_(descriptors_max) {}

    void opened() { used_.fetch_add(1, std::memory_order_relaxed); }
    void closed() { used_.fetch_sub(1, std::memory_order_relaxed); }
    [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool exceeded() const { return used() > max_; }

    // An open failed because the process or the machine has no descriptor left. For a while
    // everybody who follows gives back what is idle. True for the one who is to say so.
    bool ran_out(std::uint64_t now_ms);
    [[nodiscard]] bool scarce(std::uint64_t now_ms) const {
        return now_ms < scarce_until_ms_.load(std::memory_order_relaxed);
    }

  private:
    std::size_t max_;
    std::atomic<std::size_t> used_ = 0;
    std::atomic<std::uint64_t> scarce_until_ms_ = 0;
    std::atomic<std::uint64_t> quiet_until_ms_ = 0;
};

}  // namespace logwisp
