// What a request for past entries asks for. Pure but for what it is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "serve/stream_info.hpp"

namespace logwisp {

struct EntriesQuery {
    std::optional<std::uint64_t> first;  // from
    std::optional<std::uint64_t> last;   // to
    std::optional<std::int64_t> since_us;
    std::optional<std::int64_t> until_us;  // entries read at that time or later are not wanted
    std::uint64_t limit = 0;
};

// from and to (ids), since and until (times), tail or limit. Returns what is wrong, for people; empty:
// nothing.
std::string read_entries_query(std::string_view query, std::int64_t now_us,
                               const StreamInfo& stream, EntriesQuery& wanted);

}  // namespace logwisp
