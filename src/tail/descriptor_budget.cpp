#include "tail/descriptor_budget.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace logwisp {

namespace {

constexpr double share_of_limit = 0.6;
constexpr std::size_t unlimited = 1 << 20;
// How long a failed open makes everybody save: longer than a sweep takes to come round.
constexpr std::uint64_t scarce_ms = 3000;
constexpr std::uint64_t told_again_ms = 60'000;

std::size_t descriptors_allowed() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
    const auto files = std::min<rlim_t>(limit.rlim_cur, unlimited);
    return static_cast<std::size_t>(static_cast<double>(files) * share_of_limit);
}

}  // namespace

DescriptorBudget::DescriptorBudget() : DescriptorBudget(descriptors_allowed()) {}

bool DescriptorBudget::ran_out(std::uint64_t now_ms) {
    scarce_until_ms_.store(now_ms + scarce_ms, std::memory_order_relaxed);
    std::uint64_t quiet = quiet_until_ms_.load(std::memory_order_relaxed);
    return now_ms >= quiet && quiet_until_ms_.compare_exchange_strong(quiet, now_ms + told_again_ms,
                                                                      std::memory_order_relaxed);
}

}  // namespace logwisp
