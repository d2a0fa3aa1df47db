#include "tail/tail.hpp"

#include <sys/inotify.h>

#include <algorithm>

#include "base/check.hpp"
#include "tail/state.hpp"

namespace logwisp {

namespace {

constexpr std::uint32_t self_mask =
    IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED | IN_ATTRIB;

// Of a file's own watch; the weightiest when several were told together.
FileEvent event_of(std::uint32_t mask) {
    if ((mask & IN_DELETE_SELF) != 0) return FileEvent::deleted;
    if ((mask & (IN_UNMOUNT | IN_IGNORED)) != 0) return FileEvent::unwatched;
    if ((mask & IN_MOVE_SELF) != 0) return FileEvent::moved;
    return (mask & IN_ATTRIB) != 0 ? FileEvent::attributes : FileEvent::written;
}

}  // namespace

TailState::TailState(TailParts the_parts, std::string name, const MonitorConfig& the_config,
                     EntrySink& the_sink)
    : parts(the_parts), stream_name(std::move(name)), config(the_config), sink(the_sink) {
    for (const Target& target : config.targets) plans.emplace_back(target);
    for (ReadSlot& slot : slots) {
        slot.owner = this;
        slot.completion.bind<&ReadSlot::on_read>(slot);
    }
    tick.bind<&TailState::on_tick>(*this);
    packed_timer.bind<&TailState::on_packed_timer>(*this);
    just_read.reserve(read_slots);
    parts.reactor.add_turn_hook(*this);
}

void TailState::start(std::unique_ptr<TailPositions> from) {
    CHECK(!started);
    started = true;
    starting = true;
    if (from != nullptr) take_over(std::move(from));
    for (std::uint32_t target = 0; target < plans.size(); ++target)
        seen_until_ns.push_back(seen_until_at_start_ns(target));
    settle();
}

// Every target has been looked for. What was told meanwhile is acted on now: only what nothing was
// known of before is new.
void TailState::finish_start() {
    watch_missing_roots();
    if (resumed != nullptr) look_at_resumed();
    starting = false;
    next_sweep_ms = now_ms() + sweep_ms;
    next_poll_ms = now_ms() + config.check_interval_ms;
    act_on_events();
}

// The end of every entry point.
void TailState::settle() {
    if (closing) return;
    scan_places();
    if (!bases_to_name.empty()) {
        std::sort(bases_to_name.begin(), bases_to_name.end());
        bases_to_name.erase(std::unique(bases_to_name.begin(), bases_to_name.end()),
                            bases_to_name.end());
        for (const std::string& base : bases_to_name) name_sources(base);
        bases_to_name.clear();
    }
    work_on_packed();
    record_what_is_due();
    pump();
    arm_tick();
}

void TailState::on_sink_ready() {
    if (closing || !sink_blocked) return;
    sink_blocked = false;
    while (!sink_blocked) {
        // The reads that came first go on first.
        ReadSlot* oldest = nullptr;
        for (ReadSlot& slot : slots) {
            if (slot.follower == nullptr || slot.completion.in_flight()) continue;
            if (oldest == nullptr || slot.order < oldest->order) oldest = &slot;
        }
        if (oldest == nullptr) break;
        split(*oldest);
    }
    settle();
}

// Growth is the common case and only queues a read; everything else is looked at once, after all of
// the turn's events.
void TailState::on_event(const WatchEvent& event) {
    const auto found = watch_uses.find(event.watch);
    if (found == watch_uses.end() || closing) return;
    if ((event.mask & IN_MODIFY) != 0 && found->second.follower != nullptr) {
        note(*found->second.follower, FileEvent::written);
        return schedule(*found->second.follower);
    }
    if (!event.name.empty() && !concerns(found->second.names.get(), event.name)) return;
    NotedEvent noted{event.watch, event.mask, std::string(event.name)};
    if (!events.empty() && events.back().watch == noted.watch && events.back().name == noted.name) {
        events.back().mask |= noted.mask;
        return;
    }
    events.push_back(std::move(noted));
}

// The parent of a followed directory may be a busy one: names nobody waits for cost nothing more.
bool TailState::concerns(const NamesUse* use, std::string_view name) const {
    if (use == nullptr) return false;
    if (use->missing_root || !use->links.empty()) return true;
    return std::any_of(use->places.begin(), use->places.end(), [&](const Place* place) {
        const TargetPlan& plan = plans[place->target];
        return place->part == plan.parts().size() || plan.part_matches(place->part, name);
    });
}

void TailState::on_events_end() {
    if (closing) return;
    if (!starting) act_on_events();
    settle();
}

void TailState::act_on_events() {
    std::vector<NotedEvent> told;
    told.swap(events);
    for (const NotedEvent& event : told) {
        if ((event.mask & (IN_CREATE | IN_MOVED_TO)) == 0) continue;
        const auto use = watch_uses.find(event.watch);
        if (use == watch_uses.end() || use->second.names == nullptr) continue;
        for (const Place* place : use->second.names->places) note_rotated_name(*place, event.name);
    }
    for (const NotedEvent& event : told) act_on(event);
    look_beside_rotated();
    if (std::exchange(events_lost, false)) {
        log_warn("{}: inotify events were lost: everything is looked at again", stream_name);
        look_at_everything();
    }
}

void TailState::act_on(const NotedEvent& event) {
    const auto found = watch_uses.find(event.watch);
    if (found == watch_uses.end()) return;
    // Copies: what is done below changes them.
    Follower* const follower = found->second.follower;
    const NamesUse use = found->second.names == nullptr ? NamesUse() : *found->second.names;
    if ((event.mask & IN_IGNORED) != 0) {
        // The kernel has dropped the watch.
        for (Place* place : use.places) place->watch = -1;
        unwatched_places += use.places.size();
        if (follower != nullptr) {
            follower->watch = -1;
            ++unwatched_files;
        }
        watch_uses.erase(found);
    }
    if (follower != nullptr) {
        note(*follower, event_of(event.mask));
        verify(*follower);
    }
    for (Place* place : use.places) {
        // Dropped by what an earlier one led to.
        if (std::none_of(places.begin(), places.end(),
                         [place](const auto& known) { return known.get() == place; }))
            continue;
        if (!event.name.empty())
            consider(*place, event.name, true);
        else if ((event.mask & self_mask) != 0)
            recheck_place(*place);
    }
    for (const auto& [path, name] : use.links) {
        if (!event.name.empty() && event.name != name) continue;
        if (const FollowedPath* entry = path_at(path)) look(path, entry->target);
    }
    if (use.missing_root) look_for_missing_roots();
}

bool TailState::reading() const {
    const auto in_flight = [](const auto& packed) {
        return packed->text != nullptr && !packed->text->idle();
    };
    return std::any_of(slots.begin(), slots.end(),
                       [](const ReadSlot& slot) { return slot.completion.in_flight(); }) ||
           std::any_of(searches.begin(), searches.end(), in_flight) ||
           std::any_of(unpackings.begin(), unpackings.end(), in_flight);
}

void TailState::close() {
    if (closing) return;
    closing = true;
    parts.reactor.disarm(tick);
    parts.reactor.disarm(packed_timer);
    for (const auto& [watch, use] : watch_uses) parts.watches.remove(watch, *this);
    watch_uses.clear();
    for (ReadSlot& slot : slots) parts.reactor.cancel(slot.completion);
    for (const auto& search : searches)
        if (search->text != nullptr) search->text->cancel();
    for (const auto& unpacking : unpackings)
        if (unpacking->text != nullptr) unpacking->text->cancel();
    if (!reading()) release_everything();
}

// Nothing is in flight any more.
void TailState::release_everything() {
    for (const auto& search : searches)
        if (search->file >= 0) close_file(search->file);
    stopped_at = hand_over();
    searches.clear();
    unpackings.clear();
    followers.clear();
    counters.files.set(0);
}

Tail::Tail(TailParts parts, std::string stream_name, const MonitorConfig& config, EntrySink& sink)
    : state_(std::make_unique<TailState>(parts, std::move(stream_name), config, sink)) {}

Tail::~Tail() {
    CHECK(closed());
    state_->parts.reactor.remove_turn_hook(*state_);
}

void Tail::start(std::unique_ptr<TailPositions> positions) { state_->start(std::move(positions)); }
void Tail::record_all(LedgerRecords& records) { state_->record_all(records); }
void Tail::on_sink_ready() { state_->on_sink_ready(); }
void Tail::close() { state_->close(); }
bool Tail::closed() const { return !state_->started || (state_->closing && !state_->reading()); }
std::unique_ptr<TailPositions> Tail::take_positions() {
    CHECK(closed());
    return std::move(state_->stopped_at);
}
bool Tail::ready() const { return state_->started && !state_->starting; }
const TailCounters& Tail::counters() const { return state_->counters; }

Watchers Tail::watchers(const WatcherQuestion& question) const {
    return state_->watchers(question);
}

}  // namespace logwisp
