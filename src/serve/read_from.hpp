// Where a reader wants to begin, as it says in a query or, on raw TCP, in a line. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logwisp {

struct ReadFrom {
    std::uint64_t tail_entries = 0;
    // Empty: none. Goes before everything else. One from a header is whatever a client has sent.
    std::string last_event_id;
    std::optional<std::int64_t> since_us;
    std::optional<std::int64_t> until_us;
    std::optional<std::uint64_t>
        first;               // of since, tail: where that is; empty: nothing was read since
    std::uint64_t base = 0;  // what comes from this entry on is for it anyway; 0: from now on
    bool lossless = false;   // told no gap as long as the files are there

    // Only the ledger knows.
    [[nodiscard]] bool needs_past() const { return since_us || until_us || lossless; }
    [[nodiscard]] bool live_only() const {
        return !needs_past() && last_event_id.empty() && tail_entries == 0;
    }
};

// tail, last_event_id or lastEventId, since, until, lossless. Returns what is wrong with them, for
// people; empty: nothing.
std::string read_query(std::string_view query, std::int64_t now_us, ReadFrom& from);

// RESUME <id>, TAIL <n>, SINCE <RFC 3339 or 10m>, LOSSLESS, in any order on one line, in any case.
// Empty: it is none of these, and what the client says means nothing.
struct ReadCommand {
    ReadFrom from;
    std::string wrong;  // what is wrong with it; empty: nothing
};
std::optional<ReadCommand> read_command(std::string_view line, std::int64_t now_us);

}  // namespace logwisp
