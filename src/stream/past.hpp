// Entries that the ring has lost, as whoever reads them sees it: they are read from the log files
// again (history/), by the record the ledger keeps of them. Core thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logwisp/config.hpp"

namespace logwisp {

// Where a stream's past is to be found. Constant while anybody reads it.
struct PastSource {
    std::string ledger_path;  // without its ending; empty: no ledger is kept, and there is no past
    std::uint32_t line_bytes_max = 0;
    FollowSymlinks follow_symlinks = FollowSymlinks::owned;
    // The core that reads the files; empty: any does.
    std::optional<std::size_t> read_by{};

    [[nodiscard]] bool kept() const { return !ledger_path.empty(); }
};

// One who is given past entries, in order, each once. Everything is called from the end of a turn
// or from what continue_past() was called from; it may end its reading (Host::end_past) in any of
// these calls.
class PastReader {
  public:
    // It takes more now. False: it says when (Host::continue_past).
    [[nodiscard]] virtual bool takes_past() = 0;
    // What is before this is to be given. Asked again and again: a ring moves on. REQUIRES: not
    // beyond the entry that is published next.
    [[nodiscard]] virtual std::uint64_t past_end() = 0;
    // From here on it can be given everything from memory: what cannot be read of the past is
    // missing only before this. Not after past_end().
    [[nodiscard]] virtual std::uint64_t memory_begins() = 0;
    // The entry `sequence`: its canonical JSON without LF.
    virtual void on_past_entry(std::uint64_t sequence, std::string_view json) = 0;
    // From `first` to `last` there were entries of which nobody can say any more what they were.
    virtual void on_past_gap(std::uint64_t first, std::uint64_t last) = 0;
    // It was given everything before past_end(), `next` is what comes then. Its reading has ended.
    virtual void on_past_end(std::uint64_t next) = 0;

    // Of one file: what lies from `begin` on is nowhere any more.
    struct Lost {
        std::uint64_t ledger = 0;  // whose number it is
        std::uint32_t file = 0;
        std::uint64_t begin = 0;
    };

    // Its place; history's alone.
    struct Place {
        const PastSource* source = nullptr;  // nullptr: reads no past
        std::uint64_t next = 0;              // sequence of the entry it is given next
        std::uint64_t gap_first = 0;         // from here to `next` is a gap not told yet; 0: none
        std::uint64_t ticket = 0;            // in the queue of those who wait for their turn
        std::uint32_t slot = 0;              // of the one it is read for in; 0: none
        bool asleep = false;                 // until it takes more
        bool parked = false;                 // and out of the queue until then
        bool unreadable = false;             // something was: memory_begins() is far enough
        std::vector<Lost> lost;              // files that nobody has to look for again
    } place;

  protected:
    ~PastReader() = default;
};

}  // namespace logwisp
