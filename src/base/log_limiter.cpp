#include "base/log.hpp"

namespace logwisp {

bool LogLimiter::allow(std::uint64_t now_ms) {
    if (now_ms < next_ms_) {
        ++held_;
        return false;
    }
    next_ms_ = now_ms + interval_ms_;
    suppressed_ = held_;
    held_ = 0;
    return true;
}

}  // namespace logwisp
