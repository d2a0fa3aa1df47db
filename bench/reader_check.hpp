// One reader's view of the stream and its verdict on it: every line exactly once, in order,
// complete to the last byte, or told by a gap of exactly the right size. Knows LogWisp's raw TCP
// lines and Server-Sent Events, and the peers' protocols, by their documents alone; shares no code
// with the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint.hpp"
#include "histogram.hpp"

namespace logwisp::bench {

// What the readers have in common.
struct Expectation {
    std::uint64_t lines = 0;  // numbered from 1
    bool foreign = false;     // lines of somebody else, of which any is good
    std::string pad;
    Histogram* latency = nullptr;
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

    [[nodiscard]] bool ready() const { return ready_; }  // greeted, or saw a line
    [[nodiscard]] bool has_all_lines() const { return next_ == expectation_->lines + 1; }
    // And knows that the last one has ended.
    [[nodiscard]] bool complete() const { return has_all_lines() && holds_ == Holds::nothing; }
    // No event is half told: leaving now and resuming by id repeats nothing.
    [[nodiscard]] bool between_events() const { return event_bytes_ == 0; }
    [[nodiscard]] std::uint64_t next() const { return next_; }
    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
    [[nodiscard]] std::uint64_t probe() const { return probe_; }  // the last one seen
    // Of entries as they were on the wire, framing included.
    [[nodiscard]] std::uint64_t frame_bytes() const { return frame_bytes_; }
    // Whether another reader can have had so many bytes beside the entries since the last probe: as
    // many as this one had of heartbeats and pings, or some of those more or less.
    [[nodiscard]] bool can_be_other(std::uint64_t bytes) const;
    // Whether one of those was as long as this.
    [[nodiscard]] bool is_length_of_other(std::uint64_t bytes) const;
    [[nodiscard]] const std::string& last_event_id() const { return last_event_id_; }
    [[nodiscard]] const std::string& fault() const { return fault_; }  // the first one; empty: none

  private:
    void take_line(std::string_view line, std::int64_t now_ns);
    void take_tcp_line(std::string_view line, std::int64_t now_ns);
    void take_event_line(std::string_view line, std::int64_t now_ns);
    void take_peer_line(std::string_view line, std::int64_t now_ns);
    void take_head_line(std::string_view line);
    void take_json(std::string_view json, std::int64_t now_ns);
    void take_payload(std::string_view payload, std::int64_t now_ns);
    void take_probe(std::string_view payload);
    void take_gap(std::string_view json);
    void take_id();
    void end_event();
    void count_other(std::uint64_t bytes);
    void fail(std::string what);
    void fail_by_answer(std::string_view line);

    Protocol protocol_;
    enum class Event : std::uint8_t { message, gap, other };
    Event event_ = Event::message;
    enum class Holds : std::uint8_t { nothing, entry, probe };
    Holds holds_ = Holds::nothing;  // the event or message so far
    bool in_head_ = true;
    bool head_begun_ = false;
    bool ready_ = false;
    bool skip_unknown_ = false;  // a TCP reader after reconnecting
    const Expectation* expectation_;
    std::uint64_t next_ = 1;
    std::uint64_t received_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t probe_ = 0;
    std::uint64_t frame_bytes_ = 0;
    std::uint64_t event_bytes_ = 0;           // of the event or message that has begun
    std::vector<std::uint64_t> other_bytes_;  // lengths of heartbeats, pings
    std::uint64_t other_bytes_in_all_ = 0;
    std::size_t payload_offset_ = 0;  // where the payload began in the last entry
    std::string pending_id_;
    std::string last_event_id_;
    std::string fault_;
};

}  // namespace logwisp::bench
