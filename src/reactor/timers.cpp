#include "reactor/timers.hpp"

namespace logwisp {

Timers::Timers() {
    constexpr std::size_t usual_timers = 256;
    heap_.reserve(usual_timers);
    due_.reserve(usual_timers);
}

Timer::~Timer() {
    if (timers_ != nullptr) timers_->disarm(*this);
}

void Timers::arm(Timer& timer, std::uint64_t deadline_ms) {
    CHECK(timer.callback_ != nullptr);
    disarm(timer);
    timer.timers_ = this;
    timer.deadline_ms_ = (deadline_ms + timer_tick_ms - 1) / timer_tick_ms * timer_tick_ms;
    heap_.push_back(&timer);
    place(heap_.size() - 1, &timer);
    sift_up(heap_.size() - 1);
}

void Timers::disarm(Timer& timer) {
    if (timer.timers_ == nullptr) return;
    CHECK(timer.timers_ == this);
    timer.timers_ = nullptr;
    const std::size_t index = timer.index_;
    if (index < due_.size() && due_[index] == &timer) {
        due_[index] = nullptr;
        return;
    }
    remove_at(index);
}

std::size_t Timers::run_due(std::uint64_t now_ms) {
    CHECK(due_.empty());
    // Taken out first: whatever the callbacks arm is for the next call, whatever they disarm does
    // not run.
    while (!heap_.empty() && heap_.front()->deadline_ms_ <= now_ms) {
        Timer* timer = heap_.front();
        remove_at(0);
        timer->index_ = static_cast<std::uint32_t>(due_.size());
        due_.push_back(timer);
    }
    std::size_t ran = 0;
    for (std::size_t i = 0; i < due_.size(); ++i) {
        Timer* timer = due_[i];
        if (timer == nullptr) continue;
        due_[i] = nullptr;
        timer->timers_ = nullptr;
        ++ran;
        timer->callback_(timer->owner_);
    }
    due_.clear();
    return ran;
}

std::int64_t Timers::next_in_ms(std::uint64_t now_ms) const {
    if (heap_.empty()) return -1;
    const std::uint64_t deadline_ms = heap_.front()->deadline_ms_;
    return deadline_ms <= now_ms ? 0 : static_cast<std::int64_t>(deadline_ms - now_ms);
}

void Timers::remove_at(std::size_t index) {
    CHECK(index < heap_.size());
    Timer* last = heap_.back();
    heap_.pop_back();
    if (index == heap_.size()) return;
    place(index, last);
    sift_up(index);
    sift_down(last->index_);
}

void Timers::place(std::size_t index, Timer* timer) {
    heap_[index] = timer;
    timer->index_ = static_cast<std::uint32_t>(index);
}

void Timers::sift_up(std::size_t index) {
    Timer* timer = heap_[index];
    while (index > 0) {
        const std::size_t parent = (index - 1) / 2;
        if (heap_[parent]->deadline_ms_ <= timer->deadline_ms_) break;
        place(index, heap_[parent]);
        index = parent;
    }
    place(index, timer);
}

void Timers::sift_down(std::size_t index) {
    Timer* timer = heap_[index];
    for (;;) {
        std::size_t child = 2 * index + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && heap_[child + 1]->deadline_ms_ < heap_[child]->deadline_ms_)
            ++child;
        if (timer->deadline_ms_ <= heap_[child]->deadline_ms_) break;
        place(index, heap_[child]);
        index = child;
    }
    place(index, timer);
}

}  // namespace logwisp
