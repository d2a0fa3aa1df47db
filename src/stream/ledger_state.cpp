#include "stream/ledger_state.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace logwisp {

namespace {

// What a damaged ledger may make us remember.
constexpr std::size_t epochs_max = 1024;
constexpr std::size_t targets_max = 10'000;
constexpr std::size_t paths_max = 200'000;
constexpr std::size_t files_max = 1'000'000;

// Up to the next NUL, which goes too.
std::string take_text(std::string_view& text) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    std::string taken(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return taken;
}

RotationReason reason_of(std::uint64_t number) {
    const bool known = number <= static_cast<std::uint64_t>(RotationReason::beyond_size);
    return known ? static_cast<RotationReason>(number) : RotationReason::none;
}

void read_run(const LedgerSlot& slot, RecordedFile& file) {
    file.position = slot.end;
    file.mark = slot.mark;
    file.positioned = true;
    file.pass_over = (slot.flags & ledger_pass_over) != 0;
    file.entries += slot.entries;
    file.read_us = std::max(file.read_us, slot.time_us);
}

}  // namespace

void read_file_slot(const LedgerSlot& slot, std::string_view text, RecordedFile& file) {
    file.device = slot.begin;
    file.inode = slot.end;
    file.generation = slot.mark;
    file.born_ns = slot.time_us;
    file.entries = slot.file_place;
    file.path = take_text(text);
    file.origin = take_text(text);
    file.source = take_text(text);
    if ((slot.flags & ledger_rotated_away) != 0) file.path.clear();
}

void LedgerState::read(std::span<const LedgerSlot> slots, std::uint64_t salt, std::uint64_t place) {
    for (LedgerSlot slot : slots) {
        const std::uint64_t index = place++;
        ++read_slots_;
        if (!ledger_valid(slot, salt, index) && !mend(slot, salt, index)) {
            ++invalid_slots_;
            if (hole_ == 0) hole_ = index;
            head_ = {};  // its text is not whole
            continue;
        }
        damaged_slots += std::exchange(invalid_slots_, 0);
        valid_slots = index + 1;
        if (slot.kind == LedgerKind::text) {
            if (head_.kind == LedgerKind::none ||
                slot.text_bytes != head_.text_bytes - text_.size())
                continue;
            text_.append(ledger_text(slot));
            end_text();
            continue;
        }
        if ((slot.flags & ledger_synced_before) != 0)
            hole_before_ = std::exchange(hole_, 0);  // what was before the last one is damage
        stopped = false;
        head_ = slot;
        head_place_ = index;
        text_.clear();
        end_text();
    }
}

bool LedgerState::mend(LedgerSlot& slot, std::uint64_t salt, std::uint64_t index) {
    // Of the zeros that a power failure leaves there may be many; they cost nothing.
    if (slot == LedgerSlot{} || mends_left_ == 0) return false;
    --mends_left_;
    if (!ledger_mend(slot, salt, index)) return false;
    mended.emplace_back(index, slot);
    return true;
}

void LedgerState::finish() {
    head_ = {};
    const std::uint64_t hole = hole_before_ != 0 ? hole_before_ : hole_;
    sure_slots = hole != 0 ? std::min(hole, valid_slots) : valid_slots;
}

void LedgerState::end_text() {
    if (text_.size() < head_.text_bytes) return;
    say(head_, head_place_, text_);
    head_ = {};
}

void LedgerState::say(const LedgerSlot& slot, std::uint64_t place, std::string_view text) {
    const auto follows = [&](std::uint64_t entries) {
        if (slot.sequence >= next_sequence) next_sequence = slot.sequence + entries;
    };
    const auto known = files.find(slot.file);
    if (slot.kind != LedgerKind::file) last_us = std::max(last_us, slot.time_us);
    switch (slot.kind) {
        case LedgerKind::epoch:
            follows(0);
            if (epochs.size() == epochs_max) epochs.erase(epochs.begin());
            epochs.push_back({std::string(text), slot.sequence});
            break;
        case LedgerKind::target:
            if (slot.entries == 0) targets.clear();
            if (targets.size() < targets_max) targets.emplace_back(text);
            break;
        case LedgerKind::path:
            if (rotations.size() < paths_max) rotations[std::string(text)] = slot.begin;
            break;
        case LedgerKind::file: {
            if (files.size() >= files_max) break;
            RecordedFile& file = files[slot.file];
            read_file_slot(slot, text, file);
            file.closed = false;
            unnamed_files.erase(slot.file);
            file_number_max = std::max(file_number_max, slot.file);
            places[slot.file] = place;
            break;
        }
        case LedgerKind::run:
            follows(slot.entries);
            if (known != files.end())
                read_run(slot, known->second);
            else if (unnamed_files.size() < files_max)
                read_run(slot, unnamed_files[slot.file]);
            break;
        case LedgerKind::notice:
            follows(slot.entries);
            if (known == files.end()) break;
            rotations[known->second.origin] = slot.begin;
            if (last_rotations.size() < paths_max)
                last_rotations[known->second.origin].add(
                    {slot.begin, slot.time_us, reason_of(slot.mark)});
            known->second.entries += slot.entries;
            break;
        case LedgerKind::closed:
            if (known != files.end()) known->second.closed = true;
            unnamed_files.erase(slot.file);
            places.erase(slot.file);
            break;
        case LedgerKind::stop:
            follows(0);
            stopped = true;
            break;
        case LedgerKind::none:
        case LedgerKind::header:
        case LedgerKind::text:
            break;
    }
}

LedgerSlot ledger_header_slot(const LedgerHeader& header) {
    LedgerSlot slot;
    slot.kind = LedgerKind::header;
    slot.flags = (header.incomplete ? ledger_incomplete : 0) | (header.synced ? ledger_synced : 0);
    slot.sequence = header.first_sequence;
    slot.entries = ledger_version;
    slot.begin = ledger_magic;
    slot.end = header.salt;
    slot.mark = header.boot;
    slot.time_us = header.made_us;
    slot.file_place = header.stopped_slots;
    slot.check = ledger_check(slot, header.salt, 0);
    return slot;
}

LedgerHeader ledger_header(const LedgerSlot& slot) {
    LedgerHeader header;
    if (slot.kind != LedgerKind::header || slot.begin != ledger_magic ||
        !ledger_valid(slot, slot.end, 0))
        return header;
    header.salt = slot.end;
    header.boot = slot.mark;
    header.first_sequence = slot.sequence;
    header.made_us = slot.time_us;
    header.version = slot.entries;
    header.incomplete = (slot.flags & ledger_incomplete) != 0;
    header.stopped_slots = slot.file_place;
    header.synced = (slot.flags & ledger_synced) != 0;
    return header;
}

}  // namespace logwisp
