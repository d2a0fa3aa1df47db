// What one batch adds to the ledger, while the batch is filled: slots whose sequences still count from the batch's first entry. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stream/ledger_slot.hpp"

namespace logwisp {

// Bytes before a position that its mark is made of.
inline constexpr std::size_t ledger_mark_bytes = 64;
// And bytes at the file's beginning, once it has so many.
inline constexpr std::size_t ledger_head_bytes = 256;

// By file number: the place of the last slot that names it.
using LedgerPlaces = std::unordered_map<std::uint32_t, std::uint64_t>;

class LedgerRecords {
  public:
    LedgerRecords();

    // Entry `index` of the batch is the line at [begin, end) of file `file`, read at `time_us`; `before_end` are the bytes right before
    // `end` (ledger_mark_bytes of them, or all there are), `head` as for ledger_mark(). Lines that follow on each other become one run.
    void line(std::uint32_t index, std::uint32_t file, std::uint64_t begin, std::uint64_t end,
              std::int64_t time_us, std::uint8_t flags, std::uint64_t head,
              std::string_view before_end);
    // The others, in the columns of ledger_slot.hpp. `index`: of the entry that comes next.
    void position(std::uint32_t index, std::uint32_t file, std::uint64_t at, std::uint8_t flags,
                  std::uint64_t mark);
    void add(std::uint32_t index, LedgerSlot slot, std::string_view text = {});

    // Of the slot that add() has just added (its text not counted): counts from the first entry, and
    // may lie before it.
    void last_sequence(std::uint64_t sequence);

    [[nodiscard]] bool empty() const { return slots_.empty(); }
    void clear();

    // Ends the last run, gives sequences and checks: ready to be written at slot `place` of the
    // ledger with this salt. `places`: where the slot of each file is; those in here are added.
    // `synced_before`: as the flag of that name says.
    std::span<const LedgerSlot> seal(std::uint64_t first_sequence, std::uint64_t salt,
                                     std::uint64_t place, LedgerPlaces& places,
                                     bool synced_before = false);

  private:
    void end_run();

    std::vector<LedgerSlot> slots_;
    bool run_open_ = false;
    std::uint64_t head_ = 0;
    std::size_t before_end_bytes_ = 0;
    char before_end_[ledger_mark_bytes];
};

// The mark of a position: a hash of the bytes right before it and, from ledger_head_bytes on, of as
// many at the file's beginning (`head` is their hash; 0 below). 0 is none.
std::uint64_t ledger_mark(std::uint64_t head, std::string_view before_it);

}  // namespace logwisp
