#include "history/history.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace logwisp {

static_assert(past_slots_max == 4, "slots_ is made below, one by one");

History::History(Reactor& reactor, FileSystem& files, Encoder& encoder)
    : tools_{reactor, files, encoder, {}, {}, 0},
      slots_{PastSlot(tools_), PastSlot(tools_), PastSlot(tools_), PastSlot(tools_)} {
    timer_.bind<&History::on_timer>(*this);
}

History::~History() {
    CHECK(idle());
    tools_.reactor.disarm(timer_);
}

void History::begin(PastReader& reader, const PastSource& source, std::uint64_t next) {
    CHECK(reader.place.source == nullptr);
    reader.place = {};
    reader.place.source = &source;
    reader.place.next = next;
    queue(reader);
}

void History::go_on(PastReader& reader) {
    reader.place.asleep = false;
    if (reader.place.parked) queue(reader);
}

void History::queue(PastReader& reader) {
    reader.place.slot = 0;
    reader.place.parked = false;
    reader.place.ticket = first_ticket_ + waiting_.size();
    waiting_.push_back(&reader);
}

void History::end(PastReader& reader) {
    if (reader.place.source == nullptr) return;
    if (reader.place.slot != 0)
        slots_[reader.place.slot - 1].end();
    else if (!reader.place.parked)
        waiting_[reader.place.ticket - first_ticket_] = nullptr;
    reader.place = {};
}

void History::skip_those_who_left() {
    while (!waiting_.empty() && waiting_.front() == nullptr) {
        waiting_.pop_front();
        ++first_ticket_;
    }
}

void History::fill_slots() {
    for (std::size_t at = 0; at < slots_.size(); ++at) {
        skip_those_who_left();
        if (waiting_.empty()) return;
        if (is_fast_asleep(slots_[at])) park(slots_[at]);
        if (!slots_[at].free()) continue;
        PastReader& reader = *waiting_.front();
        waiting_.front() = nullptr;
        reader.place.slot = static_cast<std::uint32_t>(at + 1);
        slots_[at].begin(reader);
    }
}

bool History::on_turn_end() {
    fill_slots();
    tools_.bytes_left = past_bytes_per_turn;
    first_slot_ = (first_slot_ + 1) % slots_.size();
    for (std::size_t at = 0; at < slots_.size(); ++at)
        run(slots_[(first_slot_ + at) % slots_.size()]);
    arm_timer();
    return has_work();
}

void History::run(PastSlot& slot) {
    if (!slot.runnable(tools_.reactor.now_ms())) return;
    const PastSlot::Step step = slot.step();
    PastReader* const reader = slot.reader();
    if (reader == nullptr) return;  // it has left
    skip_those_who_left();
    switch (step) {
        case PastSlot::Step::again:
        case PastSlot::Step::waits:
            if (!waiting_.empty() && slot.has_had_its_share(tools_.reactor.now_ms())) let_go(slot);
            break;
        case PastSlot::Step::asleep:
            reader->place.asleep = true;
            slot.falls_asleep(tools_.reactor.now_ms());
            break;
        case PastSlot::Step::done:
            slot.end();
            reader->on_past_end(std::exchange(reader->place, {}).next);
            break;
    }
}

bool History::is_fast_asleep(const PastSlot& slot) const {
    return slot.reader() != nullptr && slot.reader()->place.asleep &&
           tools_.reactor.now_ms() - slot.asleep_since_ms() >= past_asleep_ms;
}

// It takes nothing now, and others wait.
void History::park(PastSlot& slot) {
    PastReader& reader = *slot.reader();
    slot.end();
    reader.place.slot = 0;
    reader.place.parked = true;
}

// Others wait: it goes to the end of the queue.
void History::let_go(PastSlot& slot) {
    PastReader& reader = *slot.reader();
    slot.end();
    queue(reader);
}

bool History::has_work() const {
    const std::uint64_t now_ms = tools_.reactor.now_ms();
    bool room = false;
    for (const PastSlot& slot : slots_) {
        if (slot.runnable(now_ms)) return true;
        room = room || slot.free();
    }
    return room && std::any_of(waiting_.begin(), waiting_.end(),
                               [](const PastReader* reader) { return reader != nullptr; });
}

void History::arm_timer() {
    std::uint64_t soonest_ms = UINT64_MAX;
    for (const PastSlot& slot : slots_) {
        if (slot.reader() == nullptr) continue;
        if (slot.rests_until_ms() != 0) soonest_ms = std::min(soonest_ms, slot.rests_until_ms());
        if (slot.reader()->place.asleep && !waiting_.empty())
            soonest_ms = std::min(soonest_ms, slot.asleep_since_ms() + past_asleep_ms);
    }
    if (soonest_ms == UINT64_MAX || timer_.armed()) return;
    const std::uint64_t now_ms = tools_.reactor.now_ms();
    tools_.reactor.arm(timer_, soonest_ms > now_ms ? soonest_ms - now_ms : 0);
}

bool History::idle() const {
    return std::all_of(slots_.begin(), slots_.end(),
                       [](const PastSlot& slot) { return slot.free(); });
}

}  // namespace logwisp
