// Bytes to entries. A file with something to read waits in one queue for one of a few slots, gets
// one read, and goes to the end of the queue. What a read brought is split until the sink is full;
// the rest stays in the slot until the sink takes more.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.hpp"
#include "tail/notice.hpp"
#include "tail/state.hpp"

namespace logwisp {

namespace {

// A run of NULs so long at the end of a read is looked at as a possible hole.
constexpr std::size_t hole_bytes_min = 4096;

}  // namespace

void ReadSlot::on_read(const Outcome& outcome) { owner->on_read(*this, outcome); }

void TailState::schedule(Follower& follower) {
    if (follower.seen_ns == 0) follower.seen_ns = parts.reactor.now_ns();
    if (follower.slot != nullptr) {
        follower.again = true;
        return;
    }
    if (follower.queued || follower.waits_for != nullptr || closing) return;
    if (follower.retry.at_ms > now_ms() && !follower.finishing) return;
    follower.queued = true;
    follower.next_queued = nullptr;
    (queue_last != nullptr ? queue_last->next_queued : queue_first) = &follower;
    queue_last = &follower;
}

void TailState::unschedule(Follower& follower) {
    if (!follower.queued) return;
    Follower* before = nullptr;
    for (Follower* at = queue_first; at != &follower; at = at->next_queued) before = at;
    (before != nullptr ? before->next_queued : queue_first) = follower.next_queued;
    if (queue_last == &follower) queue_last = before;
    follower.queued = false;
}

void TailState::pump() {
    if (pumping || closing) return;
    pumping = true;
    std::size_t begun = 0;
    while (queue_first != nullptr && !sink_blocked) {
        ReadSlot* const slot = free_slot();
        if (slot == nullptr) break;
        Follower& follower = *queue_first;
        unschedule(follower);
        switch (prepare(follower)) {
            case Next::read:
                unschedule(follower);  // preparing may have queued it again: one read at a time
                start_read(follower, *slot, begun++ < read_slots);
                limit_descriptors(idle_files_looked_for);  // it may have been opened for this
                break;
            case Next::nothing:
                break;  // the follower may be gone
            case Next::sink_full:
                follower.queued = true;
                follower.next_queued = queue_first;
                queue_first = &follower;
                if (queue_last == nullptr) queue_last = &follower;
                break;
        }
    }
    pumping = false;
}

// What comes before a read.
TailState::Next TailState::prepare(Follower& follower) {
    if (follower.flush_partial && !emit_partial(follower)) return Next::sink_full;
    if (follower.notice.reason != RotationReason::none && !emit_notice(follower))
        return Next::sink_full;
    if (follower.finishing) {
        if (follower.splitter.holding() && !emit_partial(follower)) return Next::sink_full;
        destroy(follower);
        return Next::nothing;
    }
    if (follower.refused) {
        release_successor(follower);
        return Next::nothing;
    }
    if (follower.searching && follower.file < 0) return Next::nothing;
    if (follower.unpacking && !has_unpacked(follower)) return Next::nothing;
    if (follower.retry.at_ms > now_ms()) return Next::nothing;
    if (follower.maybe_copy && !resolve_copy(follower)) return Next::nothing;
    if (const auto open = reopen(follower); !open) {
        read_failed(follower, open.error());
        return Next::nothing;
    }
    if (follower.mark.by_hash() && !resolve_mark(follower)) return Next::nothing;
    return Next::read;
}

ReadSlot* TailState::free_slot() {
    for (ReadSlot& slot : slots)
        if (slot.follower == nullptr) return &slot;
    return nullptr;
}

void TailState::start_read(Follower& follower, ReadSlot& slot, bool may_be_cached) {
    if (slot.buffer == nullptr)
        slot.buffer = std::make_unique_for_overwrite<char[]>(read_bytes_max + line_padding_bytes);
    CHECK(follower.slot == nullptr);
    const std::size_t marker_bytes = follower.mark.marker().size();
    slot.follower = &follower;
    slot.order = ++reads;
    slot.seen_ns = std::exchange(follower.seen_ns, 0);
    follower.slot = &slot;
    follower.again = false;
    follower.recently_used = true;
    std::uint64_t wanted = read_bytes_max;
    // Where nobody tells of changes it may be a file system of which io_uring repeats a short read from
    // its beginning (FUSE with direct I/O, Linux 6.18). So no more is asked for than is known to be there.
    if (follower.watch < 0 && !follower.unpacking) {
        const std::uint64_t unread =
            follower.at_end() ? 0 : follower.known_size_bytes - follower.mark.position();
        wanted = std::clamp<std::uint64_t>(marker_bytes + unread, 1, read_bytes_max);
    }
    const std::span<char> into(slot.buffer.get(), wanted);
    const std::uint64_t from = follower.mark.position() - marker_bytes;
    // What is in memory needs no turn of its own. But what was asked for before comes before: the
    // rest of a file that was rotated away before the lines of the one that took its place.
    const bool on_disk = follower.on_disk;
    follower.on_disk = false;
    const bool alone = std::none_of(slots.begin(), slots.end(), [&slot](const ReadSlot& other) {
        return &other != &slot && other.follower != nullptr;
    });
    if (may_be_cached && alone && follower.watch >= 0 && !on_disk)
        if (const auto got = files().read_cached(follower.file, into, from)) {
            follower.on_disk = *got <= marker_bytes;
            return on_read(slot, {.result = static_cast<std::int32_t>(*got)});
        }
    parts.reactor.read(slot.completion, follower.file, into, from);
}

void TailState::on_read(ReadSlot& slot, const Outcome& outcome) {
    Follower& follower = *slot.follower;
    const auto leave_slot = [&] {
        slot.follower = nullptr;
        follower.slot = nullptr;
    };
    if (closing) {
        leave_slot();
        follower.again = true;
        if (!reading()) release_everything();
        return;
    }
    if (outcome.result < 0) {
        leave_slot();
        if (outcome.result == -EINTR)
            schedule(follower);
        else
            read_failed(follower, Error{-outcome.result, "read", follower.origin->path()});
        return settle();
    }
    follower.retry.works();
    follower.error = 0;
    follower.told_error = false;
    const std::string_view bytes(slot.buffer.get(), static_cast<std::size_t>(outcome.result));
    const std::string_view marker = follower.mark.marker();
    if (!bytes.starts_with(marker.substr(0, bytes.size())) || bytes.size() < marker.size()) {
        leave_slot();
        const auto status = files().status(follower.file);
        if (!status)
            read_failed(follower, status.error());
        else if (bytes.size() < marker.size() && status->size_bytes >= follower.mark.position())
            schedule(follower);  // a short read
        else if (overwritten(follower, *status))
            pass_over_overwritten(follower, *status);
        else
            truncated(follower, *status);
        return settle();
    }
    follower.time_went_back = false;
    const std::string_view fresh = bytes.substr(marker.size());
    if (follower.at_start && is_compressed(fresh)) {
        leave_slot();
        leave_alone(follower);
        release_successor(follower);
        return settle();
    }
    slot.before = follower.mark;
    if (!fresh.empty()) {
        follower.at_start = false;
        follower.changed_ms = now_ms();
        if (follower.watch < 0) note_busy(follower);
        slot.read_at.microseconds = files().wall_us();
        follower.origin->last_read_us = slot.read_at.microseconds;
        follower.mark.advance(fresh);
        counters.bytes.add(fresh.size());
    }
    slot.full = bytes.size() == read_bytes_max;
    slot.rest = fresh;
    slot.got = fresh;
    if (!sink_blocked) split(slot);
    settle();
}

Batch* TailState::batch() {
    Batch* const open = sink.batch();
    sink_blocked = open == nullptr;
    return open;
}

void TailState::split(ReadSlot& slot) {
    Follower& follower = *slot.follower;
    while (!slot.rest.empty()) {
        Batch* const open = batch();
        if (open == nullptr) return;
        SplitLine line;
        LineBytes where;
        where.begin = follower.mark.position() - slot.rest.size() - follower.splitter.line_bytes();
        if (follower.splitter.passing_over()) where.flags = ledger_begins_inside;
        if (!follower.splitter.next(slot.rest, line)) break;
        where.end = follower.mark.position() - slot.rest.size();
        where.read_us = slot.read_at.microseconds;
        where.before_end = slot.bytes_before_rest();
        open->note_seen(slot.seen_ns);
        emit(*open, follower, line, false, slot.read_at, where);
    }
    slot_done(slot);
}

void TailState::slot_done(ReadSlot& slot) {
    Follower& follower = *slot.follower;
    slot.follower = nullptr;
    follower.slot = nullptr;
    if (slot.full) follower.seen_ns = slot.seen_ns;  // of what is still to be read, too
    skip_hole(follower, slot.got);
    counters.skipped_nul_bytes.add(follower.splitter.take_skipped_nul_bytes());
    if (!slot.got.empty() || !follower.in_holding) note_held(follower);
    after_read(follower, slot.full);
}

// From now on it waits to be whole, and not longer than flush_partial_ms.
void TailState::note_held(Follower& follower) {
    if (config.flush_partial_ms == 0 || !follower.splitter.holding()) return;
    follower.held_since_ms = now_ms();
    if (!follower.in_holding) holding.push_back(&follower);
    follower.in_holding = true;
}

// A writer that kept its offset over a truncation leaves a hole, which may be larger than anybody
// wants to read.
void TailState::skip_hole(Follower& follower, std::string_view bytes) {
    if (bytes.size() < hole_bytes_min || bytes.back() != '\0' || !follower.splitter.skips_nuls())
        return;
    if (bytes.substr(bytes.size() - hole_bytes_min).find_first_not_of('\0') != bytes.npos) return;
    const std::uint64_t position = follower.mark.position();
    const std::uint64_t data = files().next_data(follower.file, position);
    if (data <= position + tail_marker_bytes) return;
    follower.splitter.pass_hole(data - position);
    follower.mark.advance_over_hole(data - position);
}

void TailState::after_read(Follower& follower, bool full) {
    if (follower.unpacking) return schedule(follower);  // prepare() knows whether there is more
    if (follower.successor != nullptr && follower.mark.position() >= follower.end_bytes)
        release_successor(follower);
    if (full) {
        // There is more: how much, in case it is destroyed before it can be read.
        const auto status = files().status_without_identity(follower.file);
        if (status && status->size_bytes >= follower.mark.position())
            follower.known_size_bytes = status->size_bytes;
    }
    if (full || follower.again) {
        follower.again = false;
        return schedule(follower);
    }
    if (follower.just_read) return;
    follower.just_read = true;
    just_read.push_back(&follower);
}

// Its lines are on their way. A short read is not the end of a file: its size is.
void TailState::look_after_read(Follower& follower) {
    if (follower.slot != nullptr) return;  // read again already: this comes again
    if (follower.file < 0 || follower.unpacking) return schedule(follower);
    const auto status = files().status_without_identity(follower.file);
    if (!status) return read_failed(follower, status.error());
    // Of one that was cut the time tells nothing of what was in it.
    if (status->size_bytes >= follower.mark.position())
        follower.modified_ns = std::max(follower.modified_ns, status->modified_ns);
    examine(follower, *status);
    if (!follower.at_end()) return;
    follower.on_disk = false;
    release_successor(follower);
}

// After everything was published: readers need not wait for what is only looked at.
bool TailState::on_turn_end() {
    if (closing) just_read.clear();
    if (just_read.empty()) return false;
    while (!just_read.empty()) {
        Follower& follower = *just_read.front();
        just_read.erase(just_read.begin());
        follower.just_read = false;
        look_after_read(follower);
    }
    settle();
    return true;
}

void TailState::read_failed(Follower& follower, const Error& error) {
    follower.error = error.code;
    note(follower, FileEvent::failed);
    follower.retry.fail(now_ms());
    // Not this file's fault: others give their descriptor back as soon as they have been read.
    const bool everybody = is_out_of_descriptors(error.code);
    if (everybody) follower.retry.again_soon(now_ms());
    failed.add(follower);
    counters.read_errors.add();
    release_successor(follower);  // the new file shall not wait for an old one that cannot be read
    if (follower.told_error) return;
    follower.told_error = true;
    if (everybody) return;  // open_file() has said so
    log_warn("{}: {}: tried again until it works", stream_name, error.text());
}

void TailState::emit(Batch& open, Follower& follower, const SplitLine& line, bool partial,
                     Timestamp read_at, const LineBytes& where) {
    record_line(open, follower, where);
    Line given;
    given.bytes = line.bytes;
    given.source = follower.origin->source();
    given.read_at = read_at;
    given.original_bytes = line.original_bytes;
    given.partial = partial;
    char* const out = open.open_entry(entry_bytes_max(line.bytes.size()));
    open.close_entry(parts.encoder.encode(given, out));
    if (line.original_bytes != 0) counters.truncated_lines.add();
    counters.entries.add();
    ++follower.entries;
}

// False when the sink is full.
bool TailState::emit_partial(Follower& follower) {
    if (follower.splitter.holding()) {
        Batch* const open = batch();
        if (open == nullptr) return false;
        // Of a file that was truncated the ledger can only say that there was an entry.
        const std::uint64_t position = follower.mark.position();
        LineBytes where;
        where.begin = position - std::min(follower.splitter.line_bytes(), position);
        where.end = position;
        where.read_us = files().wall_us();
        where.before_end = follower.mark.marker();
        SplitLine line;
        const bool given = follower.splitter.take_partial(line);
        where.flags = ledger_partial | (follower.splitter.passing_over() ? ledger_pass_over : 0);
        if (given) emit(*open, follower, line, true, Timestamp{where.read_us}, where);
    }
    follower.flush_partial = false;
    if (follower.mark.position() == 0) follower.splitter.begin_file();
    return true;
}

bool TailState::emit_notice(Follower& follower) {
    Batch* const open = batch();
    if (open == nullptr) return false;
    const Timestamp made{files().wall_us()};
    record_notice(*open, follower, made);
    char* const out = open->open_entry(notice_bytes_max);
    open->close_entry(
        encode_notice(parts.encoder, follower.notice, made, follower.origin->source(), out));
    counters.entries.add();
    ++follower.entries;
    follower.notice = {};
    return true;
}

}  // namespace logwisp
