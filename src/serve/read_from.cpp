#include "serve/read_from.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "wire/http.hpp"
#include "wire/http_target.hpp"
#include "wire/moment.hpp"
#include "wire/sse.hpp"

namespace logwisp {

namespace {

bool read_number(std::string_view text, std::uint64_t& number) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return !text.empty() && error == std::errc{} && stop == end;
}

std::string_view take_word(std::string_view& line) {
    const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

constexpr const char* moment_form =
    "a time (2024-01-31T12:00:00Z) or how long ago (90s, 10m, 2h, 7d)";

}  // namespace

std::string read_query(std::string_view query, std::int64_t now_us, ReadFrom& from) {
    if (const auto tail = query_value(query, "tail"))
        if (!read_number(*tail, from.tail_entries)) return "tail must be a number of entries";
    for (const char* const name : {"last_event_id", "lastEventId"}) {
        auto text = query_value(query, name);
        if (!text || text->empty()) continue;  // as a page writes that has none yet
        EventId id;
        if (!parse_event_id(*text, id)) return std::string(name) + " must be the id of an entry";
        if (from.last_event_id.empty()) from.last_event_id = std::move(*text);
    }
    for (auto [name, moment] : {std::pair{"since", &from.since_us}, {"until", &from.until_us}}) {
        const auto text = query_value(query, name);
        if (!text) continue;
        *moment = parse_moment(*text, now_us);
        if (!*moment) return std::string(name) + " must be " + moment_form;
    }
    if (const auto lossless = query_value(query, "lossless")) {
        if (*lossless != "1" && *lossless != "0") return "lossless must be 1 or 0";
        from.lossless = *lossless == "1";
    }
    return {};
}

std::optional<ReadCommand> read_command(std::string_view line, std::int64_t now_us) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    ReadCommand command;
    bool first = true;
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
        ReadFrom& from = command.from;
        if (equals_ignoring_case(word, "LOSSLESS")) {
            from.lossless = true;
        } else if (equals_ignoring_case(word, "RESUME")) {
            from.last_event_id = take_word(line);
            EventId id;
            if (!parse_event_id(from.last_event_id, id))
                command.wrong = "RESUME must be followed by the id of an entry";
        } else if (equals_ignoring_case(word, "TAIL")) {
            if (!read_number(take_word(line), from.tail_entries))
                command.wrong = "TAIL must be followed by a number of entries";
        } else if (equals_ignoring_case(word, "SINCE")) {
            from.since_us = parse_moment(take_word(line), now_us);
            if (!from.since_us)
                command.wrong = std::string("SINCE must be followed by ") + moment_form;
        } else if (first) {
            return std::nullopt;
        } else {
            command.wrong = "RESUME, TAIL, SINCE and LOSSLESS are understood here";
        }
        first = false;
    }
    if (first) return std::nullopt;
    return command;
}

}  // namespace logwisp
