// What a ledger says when it is read from its beginning: where the stream stands. Pure.
//
// Damage is survived: a slot of which one byte has changed is read as it was; another that is not valid is passed over, and what it would have
// said is unknown. Nothing a slot says is believed
// beyond its form: paths are only ever compared with what is followed, positions with what the files hold.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "stream/ledger_records.hpp"
#include "stream/ledger_slot.hpp"
#include "stream/rotation_history.hpp"

namespace logwisp {

struct RecordedFile {
    std::string path;    // empty: none any more
    std::string origin;  // its entries are told to come from
    std::string source;  // as in its entries
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t generation = 0;
    std::int64_t born_ns = 0;
    std::uint64_t entries = 0;  // published from it
    std::int64_t read_us = 0;   // last; 0: never
    std::uint64_t position = 0;
    std::uint64_t mark = 0;
    bool positioned = false;  // `position` and `mark` were said
    bool pass_over = false;
    bool closed = false;
};

// Takes which file it is and what it is called out of a file's slot and the text behind it.
void read_file_slot(const LedgerSlot& slot, std::string_view text, RecordedFile& file);

struct LedgerEpoch {
    std::string text;
    std::uint64_t first_sequence = 1;
};

class LedgerState {
  public:
    // The header, then the slots behind it in order, each once. `place`: of the first of `slots`.
    void read(std::span<const LedgerSlot> slots, std::uint64_t salt, std::uint64_t place);
    // After the last.
    void finish();

    std::uint64_t next_sequence = 1;
    std::vector<LedgerEpoch> epochs;  // oldest first
    std::vector<std::string> targets;
    std::map<std::string, std::uint64_t> rotations;         // by path
    std::map<std::string, RotationHistory> last_rotations;  // by path; those noticed in this ledger
    std::unordered_map<std::uint32_t, RecordedFile> files;
    // By number: files of which the slot is damaged, and so all but where they stand is unknown.
    std::unordered_map<std::uint32_t, RecordedFile> unnamed_files;
    std::uint32_t file_number_max = 0;
    LedgerPlaces places;
    std::int64_t last_us = 0;       // the latest time it tells of
    bool stopped = false;           // its last word is that everything is in it
    std::uint64_t valid_slots = 0;  // up to and with the last valid one: what follows is a torn end
    std::uint64_t damaged_slots = 0;  // not valid, with a valid one behind them
    // As they were before one byte of them changed, with their places; they count as valid.
    std::vector<std::pair<std::uint64_t, LedgerSlot>> mended;
    // The first slot that is not valid and that a power failure may have taken: nothing valid behind it says that it was on the disk. Not
    // after valid_slots.
    std::uint64_t sure_slots = 0;

  private:
    void say(const LedgerSlot& slot, std::uint64_t place, std::string_view text);
    void end_text();
    bool mend(LedgerSlot& slot, std::uint64_t salt, std::uint64_t index);

    LedgerSlot head_;  // whose text is being read
    std::uint64_t head_place_ = 0;
    std::string text_;
    std::uint64_t invalid_slots_ = 0;  // since the last valid one
    // The first that are not valid since the last slot with ledger_synced_before, and since the one before it; 0: none.
    std::uint64_t hole_ = 0;
    std::uint64_t hole_before_ = 0;
    std::uint64_t read_slots_ = 0;
    std::size_t mends_left_ = ledger_mends_max;
};

// A ledger's header; salt 0 is none.
struct LedgerHeader {
    std::uint64_t salt = 0;
    std::uint64_t boot = 0;  // hash of the machine's boot id when it was written
    std::uint64_t first_sequence = 1;
    std::int64_t made_us = 0;
    std::uint32_t version = 0;
    bool incomplete = false;
    bool synced = false;              // every batch was on the disk before it was given out
    std::uint64_t stopped_slots = 0;  // all there were when the stream ended; 0: it has not
};

LedgerSlot ledger_header_slot(const LedgerHeader& header);
// Foreign, damaged and newer files give `version` 0, 0 and theirs.
LedgerHeader ledger_header(const LedgerSlot& slot);

}  // namespace logwisp
