// What rotations leave behind: files that shrank, and copies of what was read already.
//
// A file that shrank begins again at its first byte, whatever its size is now: what stands there
// may be anything.
#include <algorithm>

#include "tail/state.hpp"

namespace logwisp {

namespace {
// Two open files are compared over so many bytes at the end of what they share.
constexpr std::size_t compared_bytes = 4096;

Likeness same_bytes(FileSystem& files, int one, int other, std::uint64_t offset,
                    std::size_t bytes) {
    char first[compared_bytes];
    char second[compared_bytes];
    const auto read_first = files.read_at(one, {first, bytes}, offset);
    const auto read_second = files.read_at(other, {second, bytes}, offset);
    if (!read_first || !read_second) return Likeness::unreadable;
    const bool same = *read_first == bytes && *read_second == bytes &&
                      std::string_view(first, bytes) == std::string_view(second, bytes);
    return same ? Likeness::same : Likeness::different;
}

// The first `common` bytes, as far as looking at the beginning and the end tells.
Likeness same_beginning(FileSystem& files, int one, int other, std::uint64_t common) {
    const std::size_t bytes = std::min<std::uint64_t>(common, compared_bytes);
    const Likeness begin = same_bytes(files, one, other, 0, bytes);
    return begin == Likeness::same ? same_bytes(files, one, other, common - bytes, bytes) : begin;
}

RotationReason reason_of_truncation(const Follower& follower, const FileStatus& status) {
    if (status.size_bytes < follower.known_size_bytes) return RotationReason::size_decrease;
    if (status.size_bytes < follower.mark.position()) return RotationReason::beyond_size;
    if (follower.time_went_back || status.modified_ns < follower.modified_ns)
        return RotationReason::time_reset;
    return RotationReason::beyond_size;
}
}  // namespace

// Compares what was read with what a file is now. Growth is read; a file that shrank has lost what
// it held.
void TailState::examine(Follower& follower, const FileStatus& status) {
    if (follower.slot != nullptr) {
        follower.again = true;
        return;
    }
    if (follower.refused || follower.unpacking) return;
    if (status.size_bytes < follower.mark.position()) return truncated(follower, status);
    const bool touched = status.modified_ns != follower.modified_ns;
    // A time that went back is a reason to compare, not a rotation by itself: where the bytes are
    // what they were (touch -d, a restored time) reading them again would double every line.
    if (status.modified_ns < follower.modified_ns) follower.time_went_back = true;
    if (follower.maybe_copy && status.size_bytes != follower.known_size_bytes)
        follower.changed_ms = now_ms();
    // What is watched is told of.
    if (follower.watch < 0 && (touched || status.size_bytes != follower.known_size_bytes))
        note(follower, FileEvent::changed);
    follower.known_size_bytes = status.size_bytes;
    follower.modified_ns = status.modified_ns;
    // Touched but not grown: the marker tells whether it was written anew.
    if (touched || !follower.at_end()) schedule(follower);
}

// Looks at the file now, its marker included: cut and grown beyond the old size its size tells
// nothing. False when that cannot be known.
bool TailState::look_for_truncation(Follower& follower) {
    const auto status = files().status(follower.file);
    if (!status) return false;
    examine(follower, *status);
    if (follower.mark.position() == 0) return true;
    switch (follower.mark.compare_marker(files(), follower.file)) {
        case Likeness::same:
            return true;
        case Likeness::different:
            if (const auto now = files().status(follower.file)) {
                truncated(follower, *now);
                return true;
            }
            return false;
        case Likeness::unreadable:
            break;
    }
    return false;
}

void TailState::truncated(Follower& follower, const FileStatus& status) {
    const RotationReason reason = reason_of_truncation(follower, status);
    // If it reaches beyond the position it has grown again: nobody knows how far it reached before.
    if (status.size_bytes >= follower.mark.position())
        follower.known_size_bytes = follower.mark.position();
    Loss loss = follower.unread();
    follower.before_truncation = std::make_unique<ContentMark>(follower.mark);
    // Now it is known what a copy of it has to hold, until the next truncation.
    for (Follower* suspect : suspects) schedule(*suspect);
    Follower* copy = recover_copy(follower);
    if (copy != nullptr) {
        loss.bytes = 0;
        copy->splitter.take_over(follower.splitter);
    } else if (follower.splitter.holding()) {
        follower.flush_partial = true;
    }
    note(follower, FileEvent::truncated);
    follower.mark.reset();
    if (!follower.flush_partial) follower.splitter.begin_file();
    follower.at_start = true;
    follower.time_went_back = false;
    follower.known_size_bytes = status.size_bytes;
    follower.modified_ns = status.modified_ns;
    if (follower.end_bytes > status.size_bytes) follower.end_bytes = status.size_bytes;
    record_due(follower);
    counters.lost_bytes.add(loss.bytes);
    counters.unknown_losses.add();
    // It may have been copied and cut again since.
    if (copy != nullptr) copy = &recover_generations(*follower.origin, *copy, nullptr);
    rotated(follower, reason, loss);
    if (copy != nullptr) after(*copy, follower);
    schedule(follower);
}

// Counted now, told before the follower's next line.
void TailState::rotated(Follower& follower, RotationReason reason, Loss loss) {
    counters.rotations.add(reason);
    loss.bytes += follower.notice.loss.bytes;
    loss.at_least = loss.at_least || follower.notice.loss.at_least;
    FollowedPath& path = *follower.origin;
    follower.notice = {reason, ++path.rotations, loss};
    if (path.last_rotations == nullptr) path.last_rotations = std::make_unique<RotationHistory>();
    path.last_rotations->add({path.rotations, files().wall_us(), reason});
}

// `then` begins when `first`, and all that already waits for it, has been read to the end it has
// now.
void TailState::after(Follower& first, Follower& then) {
    Follower* last = &first;
    while (last->successor != nullptr) last = last->successor;
    if (last == &then || then.waits_for != nullptr) return;
    unschedule(then);
    last->successor = &then;
    then.waits_for = last;
    if (last->file >= 0)
        if (const auto status = files().status(last->file)) last->end_bytes = status->size_bytes;
    schedule(*last);
}

void TailState::release_successor(Follower& follower) {
    Follower* const next = follower.successor;
    // Something may have to be put in between.
    if (next == nullptr || follower.searching) return;
    follower.successor = nullptr;
    next->waits_for = nullptr;
    if (next->number == 0 && !next->maybe_copy) record_due(*next);
    schedule(*next);
}

// Looks for the copy that copytruncate made: what was in the file beyond our position is read from
// there.
Follower* TailState::recover_copy(Follower& follower) {
    const ContentMark& mark = *follower.before_truncation;
    if (follower.primary == nullptr || mark.position() == 0) return nullptr;
    const auto siblings = rotated_siblings(follower.primary->path());
    if (!siblings) return nullptr;
    for (const Sibling& sibling : *siblings) {
        if (sibling.status.size_bytes < mark.position()) continue;
        Follower* copy = find(sibling.status.identity);
        if (copy != nullptr && !copy->maybe_copy) continue;
        const bool known = copy != nullptr;
        if (!known) copy = open_sibling(sibling, *follower.origin);
        if (copy == nullptr) continue;
        if (mark.compare(files(), copy->file) != Likeness::same) {
            if (!known) destroy(*copy);
            continue;
        }
        out_of_doubt(*copy);
        copy->mark = mark;
        copy->go_on(false);
        record_due(*copy);
        return copy;
    }
    return search_copy(follower);
}

// An empty file may become anything; a copy is never larger than what it is made of.
Likeness TailState::likeness_so_far(const FileStatus& copy, int file, Follower& old) {
    if (copy.size_bytes == 0) return Likeness::same;
    if (!reopen(old)) return Likeness::different;
    const auto status = files().status(old.file);
    if (!status) return Likeness::unreadable;
    if (copy.size_bytes > status->size_bytes) return Likeness::different;
    return same_beginning(files(), file, old.file, copy.size_bytes);
}

// Is it a copy of the generation before it? It is not when it differs. As long as it grows that may still come. A writer that has gone on in
// the old file meanwhile has put there what the copy lacks; but a few first lines that are the same every time make no copy.
bool TailState::resolve_generation(Follower& follower, Follower& old, const FileStatus& status,
                                   bool settled) {
    if (old.slot != nullptr) return false;
    const Likeness likeness = likeness_so_far(status, follower.file, old);
    if (likeness == Likeness::unreadable) return false;
    if (likeness == Likeness::same && !settled && status.size_bytes < old.known_size_bytes)
        return false;
    const std::uint64_t least = std::min<std::uint64_t>(old.known_size_bytes, compared_bytes);
    if (likeness == Likeness::different || status.size_bytes < least || status.size_bytes == 0) {
        is_generation(follower);
        return false;
    }
    if (!follower.mark.begin_at(files(), follower.file, status.size_bytes)) return false;
    out_of_doubt(follower);
    follower.finishing = true;
    schedule(follower);
    return false;
}

void TailState::out_of_doubt(Follower& follower) {
    follower.maybe_copy = false;
    std::erase(suspects, &follower);
    std::erase_if(generations_in_doubt, [&](const auto& one) { return one.first == &follower; });
}

void TailState::is_generation(Follower& follower) {
    out_of_doubt(follower);
    rotated(follower, RotationReason::inode_change, {});
    schedule(follower);
}

// Rotated away, and what was read of it is something else without having been cut: whoever writes a log does not do that, whoever shreds it
// does. Its bytes are not lines.
bool TailState::overwritten(const Follower& follower, const FileStatus& status) {
    if (status.size_bytes < follower.mark.position()) return false;
    if (follower.primary == nullptr) return true;
    const auto named = files().status(follower.primary->path());
    return !named || named->identity != follower.identity;
}

void TailState::pass_over_overwritten(Follower& follower, const FileStatus& status) {
    if (follower.splitter.holding()) follower.flush_partial = true;
    if (!follower.mark.begin_at(files(), follower.file, status.size_bytes))
        follower.mark.begin_unmarked(status.size_bytes);
    follower.known_size_bytes = status.size_bytes;
    follower.modified_ns = status.modified_ns;
    follower.changed_ms = now_ms();
    counters.unknown_losses.add();
    record_due(follower);
    release_successor(follower);
    if (follower.flush_partial) schedule(follower);
}

// A new file beside a followed one, with a name that rotation gives: app.log.1 beside app.log. Is
// it a copy of what was read already? A copy in the making grows and is equal as far as it goes;
// when the original is truncated or the copy has come to rest it is settled.
bool TailState::resolve_copy(Follower& follower) {
    const auto status = files().status(follower.file);
    if (!status) return false;
    if (status->size_bytes != follower.known_size_bytes) follower.changed_ms = now_ms();
    follower.known_size_bytes = status->size_bytes;
    const bool settled = now_ms() - follower.changed_ms >= copy_settle_ms;
    for (const auto& [generation, old] : generations_in_doubt)
        if (generation == &follower) return resolve_generation(follower, *old, *status, settled);
    const std::string directory(directory_name(follower.origin->path()));
    for (const std::string& name : original_names(base_name(follower.origin->path()))) {
        FollowedPath* const path = path_at(join_path(directory, name));
        if (path == nullptr || path->current == nullptr || path->current == &follower) continue;
        Follower& original = *path->current;
        if (original.slot != nullptr) return false;
        // First what happened to the original: it may have been truncated, and that settles the
        // matter.
        if (original.file < 0) {
            const auto open = reopen(original);
            if (!open && open.error().code != ENOENT && open.error().code != ESTALE) return false;
            if (!open) continue;
        }
        if (!look_for_truncation(original)) return false;
        if (!follower.maybe_copy) return true;
        const ContentMark* const before = original.before_truncation.get();
        if (before != nullptr && status->size_bytes >= before->position()) {
            const Likeness likeness = before->compare(files(), follower.file);
            if (likeness == Likeness::unreadable) return false;
            if (likeness == Likeness::same) {
                follower.mark = *before;
                follower.go_on(false);
                record_due(follower);
                break;
            }
        } else if (before != nullptr) {
            // What the writer added while it was being copied was read here and is not in it.
            const Likeness likeness =
                before->compare_part(files(), follower.file, status->size_bytes);
            if (likeness == Likeness::unreadable) return false;
            if (likeness == Likeness::same) {
                if (!follower.mark.begin_at(files(), follower.file, status->size_bytes))
                    return false;
                follower.go_on(false);
                break;
            }
        }
        if (status->size_bytes > original.known_size_bytes) continue;
        const std::uint64_t common = std::min(status->size_bytes, original.mark.position());
        if (common != 0) {
            const Likeness likeness = same_beginning(files(), follower.file, original.file, common);
            if (likeness == Likeness::unreadable) return false;
            if (likeness == Likeness::different) {
                // Unless the original was cut after it was looked at: then this is asked again.
                if (original.mark.compare_marker(files(), original.file) != Likeness::same)
                    return false;
                continue;
            }
        }
        if (!settled) return false;
        if (status->size_bytes > original.mark.position()) return false;  // soon read that far
        if (common == 0) break;
        if (!follower.mark.begin_at(files(), follower.file, common)) return false;
        follower.go_on(false);
        record_due(follower);
        break;
    }
    out_of_doubt(follower);
    return true;
}

}  // namespace logwisp
