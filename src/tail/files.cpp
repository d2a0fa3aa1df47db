// Followers come and go; descriptors and watches with them.
#include <sys/inotify.h>

#include <algorithm>

#include "base/check.hpp"
#include "tail/state.hpp"

namespace logwisp {

namespace {
constexpr std::uint32_t file_mask = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;
}  // namespace

std::unique_ptr<Follower> TailState::make_follower() {
    return std::make_unique<Follower>(config.line_bytes_max, carries);
}

Follower& TailState::add_follower(std::unique_ptr<Follower> made, const FileStatus& status,
                                  int file) {
    Follower& follower = *made;
    follower.identity = status.identity;
    follower.file = file;
    follower.known_size_bytes = status.size_bytes;
    follower.modified_ns = status.modified_ns;
    follower.born_ns = status.born_ns;
    follower.recently_used = true;
    note(follower, FileEvent::found);
    follower.index = static_cast<std::uint32_t>(followers.size());
    followers.push_back(std::move(made));
    by_identity.emplace(status.identity, &follower);
    counters.files.add();
    ++unwatched_files;
    return follower;
}

// Compressed: known by its path, but not followed, and nothing is kept open for it.
void TailState::leave_alone(Follower& follower) {
    follower.refused = true;
    counters.files.subtract();
    close_file(follower);
    log_info("{}: {}: compressed: left alone", stream_name, follower.origin->path());
}

void TailState::close_file(Follower& follower) {
    if (follower.file >= 0) close_file(std::exchange(follower.file, -1));
}

void TailState::close_file(int file) {
    files().close(file);
    parts.descriptors.closed();
}

Result<int> TailState::open_file(const std::string& path) {
    auto opened = files().open_guarded(path, links());
    if (!opened && find_descriptors(opened.error())) opened = files().open_guarded(path, links());
    if (opened) parts.descriptors.opened();
    return opened;
}

Result<FileStatus> TailState::judged_status(const std::string& path) {
    auto status = files().status_guarded(path, links());
    if (!status && find_descriptors(status.error())) status = files().status_guarded(path, links());
    return status;
}

Result<void> TailState::list_directory(const std::string& path, const ListedName& each) {
    auto listed = files().list_guarded(path, links(), each);
    if (!listed && find_descriptors(listed.error()))
        listed = files().list_guarded(path, links(), each);
    return listed;
}

// With no descriptor left those of idle files are given back, here and by everybody else who
// follows. True when it is worth another try.
bool TailState::find_descriptors(const Error& error) {
    if (!is_out_of_descriptors(error.code)) return false;
    if (parts.descriptors.ran_out(now_ms()))
        log_warn("{}: {}: idle files are closed, and it is tried again until it works", stream_name,
                 error.text());
    const std::size_t before = parts.descriptors.used();
    limit_descriptors(idle_files_looked_for_max);
    return parts.descriptors.used() < before;
}

Follower* TailState::find(const FileIdentity& identity) {
    const auto found = by_identity.find(identity);
    return found == by_identity.end() ? nullptr : found->second;
}

void TailState::adopt_identity(Follower& follower, const FileIdentity& identity) {
    by_identity.erase(follower.identity);
    follower.identity = identity;
    by_identity.emplace(identity, &follower);
}

void TailState::set_primary(Follower& follower, FollowedPath* entry) {
    if (entry != nullptr) ++entry->followers;
    if (follower.primary != nullptr) --follower.primary->followers;
    follower.primary = entry;
    names_changed(follower);
}

void TailState::names_changed(Follower& follower) {
    follower.recorded = false;
    if (follower.number != 0) record_due(follower);
}

void TailState::set_origin(Follower& follower, FollowedPath* entry) {
    if (entry != nullptr) {
        if (++entry->followers <= 2) bases_to_name.emplace_back(base_name(entry->path()));
    }
    if (follower.origin != nullptr) --follower.origin->followers;
    follower.origin = entry;
    names_changed(follower);
}

void TailState::set_current(FollowedPath& entry, Follower* follower) {
    if (entry.current != nullptr) --entry.current->current_of;
    entry.current = follower;
    if (follower != nullptr) ++follower->current_of;
}

// Rotated away or deleted: read to the end, followed on until its writer has been silent for
// drain_idle_ms, then closed.
void TailState::retire(Follower& follower) {
    if (follower.retired) return;
    follower.retired = true;
    follower.changed_ms = now_ms();
    note(follower, FileEvent::rotated_away);
    // What is written in the very last moment before a rotation may still be unread in a file whose
    // descriptor was saved.
    set_primary(follower, nullptr);
    retired.push_back(&follower);
    if (follower.refused) {
        follower.finishing = true;
    } else if (const auto open = reopen(follower); !open) {
        if (open.error().code != ENOENT)
            read_failed(follower, open.error());
        else if (!search_packed(follower, true))
            gone(follower, follower.queued || !follower.at_end());
    } else if (const auto status = files().status(follower.file)) {
        follower.end_bytes = status->size_bytes;
        examine(follower, *status);
    }
    schedule(follower);
}

void TailState::destroy(Follower& follower) {
    CHECK(follower.slot == nullptr && !follower.searching);
    unschedule(follower);
    if (follower.unpacking) close_unpacking(follower);
    release_successor(follower);
    if (follower.waits_for != nullptr) follower.waits_for->successor = nullptr;
    const auto in_doubt = generations_in_doubt;
    for (const auto& [generation, old] : in_doubt)
        if (old == &follower) is_generation(*generation);
    for (auto* list : {&retired, &suspects, &holding, &busy, &just_read})
        std::erase(*list, &follower);
    std::erase_if(generations_in_doubt, [&](const auto& one) { return one.first == &follower; });
    failed.forget(follower);
    if (follower.watch >= 0) {
        watch_uses[follower.watch].follower = nullptr;
        release_watch_if_unused(follower.watch);
    } else {
        --unwatched_files;
    }
    // Rotated away it may come back packed, whether it has a name now or not.
    bool comes_back = follower.retired;
    if (!comes_back && follower.file >= 0) {
        const auto status = files().status(follower.file);
        comes_back = status && status->links > 0;
    }
    if (comes_back && follower.mark.position() != 0 && !follower.refused && !follower.maybe_copy) {
        if (remembered.size() >= remembered_paths_max) {
            remembered.erase(remembered.begin());
            all_seen_until_now();
        }
        remembered.insert_or_assign(follower.identity, follower.mark);
    }
    close_file(follower);
    by_identity.erase(follower.identity);
    for (FollowedPath* entry : {follower.primary, follower.origin})
        if (entry != nullptr && entry->current == &follower) set_current(*entry, nullptr);
    for (auto at = paths.begin(); follower.current_of != 0; ++at) {
        CHECK(at != paths.end());
        if (at->second.current == &follower) set_current(at->second, nullptr);
    }
    FollowedPath* const origin = follower.origin;
    set_primary(follower, nullptr);
    set_origin(follower, nullptr);
    std::erase(to_record, &follower);
    if (follower.number != 0) to_close.push_back(follower.number);
    if (!follower.refused) counters.files.subtract();
    const std::uint32_t index = follower.index;
    std::swap(followers[index], followers.back());
    followers[index]->index = index;
    followers.pop_back();
    if (origin != nullptr) forget_path_if_unused(*origin);
}

// Told by inotify when it can be had; otherwise looked at every check_interval_ms.
void TailState::watch_file(Follower& follower, const std::string& path) {
    if (follower.watch >= 0 || !files().has_events(path)) return;
    const auto watch = parts.watches.add(path, file_mask, *this);
    if (!watch) return told_no_watch(watch.error());
    // The path may have been given to another file since it was opened.
    const auto status = files().status(path);
    // Known from here on, or nobody would take it back.
    WatchUse& use = watch_uses[*watch];
    if (!status || status->identity != follower.identity) return release_watch_if_unused(*watch);
    use.follower = &follower;
    follower.watch = *watch;
    --unwatched_files;
}

// Idle files give their descriptor back; the watch goes on telling. The clock hand passes over what
// was read recently once.
void TailState::limit_descriptors(std::size_t looked_at_max) {
    for (std::size_t left = std::min(looked_at_max, 2 * followers.size()); left > 0; --left) {
        if (!parts.descriptors.exceeded() && !parts.descriptors.scarce(now_ms())) return;
        descriptor_cursor = (descriptor_cursor + 1) % followers.size();
        Follower& follower = *followers[descriptor_cursor];
        if (follower.file < 0 || follower.slot != nullptr || follower.queued || follower.retired ||
            follower.waits_for != nullptr || follower.successor != nullptr || follower.maybe_copy ||
            follower.just_read || !follower.at_end())
            continue;
        if (!follower.recently_used) close_file(follower);
        follower.recently_used = false;
    }
}

Result<void> TailState::reopen(Follower& follower) {
    if (follower.file >= 0) return {};
    if (follower.primary == nullptr) return open_under_rotated_name(follower);
    const auto opened = open_file(follower.primary->path());
    if (!opened) return tl::make_unexpected(opened.error());
    const auto status = files().status(*opened);
    if (!status || status->identity != follower.identity) {
        close_file(*opened);
        return failure(ESTALE, "open", follower.primary->path());
    }
    follower.file = *opened;
    return {};
}

}  // namespace logwisp
