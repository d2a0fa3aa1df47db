// What is told of files to whoever asks: for each one that is followed how it is, and for what a
// target names and nobody reads the reason. Costs a look at every follower and every path, and text
// for as many rows as are wanted.
#include <algorithm>
#include <iterator>

#include "tail/state.hpp"

namespace logwisp {

void TailState::note(Follower& follower, FileEvent event) {
    follower.last_event = event;
    follower.event_us = files().wall_us();
}

WatcherStatus TailState::row_of(std::uint32_t target, const std::string& path) const {
    WatcherStatus row;
    row.path = path;
    row.target_path = plans[target].target().path;
    row.target_pattern = plans[target].target().pattern;
    return row;
}

WatcherStatus TailState::row_of(const Follower& follower) const {
    const FollowedPath& origin = *follower.origin;
    const FollowedPath& named = follower.primary != nullptr ? *follower.primary : origin;
    WatcherStatus row = row_of(named.target, named.path());
    row.identity = follower.identity;
    row.born_ns = follower.born_ns;
    row.size_bytes = std::max(follower.known_size_bytes, follower.mark.position());
    row.position = follower.mark.position();
    row.entries = follower.entries;
    row.rotations = origin.rotations;
    if (origin.last_rotations != nullptr) row.last_rotations = *origin.last_rotations;
    row.last_read_us = origin.last_read_us;
    row.last_event = follower.last_event;
    row.last_event_us = follower.event_us;
    row.polled = follower.watch < 0;
    row.draining = follower.retired;
    if (follower.refused)
        row.error = "compressed";
    else if (follower.error == error_refused)
        row.error = "not read: a link that is not followed leads there now";
    else if (follower.error != 0)
        row.error = Error{follower.error, "read", {}}.text();
    else if (named.error != 0 && named.current == &follower)
        // Another file has its name now.
        row.error =
            parts.confinement.text({named.error, "open", {}}, named.path(), Wanted::contents);
    return row;
}

// Why something is not read is what people look for: it keeps half of the rows beside many files
// that are read.
Watchers TailState::watchers(const WatcherQuestion& question) {
    Watchers unread;
    tell_missing_targets(question, unread);
    tell_unread_paths(question, unread);
    const std::size_t rows_for_all =
        question.rows_max - std::min(question.rows_max, followers.size());
    const std::size_t unread_max = std::max(question.rows_max / 2, rows_for_all);
    Watchers told;
    told.not_shown = unread.not_shown;
    if (unread.rows.size() > unread_max) {
        told.not_shown += unread.rows.size() - unread_max;
        unread.rows.resize(unread_max);
    }
    const std::size_t files_max = question.rows_max - unread.rows.size();
    for (const auto& follower : followers) {
        const FollowedPath* const named =
            follower->primary != nullptr ? follower->primary : follower->origin;
        if (!question.wants(named->path(), &follower->identity)) continue;
        if (told.rows.size() < files_max)
            told.rows.push_back(row_of(*follower));
        else
            ++told.not_shown;
    }
    std::move(unread.rows.begin(), unread.rows.end(), std::back_inserter(told.rows));
    return told;
}

// Named by a target, seen, and not read under that name.
void TailState::tell_unread_paths(const WatcherQuestion& question, Watchers& told) {
    for (const auto& [path, entry] : paths) {
        const Follower* const now = entry.current;
        const bool other_name = entry.other_name && now != nullptr && !now->retired &&
                                now->primary != nullptr && now->primary != &entry;
        if (entry.error == 0 && !entry.refused && !entry.leads_nowhere && !other_name) continue;
        if (now != nullptr && !now->retired && !other_name) continue;
        if (!question.wants(path, other_name ? &now->identity : nullptr)) continue;
        if (told.rows.size() >= question.rows_max) {
            ++told.not_shown;
            continue;
        }
        WatcherStatus row = row_of(entry.target, path);
        row.rotations = entry.rotations;
        if (entry.last_rotations != nullptr) row.last_rotations = *entry.last_rotations;
        row.last_read_us = entry.last_read_us;
        if (other_name) {
            row.identity = now->identity;
            row.error = "the same file as " + now->primary->path();
        } else if (entry.leads_nowhere) {
            row.error = "a symbolic link that leads nowhere: waited for";
        } else if (entry.refusal != nullptr) {
            row.error = "not followed: " + *entry.refusal;
        } else {
            row.error = entry.refused ? "not a regular file"
                                      : parts.confinement.text({entry.error, "open", {}}, path,
                                                               Wanted::contents);
        }
        told.rows.push_back(std::move(row));
    }
}

// Targets whose directory, or whose one file, is not there, and directories that cannot be listed.
void TailState::tell_missing_targets(const WatcherQuestion& question, Watchers& told) {
    const auto tell = [&](std::uint32_t target, const std::string& path, std::string why) {
        if (!question.wants(path, nullptr)) return;
        WatcherStatus row = row_of(target, path);
        row.error = std::move(why);
        told.rows.push_back(std::move(row));
    };
    for (const std::uint32_t target : missing_roots)
        if (!refused_directories.contains(plans[target].root()))
            tell(target, plans[target].target().path, "missing: waited for");
    for (const auto& [path, refused] : refused_directories)
        tell(refused.target, path, "not followed: " + refused.why);
    for (std::uint32_t target = 0; target < plans.size() && !starting; ++target) {
        const std::string named = plans[target].fixed_path();
        if (named.empty() || places_by_path.contains(named)) continue;
        if (std::find(missing_roots.begin(), missing_roots.end(), target) != missing_roots.end())
            continue;
        const FollowedPath* const entry = path_at(named);
        const bool read = entry != nullptr && entry->current != nullptr && !entry->current->retired;
        const bool told_as_path =
            entry != nullptr && (entry->error != 0 || entry->refused || entry->leads_nowhere);
        if (!read && !told_as_path) tell(target, named, "missing: waited for");
    }
    for (const auto& place : places)
        if (place->error == error_refused)
            tell(place->target, place->path, "not followed: a link leads there now");
        else if (place->error != 0)
            tell(place->target, place->path,
                 parts.confinement.text({place->error, "list", {}}, place->path, Wanted::names));
}

}  // namespace logwisp
