// The ledger's form on disk. One file per stream of slots of 64 bytes: a header, then what happened, in order. Pure; any thread.
//
// A slot is valid or it is not, by itself: its check covers its content, its place in the file and the file it belongs to. So a torn end is
// seen, a damaged slot takes nothing else with it, and a sequence is found by halving the file.
//
// What a slot means by its numbers:
//
//   kind    sequence  entries  file    begin      end         mark        time_us
//   header  first     version  -       magic      salt        boot        made
//   epoch   first     -        -       -          -           -           made        text: what ids begin with
//   target  next      0: first of a new list                                     -           text: a target that is followed
//   path    next      -        -       rotations  -           -           -           text: the path
//   file    next      -        number  device     inode       generation  born (ns)   text: path, origin, source, each and NUL
//   run     first     count    number  from byte  to byte     of the end  read        the lines there; count 0: a position only
//   notice  first     1        number  rotation   lost bytes  reason      made        a synthetic entry
//   closed  next      -        number  -          -           -           -           nothing more of this file is expected
//   stop    next      -        -       -          -           -           made        everything given out is in here
//   text    -         -        -       the next 56 bytes of what stands before it
//
// "next" is the sequence the next entry will have. Little endian.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logwisp {

static_assert(std::endian::native == std::endian::little,
              "slots are written as they are in memory");

inline constexpr std::size_t ledger_slot_bytes = 64;
inline constexpr std::size_t ledger_text_bytes = 56;  // of a text slot
inline constexpr std::uint32_t ledger_version = 1;
inline constexpr std::uint64_t ledger_magic = 0x52454744454C574CULL;  // "LWLEDGER" as bytes

enum class LedgerKind : std::uint8_t {
    none,  // an unwritten place
    header,
    epoch,
    target,
    path,
    file,
    run,
    notice,
    closed,
    stop,
    text,
};

struct LedgerSlot {
    std::uint32_t check = 0;
    LedgerKind kind = LedgerKind::none;
    std::uint8_t flags = 0;
    std::uint16_t text_bytes =
        0;  // of the text in the slots that follow; in a text slot: of what is left from here on
    std::uint64_t sequence = 0;
    std::uint32_t entries = 0;
    std::uint32_t file = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t mark = 0;
    std::int64_t time_us = 0;
    // run, notice: where in this ledger the slot of its file is; file: entries published from it; header: slots when the stream ended, or 0.
    std::uint64_t file_place = 0;

    [[nodiscard]] std::size_t text_slots() const {
        return (text_bytes + ledger_text_bytes - 1) / ledger_text_bytes;
    }
    friend bool operator==(const LedgerSlot&, const LedgerSlot&) = default;
};
static_assert(sizeof(LedgerSlot) == ledger_slot_bytes);

// Flags of a run: the file goes on inside a line nobody wants; its one entry is a line whose end had not come.
inline constexpr std::uint8_t ledger_pass_over = 1;
inline constexpr std::uint8_t ledger_partial = 2;
// Flag of a run: it begins inside a line nobody wants, as a run before it has left the file.
inline constexpr std::uint8_t ledger_begins_inside = 4;
// Flag of a notice: at least so many bytes were lost.
inline constexpr std::uint8_t ledger_at_least = 1;
// Flag of a file: no path names it any more.
inline constexpr std::uint8_t ledger_rotated_away = 1;
// Flag of the first slot of a batch: everything before the last slot that had this flag (the first such: before the first slot) was on the
// disk when it was written. Not everything before itself: where lines come all the time some are always on their way.
inline constexpr std::uint8_t ledger_synced_before = 128;
// Flags of the header: entries were given out that could not be written here; every batch was synced
// before it was given out.
inline constexpr std::uint8_t ledger_incomplete = 1;
inline constexpr std::uint8_t ledger_synced = 2;

// The text slot that holds the beginning of `text` (at most ledger_text_bytes of it).
LedgerSlot ledger_text_slot(std::string_view text);
// The text a text slot holds.
std::string_view ledger_text(const LedgerSlot& slot);

// `salt` is the file's, `index` the slot's place in it.
std::uint32_t ledger_check(const LedgerSlot& slot, std::uint64_t salt, std::uint64_t index);
// The same for one slot now and then: without tables of 8 KiB, which are in no cache by then.
std::uint32_t ledger_check_cold(const LedgerSlot& slot, std::uint64_t salt, std::uint64_t index);
bool ledger_valid(const LedgerSlot& slot, std::uint64_t salt, std::uint64_t index);

// Makes a slot of which one byte has changed what it was: no two such changes differ from a valid slot by the same check. A header (index 0)
// says its salt itself. False: more has changed, or nothing was ever written there; `slot` is as it was. Takes some 20 us.
bool ledger_mend(LedgerSlot& slot, std::uint64_t salt, std::uint64_t index);
// Tried of one ledger, whether they succeed or not: more damage than that is not of single bytes, and looking for it would take long.
inline constexpr std::size_t ledger_mends_max = 64;

}  // namespace logwisp
