// What failed and is to be tried again, by the time it is due, and what is due at one time in the
// order in which it came: asking for the next, and forgetting one, costs nearly the same however
// many wait. T has a `retry`. One thread.
#pragma once

#include <cerrno>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>

namespace logwisp {

// Waits double from one to the other after every failure in a row.
inline constexpr std::uint32_t retry_ms_min = 100;
inline constexpr std::uint32_t retry_ms_max = 10'000;

// It passes: others give theirs back.
inline bool is_out_of_descriptors(int error) { return error == EMFILE || error == ENFILE; }

struct Retry {
    std::uint64_t at_ms = 0;  // 0: nothing is to be tried again
    std::uint32_t wait_ms = 0;
    std::uint32_t listed_number = 0;
    std::uint64_t listed_ms = 0;  // with that, its one place in the list; 0: not listed

    void fail(std::uint64_t now_ms) {
        wait_ms = wait_ms == 0                 ? retry_ms_min
                  : wait_ms * 2 > retry_ms_max ? retry_ms_max
                                               : wait_ms * 2;
        at_ms = now_ms + wait_ms;
    }
    // The first wait again, however often it failed.
    void again_soon(std::uint64_t now_ms) {
        wait_ms = retry_ms_min;
        at_ms = now_ms + wait_ms;
    }
    void works() {
        at_ms = 0;
        wait_ms = 0;
    }
};

template <class T>
class RetryList {
  public:
    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    // At its retry.at_ms. One that is listed for an earlier time is looked at then.
    void add(T& one) {
        Retry& retry = one.retry;
        if (retry.listed_ms != 0 && retry.listed_ms <= retry.at_ms) return;
        forget(one);
        retry.listed_ms = retry.at_ms;
        retry.listed_number = ++number_;
        due_.emplace(std::pair(retry.listed_ms, retry.listed_number), &one);
    }
    // One that is due, taken off the list; nullptr when none is.
    T* take(std::uint64_t now_ms) {
        while (next_ms() <= now_ms) {
            T* const one = due_.begin()->second;
            forget(*one);
            if (one->retry.at_ms > now_ms)
                add(*one);
            else if (one->retry.at_ms != 0)
                return one;
        }
        return nullptr;
    }
    // It is about to go.
    void forget(T& one) {
        if (one.retry.listed_ms == 0) return;
        due_.erase({one.retry.listed_ms, one.retry.listed_number});
        one.retry.listed_ms = 0;
    }
    [[nodiscard]] std::uint64_t next_ms() const {
        return due_.empty() ? never : due_.begin()->first.first;
    }

  private:
    std::map<std::pair<std::uint64_t, std::uint32_t>, T*> due_;  // by time and number
    std::uint32_t number_ = 0;
};

}  // namespace logwisp
