// What the ledger is told: which bytes of which file every entry is made of, and where a file stands when no entry says so. Everything here is
// for a sink that keeps a ledger; for others it does nothing.
#include <algorithm>
#include <utility>

#include "stream/ledger_slot.hpp"
#include "tail/state.hpp"

namespace logwisp {

// A position that no line has led to: where following began, after a truncation, under another name.
void TailState::record_due(Follower& follower) {
    if (follower.position_due) return;
    follower.position_due = true;
    to_record.push_back(&follower);
}

void TailState::record_what_is_due() {
    // A target counts as followed when all its files were found.
    const bool targets_now = targets_due && !starting;
    if (to_record.empty() && to_close.empty() && !targets_now) return;
    Batch* const open = batch();
    if (open == nullptr) return;
    LedgerRecords* const records = sink.records();
    const std::uint32_t index = open->entries();
    // What waits for a search is as the ledger has it, or unknown to it, until that is over: a start
    // that finds it so searches again.
    const auto wait = std::stable_partition(to_record.begin(), to_record.end(),
                                            [&](Follower* one) { return !undecided(*one); });
    std::vector<Follower*> waiting(wait, to_record.end());
    to_record.erase(wait, to_record.end());
    if (records != nullptr) {
        if (targets_now) record_targets(*records, index);
        for (Follower* follower : to_record) record_position(*records, index, *follower);
        for (const std::uint32_t number : to_close) {
            LedgerSlot closed;
            closed.kind = LedgerKind::closed;
            closed.file = number;
            records->add(index, closed);
        }
    }
    if (targets_now) targets_due = false;
    for (Follower* follower : to_record) follower->position_due = false;
    to_record = std::move(waiting);
    to_close.clear();
}

void TailState::record_targets(LedgerRecords& records, std::uint32_t index) {
    bool first = true;
    for (const TargetPlan& plan : plans) {
        LedgerSlot target;
        target.kind = LedgerKind::target;
        // The first one begins a new list.
        target.entries = std::exchange(first, false) ? 0 : 1;
        records.add(index, target, plan.text());
    }
}

void TailState::record_file(LedgerRecords& records, std::uint32_t index, Follower& follower) {
    const std::string_view source = follower.origin->source();
    if (follower.recorded && follower.recorded_source_bytes == source.size()) return;
    if (follower.number == 0) follower.number = ++file_number_max;
    follower.recorded = true;
    follower.recorded_source_bytes = static_cast<std::uint16_t>(source.size());
    const FollowedPath* named = follower.primary;
    // As if its path named it still: that is how a start comes to search.
    if (named == nullptr && keeps_its_path(follower)) named = follower.origin;
    LedgerSlot file;
    file.kind = LedgerKind::file;
    file.flags = named == nullptr ? ledger_rotated_away : 0;
    file.file = follower.number;
    file.begin = follower.identity.device;
    file.end = follower.identity.inode;
    file.mark = follower.identity.generation;
    file.time_us = follower.born_ns;
    file.file_place = follower.entries;
    std::string text = named != nullptr ? named->path() : std::string();
    text.push_back('\0');
    text.append(follower.origin->path()).push_back('\0');
    text.append(source).push_back('\0');
    records.add(index, file, text);
}

void TailState::record_position(LedgerRecords& records, std::uint32_t index, Follower& follower) {
    record_file(records, index, follower);
    const ContentMark mark = published_mark(follower);
    records.position(index, follower.number, mark.position(),
                     follower.splitter.passing_over() ? ledger_pass_over : 0, mark.hash());
}

// Where everything before was published. What is held or not yet split is behind it.
ContentMark TailState::published_mark(Follower& follower) {
    ContentMark mark = follower.mark;
    const std::uint64_t unsplit_bytes = follower.slot != nullptr ? follower.slot->rest.size() : 0;
    const std::uint64_t behind_bytes = unsplit_bytes + follower.splitter.line_bytes();
    if (behind_bytes == 0) return mark;
    const std::uint64_t at = mark.position() - std::min(behind_bytes, mark.position());
    // Of a file that cannot be read now, or holds something else by now, the position has to do.
    const bool as_read =
        reopen(follower) && mark.compare_marker(files(), follower.file) == Likeness::same;
    if (!as_read || !mark.begin_at(files(), follower.file, at)) mark.begin_unmarked(at);
    return mark;
}

void TailState::record_line(const Batch& open, Follower& follower, const LineBytes& where) {
    LedgerRecords* const records = sink.records();
    if (records == nullptr) return;
    const std::uint32_t index = open.entries();
    record_file(*records, index, follower);
    records->line(index, follower.number, where.begin, where.end, where.read_us, where.flags,
                  follower.mark.head_before(where.end), where.before_end);
}

void TailState::record_notice(const Batch& open, Follower& follower, Timestamp made) {
    LedgerRecords* const records = sink.records();
    if (records == nullptr) return;
    const std::uint32_t index = open.entries();
    record_file(*records, index, follower);
    LedgerSlot notice;
    notice.kind = LedgerKind::notice;
    notice.entries = 1;
    notice.file = follower.number;
    notice.begin = follower.notice.number;
    notice.end = follower.notice.loss.bytes;
    notice.flags = follower.notice.loss.at_least ? ledger_at_least : 0;
    notice.mark = static_cast<std::uint64_t>(follower.notice.reason);
    notice.time_us = made.microseconds;
    records->add(index, notice);
}

void TailState::record_all(LedgerRecords& records) {
    record_targets(records, 0);
    for (const auto& [path, entry] : paths) {
        if (!entry.had_file) continue;
        LedgerSlot history;
        history.kind = LedgerKind::path;
        history.begin = entry.rotations;
        records.add(0, history, path);
    }
    for (const auto& follower : followers) {
        // What may be a copy is looked at anew after a restart.
        if (follower->maybe_copy) continue;
        // A start that does not know it comes to search again.
        if (follower->number == 0 && undecided(*follower)) continue;
        follower->recorded = false;
        record_position(records, 0, *follower);
    }
}

}  // namespace logwisp
