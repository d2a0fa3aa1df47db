// Which file a path names now: new, grown, renamed, replaced, gone. Always asked of the file
// system, never concluded from an event.
#include <sys/inotify.h>

#include <algorithm>
#include <map>

#include "tail/links.hpp"
#include "tail/state.hpp"

namespace logwisp {

namespace {
constexpr std::uint32_t link_mask =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;

bool is_gone(const Error& error) { return error.code == ENOENT || error.code == ENOTDIR; }
}  // namespace

void TailState::look(const std::string& path, std::uint32_t target) {
    const auto status = status_of(path);
    if (!status && is_gone(status.error())) {
        if (FollowedPath* known = path_at(path)) path_gone(*known);
        if (beside_rotated.erase(path) != 0) (void)first_generations(path, target, nullptr);
        // A link that leads nowhere yet.
        if (path_at(path) == nullptr && files().link_status(path)) {
            watch_links(path);
            FollowedPath& entry = entry_for(path, target);
            path_gone(entry);
            entry.leads_nowhere = true;
        }
        return;
    }
    FollowedPath& entry = entry_for(path, target);
    if (!status && status.error().code == error_refused) return refuse_name(entry, status.error());
    if (!status) return path_failed(entry, status.error());
    if (status->kind != FileKind::regular) return refuse(entry);
    entry.refused = false;
    entry.refusal.reset();
    if (starting && !entry.had_file && !entry.existed_at_start && !was_followed(entry.target)) {
        entry.existed_at_start = true;
        entry.size_at_start = status->size_bytes;
    }
    if (Follower* now = entry.current) {
        // Some file systems give an open file another identity (overlay, when it is copied up):
        // then the open one decides.
        if (now->identity != status->identity && now->file >= 0) {
            const auto open = files().status(now->file);
            if (open && open->identity == status->identity) adopt_identity(*now, open->identity);
        }
        if (now->identity == status->identity) {
            path_works(entry);
            if (now->retired) return name_again(entry, *now);
            return examine(*now, *status);
        }
    }
    if (Follower* known = find(status->identity)) {
        path_works(entry);
        return name_again(entry, *known);
    }
    open_new(entry);
}

// A name that leads to what is read already needs no judgement: to look at ten thousand idle files
// costs two calls each. While starting, what was read before may be judged by another rule.
Result<FileStatus> TailState::status_of(const std::string& path) {
    const FollowedPath* const known = path_at(path);
    if (known != nullptr && known->current != nullptr && !known->refused && !starting) {
        auto status = files().status(path);
        if (status && status->identity == known->current->identity) return status;
    }
    return judged_status(path);
}

FollowedPath& TailState::entry_for(const std::string& path, std::uint32_t target) {
    const auto [found, added] = paths.try_emplace(path);
    FollowedPath& entry = found->second;
    if (added) {
        entry.key = &found->first;
        entry.target = target;
        const std::string_view base = base_name(path);
        entry.source_begin = static_cast<std::uint16_t>(path.size() - base.size());
        paths_by_base.emplace(base_name(found->first), &entry);
        watch_links(path);
    }
    return entry;
}

FollowedPath* TailState::path_at(const std::string& path) {
    const auto found = paths.find(path);
    return found == paths.end() ? nullptr : &found->second;
}

void TailState::path_gone(FollowedPath& entry) {
    path_works(entry);
    entry.existed_at_start = false;  // what comes now is new
    if (absent_paths.size() < absent_paths_max &&
        std::find(absent_paths.begin(), absent_paths.end(), entry.path()) == absent_paths.end())
        absent_paths.push_back(entry.path());
    Follower* const current = entry.current;
    if (current == nullptr || current->primary != &entry || current->retired) return;
    leave_path(entry, *current);
    // After a start nobody has seen what became of it, and no new file may ever come.
    if (resumed != nullptr && current->retired) search_generations(*current);
}

void TailState::path_failed(FollowedPath& entry, const Error& error) {
    entry.error = error.code;
    entry.retry.fail(now_ms());
    // Not this file's fault: others give their descriptor back as soon as they have been read.
    const bool everybody = is_out_of_descriptors(error.code);
    if (everybody) entry.retry.again_soon(now_ms());
    failed_paths.add(entry);
    if (std::exchange(entry.told_error, true)) return;
    counters.read_errors.add();
    if (everybody) return;  // open_file() has said so
    log_warn("{}: {}: tried again until it works", stream_name,
             parts.confinement.text(error, entry.path(), Wanted::contents));
}

void TailState::path_works(FollowedPath& entry) {
    entry.retry.works();
    entry.error = 0;
    entry.told_error = false;
    entry.leads_nowhere = false;
    entry.other_name = false;
}

// The path names a file that is already followed: another name for it, or its new one.
void TailState::name_again(FollowedPath& entry, Follower& known) {
    Follower* const before = entry.current;
    set_current(entry, &known);
    if (before != nullptr && before != &known && before->primary == &entry && !before->retired)
        leave_path(entry, *before);
    if (known.primary != &entry && known.primary != nullptr && !known.retired) {
        const auto still = files().status(known.primary->path());
        if (still && still->identity == known.identity) {
            entry.other_name = true;
            return;
        }
    }
    entry.had_file = true;
    const bool moved = known.primary != &entry;
    set_primary(known, &entry);
    if (known.retired) {
        known.retired = false;
        known.finishing = false;
        std::erase(retired, &known);
    }
    // What is unread was written under the old name and is told under it; see checking.cpp.
    known.renamed = known.origin != &entry;
    known.changed_ms = now_ms();
    if (moved) note(known, FileEvent::renamed);
    if (moved)
        log_debug("{}: {} is now called {}", stream_name, known.origin->path(), entry.path());
    schedule(known);
}

void TailState::open_new(FollowedPath& entry) {
    // Before it is opened: what happens at the far end from now on is told.
    watch_links(entry.path());
    const auto opened = open_file(entry.path());
    if (!opened) {
        if (is_gone(opened.error())) return path_gone(entry);
        if (opened.error().code == error_refused) return refuse_name(entry, opened.error());
        return path_failed(entry, opened.error());
    }
    const int file = *opened;
    const auto status = files().status(file);
    if (!status || status->kind != FileKind::regular) {
        close_file(file);
        return status ? refuse(entry) : path_failed(entry, status.error());
    }
    if (find(status->identity) == nullptr) look_for_generations(entry.path());
    if (Follower* known = find(status->identity)) {
        close_file(file);
        path_works(entry);
        return name_again(entry, *known);
    }
    auto made = make_follower();
    if (const auto begun = begin(entry, *status, file, *made); !begun) {
        close_file(file);
        return path_failed(entry, begun.error());
    }
    path_works(entry);
    Follower* const old = entry.current;
    if (old != nullptr && old->primary == &entry && !old->retired) leave_path(entry, *old);
    Loss lost;
    if (old != nullptr && old->gone_unread) lost = old->unread();
    // app.log.1 names one copy of app.log after another: none is a generation that follows on the one before.
    const bool is_rotation = entry.had_file && !made->maybe_copy;
    const bool is_first = !entry.had_file && !entry.existed_at_start && !made->maybe_copy;
    const bool beside = beside_rotated.erase(entry.path()) != 0;
    Follower& follower = add_follower(std::move(made), *status, file);
    set_primary(follower, &entry);
    set_origin(follower, &entry);
    set_current(entry, &follower);
    entry.had_file = true;
    if (is_rotation) {
        Follower* last =
            old != nullptr ? &recover_generations(entry, *old, &follower) : last_rotated(entry);
        rotated(follower, RotationReason::inode_change, lost);
        if (last != nullptr) after(*last, follower);
    } else if (is_first && (beside || has_unseen_sibling(entry))) {
        if (Follower* last = first_generations(entry.path(), entry.target, &follower)) {
            rotated(follower, RotationReason::inode_change, {});
            after(*last, follower);
        }
    }
    if (follower.maybe_copy) {
        follower.changed_ms = now_ms();
        suspects.push_back(&follower);
    }
    // Also an empty one: what follows on it is found by that.
    if (!follower.maybe_copy && follower.waits_for == nullptr) record_due(follower);
    watch_file(follower, entry.path());
    if (follower.refused) return leave_alone(follower);
    schedule(follower);
    limit_descriptors(idle_files_looked_for);
}

// Rotated away before, as was known at the start, and still to be read: the newest of those.
Follower* TailState::last_rotated(const FollowedPath& entry) {
    Follower* last = nullptr;
    for (Follower* follower : retired)
        if (follower->origin == &entry && !follower->finishing &&
            (last == nullptr || follower->number > last->number))
            last = follower;
    return last;
}

// Where reading begins.
Result<void> TailState::begin(FollowedPath& entry, const FileStatus& status, int file,
                              Follower& follower) {
    follower.at_start = true;
    if (go_on_unnamed(status, file, follower)) return {};
    if (entry.existed_at_start && !entry.had_file) {
        if (plans[entry.target].target().from == StartAt::beginning) return {};
        return begin_at_end(follower, file, std::min(entry.size_at_start, status.size_bytes));
    }
    const auto known = remembered.find(status.identity);
    if (known != remembered.end()) {
        const ContentMark mark = known->second;
        const Likeness likeness = mark.position() <= status.size_bytes ? mark.compare(files(), file)
                                                                       : Likeness::different;
        if (likeness == Likeness::unreadable) return failure(EIO, "read", entry.path());
        remembered.erase(known);
        if (likeness == Likeness::same) {
            follower.mark = mark;
            follower.go_on(false);
            return {};
        }
    }
    const std::string directory(directory_name(entry.path()));
    for (const std::string& original : original_names(base_name(entry.path()))) {
        const FollowedPath* path = path_at(join_path(directory, original));
        if (path != nullptr && path->current != nullptr) follower.maybe_copy = true;
    }
    return {};
}

// After the last LF: a line half written now is delivered whole later.
Result<void> TailState::begin_at_end(Follower& follower, int file, std::uint64_t size_bytes) {
    char bytes[look_back_step_bytes];
    const auto head = files().read_at(file, {bytes, 8}, 0);
    if (!head) return tl::make_unexpected(head.error());
    if (is_compressed({bytes, *head})) {
        follower.refused = true;
        return {};
    }
    std::uint64_t at = size_bytes;
    while (at > 0 && size_bytes - at <= config.line_bytes_max) {
        const std::size_t step = std::min<std::uint64_t>(at, sizeof(bytes));
        const auto found = files().read_at(file, {bytes, step}, at - step);
        if (!found) return tl::make_unexpected(found.error());
        const std::size_t lf = std::string_view(bytes, *found).rfind('\n');
        if (lf == std::string_view::npos) {
            at -= step;
            continue;
        }
        const std::uint64_t position = at - step + lf + 1;
        if (auto begun = follower.mark.begin_at(files(), file, position); !begun) return begun;
        follower.go_on(false);
        return {};
    }
    if (at == 0) return {};  // one line only, or none: from its first byte
    if (auto begun = follower.mark.begin_at(files(), file, size_bytes); !begun) return begun;
    follower.go_on(true);
    return {};
}

// The path does not name the file any more. Under another of its names it is followed on, else
// until its writer has let go.
void TailState::leave_path(FollowedPath& entry, Follower& follower) {
    std::uint32_t left = follower.current_of - (entry.current == &follower ? 1 : 0);
    for (auto at = paths.begin(); left != 0; ++at) {
        CHECK(at != paths.end());
        auto& [path, other] = *at;
        if (other.current != &follower || &other == &entry) continue;
        --left;
        const auto status = files().status(path);
        if (!status || status->identity != follower.identity) continue;
        set_primary(follower, &other);
        follower.renamed = true;
        follower.changed_ms = now_ms();
        return;
    }
    retire(follower);
}

// A rotation may happen at the far end of a link: watch every directory on the way to it.
void TailState::watch_links(const std::string& path) {
    std::vector<int> on_the_way;
    for (const std::string& step : links_of(files(), path)) {
        const auto watch = parts.watches.add(std::string(directory_name(step)), link_mask, *this);
        if (!watch) break;
        on_the_way.push_back(*watch);
        auto& links = names_use(*watch).links;
        std::pair<std::string, std::string> link_use{path, base_name(step)};
        if (std::find(links.begin(), links.end(), link_use) == links.end())
            links.push_back(std::move(link_use));
    }
    if (on_the_way.empty()) return;
    // Where it led before.
    std::vector<int> unused;
    for (auto& [watch, use] : watch_uses) {
        if (std::find(on_the_way.begin(), on_the_way.end(), watch) != on_the_way.end()) continue;
        if (use.names == nullptr) continue;
        if (std::erase_if(use.names->links, [&](const auto& link) { return link.first == path; }) !=
            0)
            unused.push_back(watch);
    }
    for (const int watch : unused) release_watch_if_unused(watch);
}

// Sources are base names; where two followed files share one, as much of the path's end as tells
// each from all others.
void TailState::name_sources(const std::string& base) {
    std::vector<FollowedPath*> unnamed;
    const auto [first, end] = paths_by_base.equal_range(base);
    for (auto at = first; at != end; ++at)
        if (at->second->followers != 0) unnamed.push_back(at->second);
    for (std::size_t components = 1; !unnamed.empty(); ++components) {
        std::map<std::string_view, std::size_t> tails;
        for (const FollowedPath* entry : unnamed) ++tails[path_tail(entry->path(), components)];
        std::erase_if(unnamed, [&](FollowedPath* entry) {
            const std::string_view tail = path_tail(entry->path(), components);
            if (tails[tail] > 1 && tail.size() < entry->path().size()) return false;
            const std::size_t bytes = std::min(tail.size(), source_bytes_max);
            entry->source_begin = static_cast<std::uint16_t>(entry->path().size() - bytes);
            return true;
        });
    }
}

// Paths of names that are never used again (dated files) do not pile up.
void TailState::forget_path_if_unused(FollowedPath& entry) {
    if (entry.followers != 0 || entry.current != nullptr || paths.size() <= remembered_paths_max)
        return;
    if (files().link_status(entry.path())) return;
    const auto [first, end] = paths_by_base.equal_range(base_name(entry.path()));
    paths_by_base.erase(
        std::find_if(first, end, [&](const auto& named) { return named.second == &entry; }));
    failed_paths.forget(entry);
    std::erase(absent_paths, entry.path());
    all_seen_until_now();
    paths.erase(paths.find(entry.path()));
}

}  // namespace logwisp
