#include "serve/entries_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "logwisp/limits.hpp"
#include "serve/read_from.hpp"
#include "wire/http.hpp"

namespace logwisp {

std::string read_entries_query(std::string_view query, std::int64_t now_us,
                               const StreamInfo& stream, EntriesQuery& wanted) {
    for (auto [name, sequence] : {std::pair{"from", &wanted.first}, {"to", &wanted.last}}) {
        const auto text = query_value(query, name);
        if (!text) continue;
        *sequence = stream.sequence_of(*text);
        if (!*sequence) return fmt::format("{} must be the id of an entry of this stream", name);
    }
    ReadFrom times;
    if (std::string wrong = read_query(query, now_us, times); !wrong.empty()) return wrong;
    wanted.since_us = times.since_us;
    wanted.until_us = times.until_us;
    wanted.limit = times.tail_entries != 0 ? std::min(times.tail_entries, past_entries_max)
                                           : past_entries_default;
    if (const auto limit = query_value(query, "limit")) {
        const char* const end = limit->data() + limit->size();
        const auto [stop, error] = std::from_chars(limit->data(), end, wanted.limit);
        if (limit->empty() || error != std::errc{} || stop != end || wanted.limit == 0 ||
            wanted.limit > past_entries_max)
            return fmt::format("limit must be a number from 1 to {}", past_entries_max);
    }
    return {};
}

}  // namespace logwisp
