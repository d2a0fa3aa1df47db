// Stopping so that another Tail can go on, and going on: the files are put back as they were followed, then looked at like any other. So
// what was written, rotated, truncated or deleted meanwhile is found by the code that finds it at any time.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/check.hpp"
#include "tail/state.hpp"

namespace logwisp {

namespace {
// All but the number of files, which is counted as they are found again.
void add_counts(const TailCounters& from, TailCounters& to) {
    to.entries.add(from.entries.get());
    to.bytes.add(from.bytes.get());
    to.rotations.add(from.rotations);
    to.lost_bytes.add(from.lost_bytes.get());
    to.unknown_losses.add(from.unknown_losses.get());
    to.skipped_nul_bytes.add(from.skipped_nul_bytes.get());
    to.truncated_lines.add(from.truncated_lines.get());
    to.read_errors.add(from.read_errors.get());
    to.refused_links.add(from.refused_links.get());
}
// A file system's clock is coarse: a file changed twice within one tick has the same time, and what
// was told of the second change may still be in the queue.
constexpr std::int64_t settled_after_ns = 1'000'000'000;
}  // namespace

std::unique_ptr<TailPositions> TailState::hand_over() {
    auto positions = std::make_unique<TailPositions>(files());
    for (std::uint32_t target = 0; target < plans.size(); ++target)
        if (was_looked_for(target) || was_followed(target)) {
            positions->targets.push_back(plans[target].text());
            positions->seen_until_us.push_back(seen_until_ns[target] / 1000);
        }
    positions->file_number_max = file_number_max;
    // What waits for another file comes behind it.
    std::vector<Follower*> in_order;
    for (const auto& follower : followers)
        if (follower->waits_for == nullptr)
            for (Follower* at = follower.get(); at != nullptr; at = at->successor) {
                in_order.push_back(at);
                if (!keeps_its_path(*at)) continue;
                leave_waiting(*at);
                break;
            }
    std::unordered_map<const Follower*, int> index;
    for (Follower* follower : in_order) {
        // A held line of a file that is gone or was truncated stands nowhere any more. What the sink
        // has no room for goes along.
        if (follower->flush_partial || follower->finishing) (void)emit_partial(*follower);
        FilePosition position = position_of(*follower);
        if (const auto first = index.find(follower->waits_for); first != index.end())
            position.waits_for = first->second;
        index.emplace(follower, static_cast<int>(positions->files.size()));
        positions->files.push_back(std::move(position));
    }
    for (const auto& [path, entry] : paths)
        if (entry.had_file || entry.existed_at_start)
            positions->paths.push_back(
                {path, entry.had_file, entry.existed_at_start, entry.size_at_start, entry.rotations,
                 entry.last_rotations ? *entry.last_rotations : RotationHistory(),
                 entry.last_read_us});
    add_counts(counters, positions->counters);
    positions->follow_symlinks = config.follow_symlinks;
    positions->remembered.assign(remembered.begin(), remembered.end());
    return positions;
}

// What waits for a search is found again by whoever searches again.
void TailState::leave_waiting(Follower& searching) {
    for (Follower* at = searching.successor; at != nullptr; at = at->successor) {
        close_file(*at);
        if (at->notice.reason == RotationReason::none) continue;
        --at->origin->rotations;
        counters.rotations.subtract(at->notice.reason);
    }
}

FilePosition TailState::position_of(Follower& follower) {
    FilePosition position;
    position.number = follower.number;
    position.mark = follower.mark;
    if (const ReadSlot* slot = follower.slot) {
        position.mark = slot->before;
        position.mark.advance(slot->got.substr(0, slot->got.size() - slot->rest.size()));
    }
    position.line = follower.splitter.take_held();
    counters.skipped_nul_bytes.add(follower.splitter.take_skipped_nul_bytes());
    position.flush_partial = follower.flush_partial;
    position.finishing = follower.finishing;
    if (follower.primary != nullptr)
        position.path = follower.primary->path();
    else if (keeps_its_path(follower))
        position.path = follower.origin->path();
    position.origin = follower.origin->path();
    position.identity = follower.identity;
    position.born_ns = follower.born_ns;
    position.modified_ns = follower.modified_ns;
    position.to_be_read = is_to_be_read(follower);
    position.refused = follower.refused;
    position.known_size_bytes = follower.known_size_bytes;
    position.entries = follower.entries;
    position.maybe_copy = follower.maybe_copy;
    position.renamed = follower.renamed;
    position.notice = follower.notice;
    if (follower.before_truncation) position.before_truncation = *follower.before_truncation;
    // What is unpacked so far is not all of it: it is begun anew.
    if (follower.unpacking) close_file(follower);
    if (follower.unpacking) close_unpacking(follower);
    position.file = std::exchange(follower.file, -1);
    if (position.file >= 0) parts.descriptors.closed();  // until it is followed on
    return position;
}

// A file is not opened again only to find it as it was.
bool TailState::is_to_be_read(const Follower& follower) {
    const std::int64_t age_ns = files().wall_us() * 1000 - follower.modified_ns;
    return follower.queued || follower.again || follower.slot != nullptr ||
           follower.waits_for != nullptr || follower.error != 0 || age_ns < settled_after_ns;
}

// All its files were found: what is found under it from now on is new.
bool TailState::was_looked_for(std::uint32_t target) const {
    return !starting || target + 1 < next_target;
}

bool TailState::was_followed(std::uint32_t target) const {
    if (resumed == nullptr) return false;
    const auto& before = resumed->targets;
    return resumed->damaged ||
           std::find(before.begin(), before.end(), plans[target].text()) != before.end();
}

// Where following begins, or until when the one before it went on.
std::int64_t TailState::seen_until_at_start_ns(std::uint32_t target) const {
    if (resumed != nullptr)
        for (std::size_t before = 0; before < resumed->targets.size(); ++before)
            if (resumed->targets[before] == plans[target].text())
                return 1000 * resumed->seen_until_us[before];
    return 1000 * parts.files.wall_us();
}

// Before anything is looked for, so that a file is recognised under whatever name it is found first.
void TailState::take_over(std::unique_ptr<TailPositions> positions) {
    resumed = std::move(positions);
    add_counts(resumed->counters, counters);
    file_number_max = resumed->file_number_max;
    for (PathHistory& history : resumed->paths) {
        FollowedPath* const entry = restore_path(history.path);
        if (entry == nullptr) continue;
        entry->had_file = history.had_file;
        entry->existed_at_start = history.existed_at_start;
        entry->size_at_start = history.size_at_start;
        entry->rotations = history.rotations;
        if (!history.last_rotations.past().empty())
            entry->last_rotations = std::make_unique<RotationHistory>(history.last_rotations);
        entry->last_read_us = history.last_read_us;
    }
    std::vector<Follower*> restored;
    for (FilePosition& position : resumed->files) {
        // Opened anew it is judged by the rule of now.
        if (position.file >= 0 && resumed->follow_symlinks != config.follow_symlinks)
            files().close(std::exchange(position.file, -1));
        Follower* const follower = restore(position);
        restored.push_back(follower);
        if (follower != nullptr && position.waits_for >= 0)
            if (Follower* const first = restored[static_cast<std::size_t>(position.waits_for)])
                after(*first, *follower);
    }
    // The ledger does not say who waited for whom, but in which order they were begun.
    std::unordered_map<const FollowedPath*, Follower*> rotated_away;
    for (Follower* follower : restored) {
        if (follower == nullptr) continue;
        const auto [before, is_first] = rotated_away.try_emplace(follower->origin, nullptr);
        if (!is_first && before->second != nullptr && follower->waits_for == nullptr)
            after(*before->second, *follower);
        before->second = follower->retired ? follower : nullptr;
    }
    remembered.insert(resumed->remembered.begin(), resumed->remembered.end());
}

// Nullptr: no target wants it any more.
FollowedPath* TailState::restore_path(const std::string& path) {
    for (std::uint32_t target = 0; target < plans.size(); ++target) {
        if (!plans[target].wants_path(path)) continue;
        return &entry_for(path, target);
    }
    return nullptr;
}

Follower* TailState::restore(FilePosition& position) {
    FollowedPath* const origin = restore_path(position.origin);
    FollowedPath* const primary = position.path.empty() ? nullptr : restore_path(position.path);
    if (primary == nullptr && (origin == nullptr || !position.path.empty())) return nullptr;
    FileStatus status;
    status.identity = position.identity;
    status.size_bytes = position.known_size_bytes;
    status.born_ns = position.born_ns;
    status.modified_ns = position.modified_ns;
    auto made = make_follower();
    made->number = position.number;
    made->mark = position.mark;
    made->notice = position.notice;
    made->entries = position.entries;
    made->maybe_copy = position.maybe_copy;
    made->renamed = position.renamed;
    made->at_start = position.mark.position() == 0;
    made->changed_ms = now_ms();
    made->splitter.go_on_with(position.line);
    made->flush_partial = position.flush_partial;
    made->finishing = position.finishing;
    if (position.before_truncation)
        made->before_truncation = std::make_unique<ContentMark>(*position.before_truncation);
    if (position.file >= 0) parts.descriptors.opened();
    Follower& follower = add_follower(std::move(made), status, std::exchange(position.file, -1));
    note(follower, FileEvent::continued);
    set_origin(follower, origin != nullptr ? origin : primary);
    if (follower.maybe_copy) suspects.push_back(&follower);
    note_held(follower);
    if (position.to_be_read) schedule(follower);
    if (position.refused) {
        follower.refused = true;
        counters.files.subtract();
    }
    if (primary == nullptr && follower.finishing) {
        follower.retired = true;
        retired.push_back(&follower);
        return &follower;
    }
    if (primary == nullptr) {
        retire(follower);
        // As long as nothing newer is known under its name, the generations that came after it are found by it.
        const Follower* const latest = origin->current;
        if (latest == nullptr || (latest->retired && latest->born_ns < follower.born_ns))
            set_current(*origin, &follower);
        return &follower;
    }
    primary->had_file = true;
    set_primary(follower, primary);
    set_current(*primary, &follower);
    watch_file(follower, primary->path());
    return &follower;
}

// What the ledger said of its name and identity is damaged, but not where it stood.
bool TailState::go_on_unnamed(const FileStatus& status, int file, Follower& follower) {
    if (resumed == nullptr) return false;
    auto& marks = resumed->unnamed;
    const auto found = std::find_if(marks.begin(), marks.end(), [&](const ContentMark& mark) {
        return mark.position() <= status.size_bytes &&
               mark.compare(files(), file) == Likeness::same;
    });
    if (found == marks.end()) return false;
    follower.mark = *found;
    follower.go_on(false);
    marks.erase(found);
    return true;
}

// After a restart only a hash of what stood before the position is known. False: what stands there
// now is something else.
bool TailState::resolve_mark(Follower& follower) {
    const auto status = files().status(follower.file);
    if (!status) {
        read_failed(follower, status.error());
        return false;
    }
    if (status->size_bytes < follower.mark.position()) {
        examine(follower, *status);
        return false;
    }
    const Likeness likeness = follower.mark.compare(files(), follower.file);
    if (likeness == Likeness::unreadable) {
        read_failed(follower, Error{EIO, "read", follower.origin->path()});
        return false;
    }
    if (likeness == Likeness::different) {
        truncated(follower, *status);
        return false;
    }
    ContentMark mark;
    if (const auto begun = mark.begin_at(files(), follower.file, follower.mark.position());
        !begun) {
        read_failed(follower, begun.error());
        return false;
    }
    follower.mark = mark;
    return true;
}

// What no listing has brought up: gone, renamed or out of sight since.
void TailState::look_at_resumed() {
    std::vector<std::pair<std::string, std::uint32_t>> known;
    for (const auto& [path, entry] : paths) known.emplace_back(path, entry.target);
    for (const auto& [path, target] : known) look(path, target);
    resumed.reset();
}

}  // namespace logwisp
