// Server-Sent Events to the letter of the WHATWG grammar. Entries are JSON without raw control characters, so one data line holds each,
// and nothing in a log line can begin a field of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace logwisp {

// An epoch is 1 to 30 characters of [A-Za-z0-9._]: no '-', which ends it in an id.
inline constexpr std::size_t event_epoch_bytes_max = 30;
// "id: <epoch>-<sequence>\ndata: " + json + "\n\n"; returns the length written. Room: sse_frame_overhead_max + json.size().
inline constexpr std::size_t sse_frame_overhead_max = 64;
std::size_t sse_frame(std::string_view epoch, std::uint64_t sequence, std::string_view json,
                      char* out);

// "event: <event>\ndata: <json>\n\n". `event` from [A-Za-z0-9._-], json without raw CR or LF: both are CHECKed.
std::string sse_event(std::string_view event, std::string_view json);
// ": <text>\n\n"; text without CR or LF.
std::string sse_comment(std::string_view text);
// "retry: <ms>\n"
std::string sse_retry(std::uint32_t milliseconds);

// An id we gave out: "<epoch>-<sequence>".
struct EventId {
    std::string_view epoch;
    std::uint64_t sequence = 0;
};
std::string format_event_id(std::string_view epoch, std::uint64_t sequence);
// False for anything that is not of our form (8 KiB of garbage, negative, NUL, non-ASCII, overflow).
bool parse_event_id(std::string_view text, EventId& id);

}  // namespace logwisp
