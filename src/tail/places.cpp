// Which directories are looked into, and what happens in them. A place is watched first and listed
// then, so that what appears in between is seen at least once; seeing it twice does no harm.
#include <sys/inotify.h>

#include <algorithm>

#include "base/path.hpp"
#include "tail/state.hpp"

namespace logwisp {

namespace {

constexpr std::uint32_t directory_mask = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                         IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;

bool is_directory(const Result<FileStatus>& status) {
    return status && status->kind == FileKind::directory;
}

}  // namespace

void TailState::look_for_root(std::uint32_t target) {
    const std::string& root = plans[target].root();
    const auto status = judged_status(root);
    Place place;
    place.path = root;
    place.target = target;
    if (!is_directory(status)) {
        missing_roots.push_back(target);
        if (!status && status.error().code == error_refused)
            refuse_directory(place, status.error());
        return;
    }
    place.identity = status->identity;
    place.base_bytes = static_cast<std::uint32_t>(join_path(root, "").size());
    add_place(std::move(place));
}

void TailState::look_for_missing_roots() {
    if (missing_roots.empty()) return;
    std::vector<std::uint32_t> looked_for;
    looked_for.swap(missing_roots);
    for (const std::uint32_t target : looked_for) look_for_root(target);
    watch_missing_roots();
}

// The nearest ancestor that exists tells when the next directory towards the root appears.
void TailState::watch_missing_roots() {
    std::vector<int> unused;
    for (auto& [watch, use] : watch_uses)
        if (use.names != nullptr && std::exchange(use.names->missing_root, false))
            unused.push_back(watch);
    for (const std::uint32_t target : missing_roots) {
        std::string_view ancestor = plans[target].root();
        do {
            ancestor = directory_name(ancestor);
        } while (ancestor != "/" && ancestor != "." &&
                 !is_directory(files().status(std::string(ancestor))));
        const auto watch = parts.watches.add(std::string(ancestor), directory_mask, *this);
        if (watch) names_use(*watch).missing_root = true;
    }
    for (const int watch : unused) release_watch_if_unused(watch);
}

void TailState::add_place(Place place) {
    // The same directory in the same role: a link that leads back, or a name told twice.
    const auto [first, last] = places_by_identity.equal_range(place.identity);
    for (auto found = first; found != last; ++found)
        if (found->second->target == place.target && found->second->part == place.part) return;
    if (place.depth > directory_depth_max) {
        log_warn("{}: {}: deeper than {} directories: not followed", stream_name, place.path,
                 directory_depth_max);
        return;
    }
    const auto status = judged_status(place.path);
    if (!status && status.error().code == error_refused)
        return refuse_directory(place, status.error());
    if (is_directory(status) && looks_for_files(place)) told_writable(place, *status);
    refused_directories.erase(place.path);
    auto& added = *places.emplace_back(std::make_unique<Place>(std::move(place)));
    ++unwatched_places;
    places_by_identity.emplace(added.identity, &added);
    places_by_path.emplace(added.path, &added);
    scan_later(added, true);
}

// And not only for the directory that the target names.
bool TailState::looks_for_files(const Place& place) {
    const TargetPlan& plan = plans[place.target];
    if (place.part + 1 < plan.parts().size()) return false;
    if (place.part == plan.parts().size()) return true;
    const std::string named = plan.fixed_path();
    return plan.may_be_file() && (named.empty() || !is_directory(files().status(named)));
}

// `told`: its names are new or an event says so; otherwise a path that failed waits for its next
// try.
void TailState::scan_later(Place& place, bool told) {
    place.scan_is_told = place.scan_is_told || told;
    if (std::exchange(place.to_scan, true)) return;
    places_to_scan.push_back(&place);
}

// A list instead of recursion: a tree may be deep. What a turn does not get to is left to the next:
// with ten thousand files to open, the readers of other streams shall not wait for the last.
void TailState::scan_places() {
    while (true) {
        while (listing.place != nullptr) {
            if (listing.next == listing.names.size()) {
                listing.place = nullptr;
                break;
            }
            if (!may_look_at_another()) return;
            const std::string& name = listing.names[listing.next++];
            consider(*listing.place, name, listing.told);
        }
        look_beside_rotated();
        if (!beside_rotated.empty()) return;
        if (!places_to_scan.empty()) {
            Place& place = *places_to_scan.back();
            places_to_scan.pop_back();
            place.to_scan = false;
            watch_place(place);
            list_names(place);
        } else if (starting && next_target < plans.size()) {
            // Target by target: where two want the same file the first one's options count.
            look_for_root(next_target++);
        } else if (starting) {
            finish_start();
        } else {
            return;
        }
    }
}

// While more is open than may be, what is open is read first, and then closed.
bool TailState::may_look_at_another() {
    const bool few = parts.descriptors.exceeded() || parts.descriptors.scarce(now_ms());
    if (few && queue_first != nullptr) return false;
    if (std::exchange(names_turn, parts.reactor.turns()) != parts.reactor.turns())
        names_left = names_per_turn;
    if (names_left == 0) return false;
    --names_left;
    return true;
}

void TailState::watch_place(Place& place) {
    if (place.watch >= 0 || !files().has_events(place.path)) return;
    const auto watch = parts.watches.add(place.path, directory_mask, *this);
    if (!watch) return told_no_watch(watch.error());
    place.watch = *watch;
    --unwatched_places;
    names_use(*watch).places.push_back(&place);
}

void TailState::told_no_watch(const Error& error) {
    if (error.code == ENOENT) return;  // renamed or deleted since it was found: looked for again
    if (!watch_limiter.allow(now_ms())) return;
    log_warn("{}: {}: such files and directories are checked every {} ms instead", stream_name,
             error.text(), config.check_interval_ms);
}

// Names that are of no interest cost nothing more.
void TailState::list_names(Place& place) {
    listing.names.clear();
    listing.next = 0;
    const TargetPlan& plan = plans[place.target];
    const bool chooses_files = place.part == plan.parts().size();
    const bool may_be_unseen = place.scan_is_told && (!starting || was_followed(place.target));
    std::uint64_t names = 0;
    const auto listed = list_directory(place.path, [&](std::string_view name, FileKind kind) {
        ++names;
        if (may_be_unseen) note_rotated_name(place, name);
        if (chooses_files) {
            if (kind == FileKind::directory && !plan.target().recursive) return;
            const std::string path = join_path(place.path, name);
            if (kind == FileKind::regular &&
                !plan.wants(std::string(name), std::string_view(path).substr(place.base_bytes)))
                return;
        } else if (!plan.part_matches(place.part, name)) {
            return;
        }
        listing.names.emplace_back(name);
    });
    if (!listed) {
        if (std::exchange(place.error, listed.error().code) == 0)
            log_warn("{}: {}: its files cannot be looked for", stream_name,
                     parts.confinement.text(listed.error(), place.path, Wanted::names));
        return;
    }
    place.error = 0;
    place.rests_until_ms = now_ms() + names * list_rest_us_per_name / 1000;
    std::sort(listing.names.begin(), listing.names.end());
    listing.place = &place;
    listing.told = std::exchange(place.scan_is_told, false);
}

// What it was before it was rotated, if nothing is known of that: perhaps nobody has seen it.
void TailState::note_rotated_name(const Place& place, std::string_view name) {
    const TargetPlan& plan = plans[place.target];
    const bool chooses_files = place.part == plan.parts().size();
    if (!chooses_files && (place.part + 1 != plan.parts().size() || !plan.may_be_file())) return;
    const auto wants = [&](const std::string& original) {
        const std::string path = join_path(place.path, original);
        return chooses_files ? plan.wants(original, std::string_view(path).substr(place.base_bytes))
                             : plan.part_matches(place.part, original);
    };
    std::vector<std::string> originals = original_names(unpacked_name(name));
    if (is_packed_name(name)) originals.emplace_back(unpacked_name(name));
    if (std::none_of(originals.begin(), originals.end(), wants)) return;
    // Wanted itself it is found by its own name; most others are known, or old.
    if (wants(std::string(name))) return;
    const auto status = files().status(join_path(place.path, name));
    if (!status || status->kind != FileKind::regular || find(status->identity) != nullptr ||
        !was_born_unseen(*status, place.target))
        return;
    for (const std::string& original : originals) {
        if (!wants(original)) continue;
        // app.log.1.gz was app.log.1, and that was app.log.
        const auto before = original_names(original);
        if (std::any_of(before.begin(), before.end(), wants)) continue;
        const std::string path = join_path(place.path, original);
        const FollowedPath* const known = path_at(path);
        if (known == nullptr || (!known->had_file && !known->existed_at_start))
            beside_rotated.emplace(path, place.target);
    }
}

// As much as a turn may; the rest stays for the next.
void TailState::look_beside_rotated() {
    while (!beside_rotated.empty() && may_look_at_another()) {
        const auto [path, target] = *beside_rotated.begin();
        look(path, target);
        beside_rotated.erase(path);
    }
}

// `told`: an event or the first listing says so; otherwise a path that failed waits for its next
// try.
void TailState::consider(const Place& place, const std::string& name, bool told) {
    const TargetPlan& plan = plans[place.target];
    const std::string path = join_path(place.path, name);
    if (told) recheck_places_at(path);
    const bool chooses_files = place.part == plan.parts().size();
    bool wanted = false;   // as a file
    bool entered = false;  // as a directory
    if (chooses_files) {
        const std::string_view below = std::string_view(path).substr(place.base_bytes);
        wanted = plan.wants(name, below);
        entered = plan.target().recursive && !plan.excludes(name, below);
    } else if (plan.part_matches(place.part, name)) {
        const bool last = place.part + 1 == plan.parts().size();
        wanted = last && plan.may_be_file();
        entered = !last || plan.may_be_directory();
    }
    if (!wanted && !entered) return;
    if (!told) {
        const FollowedPath* known = path_at(path);
        if (known != nullptr && known->retry.at_ms > now_ms()) return;
        if (known != nullptr && is_polled(*known)) return;
    }
    const auto status = files().status(path);
    if (is_directory(status) && entered) {
        Place below;
        below.path = path;
        below.identity = status->identity;
        below.target = place.target;
        below.part = chooses_files ? place.part : place.part + 1;
        below.depth = chooses_files ? place.depth + 1 : 0;
        below.base_bytes =
            chooses_files ? place.base_bytes : static_cast<std::uint32_t>(path.size() + 1);
        add_place(std::move(below));
        if (path_at(path) == nullptr) return;
    }
    if (is_directory(status) && path_at(path) == nullptr) return;
    if (wanted || path_at(path) != nullptr) look(path, place.target);
}

// Its file is looked at by this path anyway.
bool TailState::is_polled(const FollowedPath& entry) {
    const Follower* const file = entry.current;
    return file != nullptr && file->watch < 0 && file->primary == &entry;
}

void TailState::recheck_places_at(const std::string& path) {
    const auto places_there = [&] {
        std::vector<Place*> there;
        const auto [first, last] = places_by_path.equal_range(path);
        for (auto at = first; at != last; ++at) there.push_back(at->second);
        return there;
    };
    for (Place* const place : places_there()) {
        // Where directories were exchanged there may be two of a target: one takes the other along.
        const auto still = places_there();
        if (std::find(still.begin(), still.end(), place) != still.end()) recheck_place(*place);
    }
}

void TailState::recheck_place(Place& place) {
    const auto status = files().status(place.path);
    if (is_directory(status) && status->identity == place.identity) {
        if (place.watch < 0) scan_later(place, true);
        return;
    }
    // Not to be looked at now is not the same as gone.
    if (!status && status.error().code != ENOENT && status.error().code != ENOTDIR) return;
    Place again;
    again.path = place.path;
    again.target = place.target;
    again.part = place.part;
    again.depth = place.depth;
    again.base_bytes = place.base_bytes;
    drop_places(again.path, again.target);
    look_below(again.path);
    if (is_directory(status)) {
        again.identity = status->identity;
        add_place(std::move(again));
    } else if (again.path == plans[again.target].root()) {
        look_for_root(again.target);
        watch_missing_roots();
    }
}

// The directory and everything below it.
void TailState::drop_places(const std::string& path, std::uint32_t target) {
    const auto dropped = std::stable_partition(
        places.begin(), places.end(), [&](const std::unique_ptr<Place>& place) {
            return place->target != target || !lies_in(place->path, path);
        });
    std::vector<int> watches;
    for (auto at = dropped; at != places.end(); ++at) {
        Place* place = at->get();
        const auto erase_from = [place](auto& map, const auto& key) {
            const auto [first, last] = map.equal_range(key);
            for (auto found = first; found != last; ++found) {
                if (found->second != place) continue;
                map.erase(found);
                return;
            }
        };
        erase_from(places_by_identity, place->identity);
        erase_from(places_by_path, place->path);
        std::erase(places_to_scan, place);
        if (listing.place == place) listing.place = nullptr;
        if (place->watch < 0) {
            --unwatched_places;
            continue;
        }
        std::erase(names_use(place->watch).places, place);
        watches.push_back(place->watch);
    }
    places.erase(dropped, places.end());
    for (const int watch : watches) release_watch_if_unused(watch);
}

void TailState::look_below(const std::string& directory) {
    std::vector<std::pair<std::string, std::uint32_t>> below;
    for (auto at = paths.lower_bound(directory); at != paths.end(); ++at) {
        if (!at->first.starts_with(directory)) break;
        if (at->first != directory && lies_in(at->first, directory))
            below.emplace_back(at->first, at->second.target);
    }
    for (const auto& [path, target] : below) look(path, target);
}

NamesUse& TailState::names_use(int watch) {
    auto& names = watch_uses[watch].names;
    if (names == nullptr) names = std::make_unique<NamesUse>();
    return *names;
}

void TailState::release_watch_if_unused(int watch) {
    const auto found = watch_uses.find(watch);
    if (found == watch_uses.end() || !found->second.empty()) return;
    watch_uses.erase(found);
    parts.watches.remove(watch, *this);
}

// After events were lost: what is true now is looked up, nothing is concluded from what was told
// before.
void TailState::look_at_everything() {
    std::vector<std::string> known;
    for (const auto& place : places) known.push_back(place->path);
    for (const std::string& path : known) recheck_places_at(path);
    for (const auto& place : places) {
        scan_later(*place, true);
    }
    look_for_missing_roots();
    scan_places();
    std::vector<FileIdentity> files_now;
    for (const auto& follower : followers) files_now.push_back(follower->identity);
    for (const FileIdentity& identity : files_now)
        if (Follower* follower = find(identity)) verify(*follower);
}

}  // namespace logwisp
