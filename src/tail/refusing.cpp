// What a target names and following leaves alone: what is no regular file, and what symbolic or hard
// links lead to that the rule (link_rule.hpp) does not believe. Said once, shown as long as it is so,
// and looked at again: somebody may set it right where no event tells.
#include <unistd.h>

#include "base/file_mode.hpp"
#include "tail/state.hpp"

namespace logwisp {

namespace {
// So many names are told when they are refused first, the others one a minute.
constexpr std::uint64_t refusals_told_max = 64;
}  // namespace

// A FIFO, a socket, a device or a directory where a file is followed.
void TailState::refuse(FollowedPath& entry) {
    path_works(entry);
    entry.refusal.reset();
    if (!std::exchange(entry.refused, true))
        log_warn("{}: {}: not a regular file: left alone", stream_name, entry.path());
    leave_refused(entry);
}

void TailState::refuse_name(FollowedPath& entry, const Error& error) {
    path_works(entry);
    const bool is_new = !entry.refused || entry.refusal == nullptr;
    entry.refused = true;
    entry.refusal = std::make_unique<std::string>(error.where);
    if (is_new) tell_refused(entry.path(), error, !std::exchange(entry.told_refusal, true));
    entry.retry.fail(now_ms());
    failed_paths.add(entry);
    leave_refused(entry);
}

// What was read under the path is read to its end, unless it is that which is refused (by another
// rule than before).
void TailState::leave_refused(FollowedPath& entry) {
    Follower* const current = entry.current;
    if (current == nullptr || current->primary != &entry || current->retired) return;
    if (entry.refusal == nullptr) return leave_path(entry, *current);
    const auto status = files().status(entry.path());
    const bool is_it = status && status->identity == current->identity;
    leave_path(entry, *current);
    if (!is_it || !current->retired || current->searching) return;
    current->finishing = true;
    schedule(*current);
}

// Who exchanges links all the time, or makes ever new ones, shall not fill the log.
void TailState::tell_refused(const std::string& path, const Error& error, bool first) {
    counters.refused_links.add();
    const bool freely = first && counters.refused_links.get() <= refusals_told_max;
    if (!freely && !refusal_limiter.allow(now_ms())) return;
    const std::string_view advice = advice_for_refused(config.follow_symlinks, error.where);
    log_warn("{}: {}: {}: not followed{}{}", stream_name, path, error.where,
             advice.empty() ? "" : "; if it is to be read, ", advice);
}

void TailState::refuse_directory(const Place& place, const Error& error) {
    const auto [known, is_new] =
        refused_directories.try_emplace(place.path, RefusedDirectory{place.target, error.where});
    if (!is_new) return;
    const bool first = told_directories.size() < remembered_paths_max &&
                       told_directories.insert(place.path).second;
    tell_refused(place.path, error, first);
}

// Some of them in every sweep; a place above finds what is followed now.
void TailState::look_at_refused_directories() {
    std::vector<std::string> changed;
    for (std::size_t left = std::min(verified_directories_per_sweep, refused_directories.size());
         left > 0; --left) {
        auto at = refused_directories.upper_bound(refused_looked_at);
        if (at == refused_directories.end()) at = refused_directories.begin();
        refused_looked_at = at->first;
        const auto status = judged_status(at->first);
        if (status || status.error().code != error_refused) changed.push_back(at->first);
    }
    for (const std::string& path : changed) {
        refused_directories.erase(path);
        const auto [first, last] = places_by_path.equal_range(std::string(directory_name(path)));
        for (auto at = first; at != last; ++at) scan_later(*at->second, true);
    }
}

// Root can read everything: whoever may make names there is to be known.
void TailState::told_writable(const Place& place, const FileStatus& status) {
    const std::string_view who = others_who_write(status.mode, status.group);
    if (who.empty() || ::geteuid() != 0) return;
    log_warn(
        "{}: {}: {} may write there (mode {:04o}), and what is followed is read as root: see "
        "docs/security.md",
        stream_name, place.path, who, status.mode);
}

}  // namespace logwisp
