#include "tail/watches.hpp"

#include <poll.h>
#include <sys/inotify.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/log.hpp"

namespace logwisp {

struct Watches::State final : TurnHook {
    State(Reactor& the_reactor, FileSystem& the_files) : reactor(the_reactor), files(the_files) {
        ready.bind<&State::on_ready>(*this);
        // Few streams share a core; nothing is to be allocated while lines flow.
        told.reserve(64);
        acting.reserve(64);
        open();
    }
    ~State() { reactor.remove_turn_hook(*this); }

    void open() {
        const auto opened = files.watch_open();
        if (!opened) {
            log_warn("{}: changes are looked for periodically instead", opened.error().text());
            return;
        }
        instance = *opened;
        reactor.poll(ready, instance, POLLIN);
    }

    void on_ready(const Outcome& outcome) {
        if (closing) return release();
        if (outcome.result >= 0) read_events();
        to_poll = true;
    }

    // Behind what the events led to: readers need not wait for it.
    bool on_turn_end() override {
        if (std::exchange(to_poll, false) && !closing) reactor.poll(ready, instance, POLLIN);
        return false;
    }

    void read_events() {
        const bool complete =
            files.watch_read(instance, [this](const WatchEvent& event) { tell(event); });
        if (!complete) {
            for (const auto& [watch, listener] : watched) note(listener);
            for (WatchListener* listener : told) listener->on_events_lost();
        }
        // A listener may add and remove watches here, so nothing of `watched` is being walked now.
        acting.swap(told);
        for (WatchListener* listener : acting) listener->on_events_end();
        acting.clear();
    }

    void tell(const WatchEvent& event) {
        // None, when it was removed meanwhile: events of it may still be queued.
        const auto [first, end] = watched.equal_range(event.watch);
        for (auto at = first; at != end; ++at) {
            note(at->second);
            at->second->on_event(event);
        }
        if ((event.mask & IN_IGNORED) != 0) watched.erase(first, end);
    }

    [[nodiscard]] auto find(int watch, const WatchListener& listener) {
        const auto [first, end] = watched.equal_range(watch);
        const auto found =
            std::find_if(first, end, [&](const auto& one) { return one.second == &listener; });
        return found == end ? watched.end() : found;
    }

    void note(WatchListener* listener) {
        if (std::find(told.begin(), told.end(), listener) == told.end()) told.push_back(listener);
    }

    void release() {
        files.close(instance);
        instance = -1;
    }

    Reactor& reactor;
    FileSystem& files;
    Completion ready;
    int instance = -1;
    bool to_poll = false;
    bool hooked = false;
    bool closing = false;
    std::unordered_multimap<int, WatchListener*> watched;  // nearly always one each
    std::vector<WatchListener*> told;    // listeners that heard something in this turn
    std::vector<WatchListener*> acting;  // the same while they act
};

Watches::Watches(Reactor& reactor, FileSystem& files)
    : state_(std::make_unique<State>(reactor, files)) {}

Watches::~Watches() { CHECK(closed()); }

Result<int> Watches::add(const std::string& path, std::uint32_t mask, WatchListener& listener) {
    if (!available()) return failure(EMFILE, "inotify", path);
    // Now, so that it comes behind those of whoever wants to watch.
    if (!std::exchange(state_->hooked, true)) state_->reactor.add_turn_hook(*state_);
    // Another listener may watch the same inode with another mask: add to it, never take away.
    auto watch = state_->files.watch_add(state_->instance, path, mask | IN_MASK_ADD);
    if (!watch) return watch;
    if (state_->find(*watch, listener) == state_->watched.end())
        state_->watched.emplace(*watch, &listener);
    return watch;
}

void Watches::remove(int watch, WatchListener& listener) {
    const auto found = state_->find(watch, listener);
    if (found == state_->watched.end()) return;
    state_->watched.erase(found);
    if (state_->watched.contains(watch)) return;
    state_->files.watch_remove(state_->instance, watch);
}

void Watches::close() {
    if (state_->closing) return;
    state_->closing = true;
    state_->reactor.cancel(state_->ready);
    if (!state_->ready.in_flight() && state_->instance >= 0) state_->release();
}

bool Watches::closed() const { return state_->instance < 0 && !state_->ready.in_flight(); }

bool Watches::available() const { return state_->instance >= 0 && !state_->closing; }

}  // namespace logwisp
