// One reader's view of the stream and its verdict on it: every line exactly once, in order,
// complete to the last byte, or told by a gap of exactly the right size. Knows raw TCP lines and
// Server-Sent Events by their documents alone; shares no code with the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logwisp::fanout {

enum class Protocol : std::uint8_t { tcp, sse };

// What the readers have in common.
struct Expectation {
    std::uint64_t lines = 0;  // numbered from 1
    std::string pad;
    std::vector<std::uint32_t>* latency_us = nullptr;  // of a sample of lines
};

class ReaderCheck {
  public:
    ReaderCheck(Protocol protocol, const Expectation& expectation)
        : protocol_(protocol), expectation_(&expectation) {}

    // Takes whole lines from `bytes` and returns how many bytes they were; the rest is given again
    // with what follows it.
    std::size_t take(std::string_view bytes, std::int64_t now_ns);
    // After a new connection. A TCP reader cannot resume: what it missed meanwhile is not counted
    // against anybody.
    void reconnected();

    [[nodiscard]] bool ready() const { return ready_; }  // greeted (SSE) or saw a line (TCP)
    [[nodiscard]] bool complete() const { return next_ == expectation_->lines + 1; }
    // No event is half told: leaving now and resuming by id repeats nothing.
    [[nodiscard]] bool between_events() const { return pending_id_.empty(); }
    [[nodiscard]] std::uint64_t next() const { return next_; }
    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
    [[nodiscard]] std::uint64_t entry_bytes() const { return entry_bytes_; }
    [[nodiscard]] const std::string& last_event_id() const { return last_event_id_; }
    [[nodiscard]] const std::string& fault() const { return fault_; }  // the first one; empty: none
    [[nodiscard]] bool farewell() const { return farewell_; }

  private:
    void take_line(std::string_view line, std::int64_t now_ns);
    void take_head_line(std::string_view line);
    void take_json(std::string_view json, std::int64_t now_ns);
    void take_gap(std::string_view json);
    void fail(std::string what);

    Protocol protocol_;
    enum class Event : std::uint8_t { message, gap, other };
    Event event_ = Event::message;
    bool in_head_ = true;
    bool head_begun_ = false;
    bool ready_ = false;
    bool farewell_ = false;
    bool skip_unknown_ = false;  // a TCP reader after reconnecting
    const Expectation* expectation_;
    std::uint64_t next_ = 1;
    std::uint64_t received_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t entry_bytes_ = 0;
    std::size_t payload_offset_ = 0;  // where the payload began in the last entry
    std::string pending_id_;
    std::string last_event_id_;
    std::string fault_;
};

}  // namespace logwisp::fanout
