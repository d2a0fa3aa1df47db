// The reading end of Server-Sent Events, to the letter of the WHATWG grammar: lines end at LF, CR
// or CRLF, one BOM at the start is skipped, an event without its blank line is thrown away with its
// connection. Pure over bytes, which may arrive split anywhere with the same result. One object per
// connection; the last event id is handed from one to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "logwisp/limits.hpp"

namespace logwisp {

struct ServerEvent {
    std::string_view type;  // "message" when the server named none
    std::string_view data;
};

class EventStreamParser {
  public:
    // Longest event we keep: the server's longest line in its worst spelling. A longer one is
    // passed over and counted.
    static constexpr std::size_t event_bytes_max = entry_bytes_max(line_bytes_ceiling) + 1024;

    struct Handlers {
        std::function<void(const ServerEvent&)> on_event;  // the views are valid during the call
        std::function<void(std::uint64_t milliseconds)> on_retry;
    };
    EventStreamParser(Handlers handlers, std::string last_event_id)
        : handlers_(std::move(handlers)),
          id_buffer_(last_event_id),
          last_event_id_(std::move(last_event_id)) {}

    void feed(std::string_view bytes);
    // As of the last blank line: what a reconnection sends as Last-Event-ID.
    [[nodiscard]] const std::string& last_event_id() const { return last_event_id_; }
    [[nodiscard]] std::uint64_t events_too_long() const { return events_too_long_; }

  private:
    void append_to_line(std::string_view bytes);
    void end_line();
    void take_field(std::string_view name, std::string_view value);
    void dispatch();

    Handlers handlers_;
    std::string line_;
    std::string data_;  // every data line followed by LF
    std::string type_;
    std::string id_buffer_;
    std::string last_event_id_;
    std::uint64_t events_too_long_ = 0;
    bool first_line_ = true;
    bool after_cr_ = false;
    bool too_long_ = false;
};

}  // namespace logwisp
