// Coarse timers: an intrusive binary heap of deadlines in milliseconds. A Timer is embedded by its
// owner and bound to a method, as a Completion is; arming and disarming cost O(log n); deadlines
// are rounded up to timer_tick_ms so that wake-ups coalesce. One thread. The destructor of a Timer
// disarms it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.hpp"

namespace logwisp {

inline constexpr std::uint64_t timer_tick_ms = 4;

class Timers;

class Timer {
  public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer();

    template <auto Method, class Owner>
    void bind(Owner& owner) {
        owner_ = &owner;
        callback_ = [](void* self) { (static_cast<Owner*>(self)->*Method)(); };
    }
    [[nodiscard]] bool armed() const { return timers_ != nullptr; }

  private:
    friend class Timers;
    using Callback = void (*)(void* owner);
    Callback callback_ = nullptr;
    void* owner_ = nullptr;
    Timers* timers_ = nullptr;  // while armed
    std::uint64_t deadline_ms_ = 0;
    std::uint32_t index_ = 0;  // its place in the heap, or among the due ones
};

class Timers {
  public:
    // With room for a core's usual timers; more of them cost an allocation once.
    Timers();

    // Re-arms when already armed.
    void arm(Timer& timer, std::uint64_t deadline_ms);
    void disarm(Timer& timer);
    // Runs what is due. A callback may arm and disarm anything, its own timer included; one armed
    // at or before now by a callback runs in the next call, not in this one.
    std::size_t run_due(std::uint64_t now_ms);
    // Milliseconds until the earliest deadline, 0 when it has passed, -1 when none is armed.
    [[nodiscard]] std::int64_t next_in_ms(std::uint64_t now_ms) const;

  private:
    void remove_at(std::size_t index);
    void place(std::size_t index, Timer* timer);
    void sift_up(std::size_t index);
    void sift_down(std::size_t index);

    std::vector<Timer*> heap_;
    std::vector<Timer*> due_;  // while run_due() works: taken out of the heap, not yet run;
                               // nullptr: ran or disarmed
};

}  // namespace logwisp
