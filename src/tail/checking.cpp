// Everything periodic. One timer: once a second a sweep that verifies a part of what events should
// have told, more often only while something cannot tell by itself (no events, an error, a held
// line, a file in doubt).
#include <algorithm>

#include "tail/state.hpp"

namespace logwisp {

void TailState::on_tick() {
    tick_at_ms = 0;
    if (starting) return settle();
    retry_due();
    if (now_ms() >= next_poll_ms) {
        next_poll_ms = now_ms() + config.check_interval_ms;
        poll_unwatched();
        check_held();
        check_suspects();
    }
    if (now_ms() >= next_sweep_ms) {
        next_sweep_ms = now_ms() + sweep_ms;
        sweep();
    }
    settle();
}

void TailState::sweep() {
    check_retired();
    limit_descriptors(idle_files_looked_for_max);
    look_for_missing_roots();
    look_at_refused_directories();
    for (std::size_t count = std::min(verified_directories_per_sweep, places.size()); count > 0;
         --count) {
        if (places.empty()) break;
        place_cursor = (place_cursor + 1) % places.size();
        Place& place = *places[place_cursor];
        if (place.watch < 0) continue;
        if (place.error != 0) scan_later(place, false);  // could not be listed before
        recheck_place(place);
    }
    watch_again();
    // Paths that lead nowhere are looked for; one that has its file again needs that no more.
    const auto absent = absent_paths;
    for (const std::string& path : absent) {
        const FollowedPath* entry = path_at(path);
        if (entry == nullptr || (entry->current != nullptr && !entry->current->retired))
            std::erase(absent_paths, path);
        else
            look(path, entry->target);
    }
    for (std::size_t count = std::min(verified_files_per_sweep, followers.size()); count > 0;
         --count) {
        if (followers.empty()) break;
        verify_cursor = (verify_cursor + 1) % followers.size();
        Follower& follower = *followers[verify_cursor];
        if (follower.renamed && follower.slot == nullptr && follower.at_end() &&
            follower.primary != nullptr && now_ms() - follower.changed_ms >= config.drain_idle_ms) {
            set_origin(follower, follower.primary);
            follower.renamed = false;
        }
        if (follower.watch >= 0) verify(follower);
    }
}

void TailState::verify(Follower& follower) {
    if (follower.slot != nullptr) {
        follower.again = true;
        if (follower.primary == nullptr) return;
    }
    if (follower.primary != nullptr)
        return look(follower.primary->path(), follower.primary->target);
    if (follower.file < 0) return;
    if (const auto status = files().status(follower.file)) examine(follower, *status);
}

// Without events: every path and every directory, every time, as far as that is cheap.
void TailState::poll_unwatched() {
    if (unwatched_places != 0) {
        for (std::size_t count = std::min(verified_directories_per_sweep, places.size()); count > 0;
             --count) {
            if (places.empty()) break;
            place_cursor = (place_cursor + 1) % places.size();
            Place& place = *places[place_cursor];
            if (place.watch >= 0 || listing.place == &place) continue;
            const auto status = files().status(place.path);
            if (!status || status->identity != place.identity)
                recheck_place(place);
            else if (now_ms() >= place.rests_until_ms)
                scan_later(place, false);
        }
    }
    if (unwatched_files != 0) poll_files();
}

void TailState::poll_files() {
    std::erase_if(busy, [this](const Follower* follower) {
        return follower->watch >= 0 || now_ms() - follower->changed_ms >= busy_ms;
    });
    std::size_t left = polled_files_per_check() - busy.size();
    // A look may end following one, which takes it out of the list.
    for (std::size_t at = 0; at < busy.size();) {
        Follower* const follower = busy[at];
        verify(*follower);
        if (at < busy.size() && busy[at] == follower) ++at;
    }
    for (left = std::min(left, followers.size()); left > 0; --left) {
        if (followers.empty()) break;
        poll_cursor = (poll_cursor + 1) % followers.size();
        Follower& follower = *followers[poll_cursor];
        if (follower.watch < 0) verify(follower);
    }
}

std::size_t TailState::polled_files_per_check() const {
    return std::clamp<std::size_t>(polled_files_per_second * config.check_interval_ms / 1000, 2,
                                   polled_files_per_check_max);
}

// One for which there is no room takes turns with the others.
void TailState::note_busy(Follower& follower) {
    if (busy.size() >= polled_files_per_check() / 2) return;
    if (std::find(busy.begin(), busy.end(), &follower) == busy.end()) busy.push_back(&follower);
}

// Watches may be had again: tried until the first refusal.
void TailState::watch_again() {
    if (!parts.watches.available()) return;
    std::size_t tries = verified_directories_per_sweep;
    if (unwatched_places != 0) {
        for (const auto& place : places) {
            if (place->watch >= 0 || tries == 0 || place->to_scan) continue;
            --tries;
            watch_place(*place);
            if (place->watch < 0) break;
            scan_later(*place, true);
        }
    }
    if (unwatched_files == 0) return;
    for (const auto& follower : followers) {
        if (follower->watch >= 0 || follower->primary == nullptr || tries == 0) continue;
        --tries;
        watch_file(*follower, follower->primary->path());
        if (follower->watch < 0) break;
        schedule(*follower);
    }
}

void TailState::retry_due() {
    std::size_t left = retries_per_tick;
    for (; left > 0; --left) {
        Follower* const follower = failed.take(now_ms());
        if (follower == nullptr) break;
        follower->retry.at_ms = 0;
        schedule(*follower);
    }
    for (; left > 0; --left) {
        const FollowedPath* const entry = failed_paths.take(now_ms());
        if (entry == nullptr) break;
        const std::string path = entry->path();  // the entry may go meanwhile
        look(path, entry->target);
    }
}

// A file that no path names is closed once its writer has been silent for drain_idle_ms and
// everything was read.
void TailState::check_retired() {
    for (Follower* follower : retired) {
        if (follower->slot != nullptr || follower->queued || follower->waits_for != nullptr)
            continue;
        if (follower->searching || follower->unpacking) continue;
        if (now_ms() - follower->changed_ms < config.drain_idle_ms) continue;
        // Something is still compared with it.
        if (std::any_of(generations_in_doubt.begin(), generations_in_doubt.end(),
                        [follower](const auto& one) { return one.second == follower; }))
            continue;
        // Not opened yet since nothing can be opened: that passes.
        if (follower->file < 0 && is_out_of_descriptors(follower->error)) continue;
        const auto status =
            follower->file >= 0 ? files().status(follower->file) : failure(EBADF, "stat");
        const std::uint64_t position = follower->mark.position();
        const bool unread = status && !follower->refused && status->size_bytes > position;
        if (unread && follower->error == 0) {
            examine(*follower, *status);
            continue;
        }
        if (unread) told_lost(*follower, status->size_bytes);
        if (follower->file < 0 && follower->error != 0) {
            counters.unknown_losses.add();
            log_warn("{}: {}: rotated away and cannot be opened", stream_name,
                     follower->origin->path());
        }
        follower->finishing = true;
        schedule(*follower);
    }
}

void TailState::told_lost(const Follower& follower, std::uint64_t size_bytes) {
    const std::uint64_t position = follower.mark.position();
    if (size_bytes <= position) return;
    counters.lost_bytes.add(size_bytes - position);
    log_warn("{}: {}: rotated away with {} bytes that cannot be read", stream_name,
             follower.origin->path(), size_bytes - position);
}

void TailState::check_held() {
    std::erase_if(holding, [&](Follower* follower) {
        if (!follower->splitter.holding()) {
            follower->in_holding = false;
            return true;
        }
        if (now_ms() - follower->held_since_ms >= config.flush_partial_ms &&
            follower->slot == nullptr) {
            follower->flush_partial = true;
            schedule(*follower);
        }
        return false;
    });
}

void TailState::check_suspects() {
    const auto in_doubt = suspects;
    for (Follower* follower : in_doubt) schedule(*follower);
}

void TailState::arm_tick() {
    if (closing || !started) return;
    if (!starting && followers.empty() && places.empty() && missing_roots.empty()) return;
    std::uint64_t at = next_sweep_ms;
    if (unwatched_files != 0 || unwatched_places != 0 || !suspects.empty() || !holding.empty())
        at = std::min(at, next_poll_ms);
    if (starting || listing.place != nullptr || !places_to_scan.empty() || !beside_rotated.empty())
        at = now_ms();
    at = std::min({at, failed.next_ms(), failed_paths.next_ms()});
    if (tick_at_ms != 0 && tick_at_ms <= at) return;
    tick_at_ms = std::max(at, now_ms() + 1);
    parts.reactor.arm(tick, tick_at_ms - now_ms());
}

}  // namespace logwisp
