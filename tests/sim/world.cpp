#include "world.hpp"

namespace logwisp::sim {

int Descriptors::take(std::shared_ptr<Object> object) {
    if (full()) return -1;
    int number = 3;
    for (const auto& [used, slot] : slots_) {
        if (used != number) break;
        ++number;
    }
    slots_[number].object = std::move(object);
    return number;
}

void Descriptors::put(int descriptor, std::shared_ptr<Object> object) {
    CHECK(!slots_.contains(descriptor));
    slots_[descriptor].object = std::move(object);
}

void Descriptors::close(int descriptor) {
    const auto slot = slots_.find(descriptor);
    CHECK(slot != slots_.end());         // closed twice, or never opened
    CHECK(slot->second.in_flight == 0);  // something is still in flight on it
    const std::shared_ptr<Object> object = std::move(slot->second.object);
    slots_.erase(slot);
    object->on_closed();
}

const std::shared_ptr<Object>& Descriptors::get(int descriptor) const {
    const auto slot = slots_.find(descriptor);
    CHECK(slot != slots_.end());  // used after close
    return slot->second.object;
}

void Descriptors::begin_operation(int descriptor) {
    const auto slot = slots_.find(descriptor);
    CHECK(slot != slots_.end());  // submitted on a closed descriptor
    ++slot->second.in_flight;
}

void Descriptors::end_operation(int descriptor) {
    const auto slot = slots_.find(descriptor);
    CHECK(slot != slots_.end());
    CHECK(slot->second.in_flight > 0);
    --slot->second.in_flight;
}

void World::after(std::uint64_t delay_ns, std::function<void()> event) {
    events_.emplace(std::pair{now_ns_ + delay_ns, asked_++}, std::move(event));
}

void World::run_due() {
    while (!events_.empty() && events_.begin()->first.first <= now_ns_) {
        const std::function<void()> event = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        event();
    }
}

std::optional<std::uint64_t> World::next_event_ns() const {
    if (events_.empty()) return std::nullopt;
    return events_.begin()->first.first;
}

void World::advance_to(std::uint64_t now_ns) {
    CHECK(now_ns >= now_ns_);
    now_ns_ = now_ns;
    trace.at(now_ns);
}

}  // namespace logwisp::sim
