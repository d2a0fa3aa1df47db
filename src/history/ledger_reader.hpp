// A stream's ledger as it lies on the disk, read by anybody while its home core goes on writing it:
// a slot is valid by itself or not yet there. Follows the stream from one ledger file to the next.
// Small synchronous reads, nearly always of the page cache. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "stream/ledger_slot.hpp"
#include "stream/ledger_state.hpp"

namespace logwisp {

// Entries that lie together in one file, or one entry of our own.
struct PastRun {
    LedgerSlot slot;
    [[nodiscard]] bool is_notice() const { return slot.kind == LedgerKind::notice; }
    [[nodiscard]] std::uint64_t first() const { return slot.sequence; }
    [[nodiscard]] std::uint64_t next() const { return slot.sequence + slot.entries; }
};

class LedgerReader {
  public:
    // `path`: of the ledger, without its ending.
    explicit LedgerReader(std::string path) : path_(std::move(path)) {}
    ~LedgerReader();
    LedgerReader(const LedgerReader&) = delete;
    LedgerReader& operator=(const LedgerReader&) = delete;

    // The next run() is the one that holds entry `sequence`, else the first behind it. False: no
    // ledger can be read.
    bool seek(std::uint64_t sequence);
    // The last call found less than there is, since no file can be opened now.
    [[nodiscard]] bool ran_out_of_descriptors() const { return ran_out_; }
    // The next one in order; empty when nothing more is written yet.
    std::optional<PastRun> run();
    // Which file a run is of; empty when its slot is damaged.
    std::optional<RecordedFile> file_of(const PastRun& run);
    // The first entry that was read at `time_us` or later; empty: none was.
    std::optional<std::uint64_t> first_since(std::int64_t time_us);
    // The oldest entry that is recorded still.
    std::optional<std::uint64_t> first();

    // Different in every ledger file: numbers and places of one mean nothing in another.
    [[nodiscard]] std::uint64_t salt() const { return header_.salt; }

  private:
    [[nodiscard]] int open(const char* ending, LedgerHeader& header);
    bool take_next();
    bool open_for(std::uint64_t sequence);
    bool open_next();
    void use(int file, const LedgerHeader& header);
    [[nodiscard]] std::uint64_t slots() const;
    bool read_slot(std::uint64_t place, LedgerSlot& slot) const;
    const LedgerSlot* next_slot();
    bool mend(LedgerSlot& slot, std::uint64_t place);
    [[nodiscard]] std::uint64_t place_of(std::uint64_t sequence) const;
    bool find_run(std::uint64_t& place, LedgerSlot& slot) const;
    [[nodiscard]] std::optional<std::uint64_t> first_since_here(std::int64_t time_us) const;

    std::string path_;
    int file_ = -1;
    LedgerHeader header_;
    std::uint64_t place_ = 1;     // of the slot looked at next
    std::uint64_t sequence_ = 0;  // no entry before it is wanted
    bool ran_out_ = false;
    std::size_t mends_left_ = ledger_mends_max;
    // The slots from chunk_place_ on, as last read.
    std::array<LedgerSlot, 64> chunk_;
    std::uint64_t chunk_place_ = 0;
    std::size_t chunk_slots_ = 0;
};

}  // namespace logwisp
