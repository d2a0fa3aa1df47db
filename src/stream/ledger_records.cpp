#include "stream/ledger_records.hpp"

#include <algorithm>
#include <cstring>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace logwisp {

namespace {
// A batch has rarely more: as many files with lines at one time.
constexpr std::size_t slots_at_start = 16;
constexpr std::size_t text_bytes_max = 16 * 1024;
// Of a batch: from more on fetching the tables is worth it.
constexpr std::size_t cold_checks_max = 4;
}  // namespace

LedgerRecords::LedgerRecords() { slots_.reserve(slots_at_start); }

std::uint64_t ledger_mark(std::uint64_t head, std::string_view before_it) {
    const std::size_t bytes = std::min(before_it.size(), ledger_mark_bytes);
    const std::uint64_t mark =
        hash_more(head != 0 ? head : hash_seed, before_it.substr(before_it.size() - bytes));
    return mark != 0 ? mark : 1;
}

void LedgerRecords::line(std::uint32_t index, std::uint32_t file, std::uint64_t begin,
                         std::uint64_t end, std::int64_t time_us, std::uint8_t flags,
                         std::uint64_t head, std::string_view before_end) {
    DCHECK(before_end.size() <= ledger_mark_bytes);
    const bool follows = run_open_ && flags == 0 && slots_.back().file == file &&
                         slots_.back().time_us == time_us && slots_.back().flags == 0 &&
                         slots_.back().end <= begin;
    if (!follows) {
        end_run();
        LedgerSlot run;
        run.kind = LedgerKind::run;
        run.flags = flags;
        run.sequence = index;
        run.file = file;
        run.begin = begin;
        run.time_us = time_us;
        slots_.push_back(run);
        run_open_ = true;
    }
    LedgerSlot& run = slots_.back();
    ++run.entries;
    run.end = end;
    head_ = head;
    before_end_bytes_ = before_end.size();
    std::memcpy(before_end_, before_end.data(), before_end.size());
}

void LedgerRecords::position(std::uint32_t index, std::uint32_t file, std::uint64_t at,
                             std::uint8_t flags, std::uint64_t mark) {
    LedgerSlot run;
    run.kind = LedgerKind::run;
    run.flags = flags;
    run.file = file;
    run.begin = at;
    run.end = at;
    run.mark = mark;
    add(index, run);
}

void LedgerRecords::add(std::uint32_t index, LedgerSlot slot, std::string_view text) {
    end_run();
    text = text.substr(0, text_bytes_max);
    slot.sequence = index;
    slot.text_bytes = static_cast<std::uint16_t>(text.size());
    slots_.push_back(slot);
    for (std::size_t at = 0; at < text.size(); at += ledger_text_bytes)
        slots_.push_back(ledger_text_slot(text.substr(at)));
}

void LedgerRecords::last_sequence(std::uint64_t sequence) {
    auto slot = slots_.rbegin();
    while (slot->kind == LedgerKind::text) ++slot;
    slot->sequence = sequence;
}

void LedgerRecords::end_run() {
    if (!run_open_) return;
    run_open_ = false;
    slots_.back().mark = ledger_mark(head_, {before_end_, before_end_bytes_});
}

void LedgerRecords::clear() {
    slots_.clear();
    run_open_ = false;
}

std::span<const LedgerSlot> LedgerRecords::seal(std::uint64_t first_sequence, std::uint64_t salt,
                                                std::uint64_t place, LedgerPlaces& places,
                                                bool synced_before) {
    end_run();
    if (synced_before && !slots_.empty()) slots_.front().flags |= ledger_synced_before;
    for (std::size_t at = 0; at < slots_.size(); ++at) {
        LedgerSlot& slot = slots_[at];
        if (slot.kind != LedgerKind::text) slot.sequence += first_sequence;
        if (slot.kind == LedgerKind::file) places[slot.file] = place + at;
        if (slot.kind == LedgerKind::run || slot.kind == LedgerKind::notice)
            slot.file_place = places[slot.file];
        if (slot.kind == LedgerKind::closed) places.erase(slot.file);
        slot.check = slots_.size() <= cold_checks_max ? ledger_check_cold(slot, salt, place + at)
                                                      : ledger_check(slot, salt, place + at);
    }
    return slots_;
}

}  // namespace logwisp
