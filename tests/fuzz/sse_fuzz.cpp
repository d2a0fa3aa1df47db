// Any bytes as a log line, framed and read back by the tests' own event-stream reader, give one
// event that holds exactly that entry; any bytes as an event id are either refused or ours to the
// letter.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "support/sse_parser.hpp"
#include "wire/json.hpp"
#include "wire/sse.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check_round_trip(std::string_view line, std::uint64_t sequence) {
    std::string json = "{\"message\":";
    logwisp::append_json_string(json, line);
    json += '}';
    std::string frame(logwisp::sse_frame_overhead_max + json.size(), '\0');
    frame.resize(logwisp::sse_frame("e1", sequence, json, frame.data()));

    const std::string marker = logwisp::sse_event("gap", "{}");
    logwisp::test::SseParser parser;
    parser.feed(frame);
    parser.feed(marker);
    const std::string id = logwisp::format_event_id("e1", sequence);
    require(parser.events().size() == 2);
    require(parser.events()[0] == logwisp::test::SseEvent{"message", json, id});
    require(parser.events()[1] == logwisp::test::SseEvent{"gap", "{}", id});
    require(parser.comments().empty());
    require(parser.unknown_fields().empty());
    require(parser.at_boundary());
}

void check_event_id(std::string_view text) {
    logwisp::EventId id;
    if (!logwisp::parse_event_id(text, id)) return;
    require(logwisp::format_event_id(id.epoch, id.sequence) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
    const std::string_view input(reinterpret_cast<const char*>(data), bytes);
    std::uint64_t sequence = 0;
    for (const char c : input.substr(0, 8))
        sequence = sequence << 8 | static_cast<unsigned char>(c);
    check_round_trip(input, sequence);
    check_event_id(input);
    return 0;
}
