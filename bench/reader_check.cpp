#include "reader_check.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "line.hpp"

namespace logwisp::bench {
namespace {

constexpr std::string_view message_key = "\"message\":\"";
constexpr std::size_t other_kinds_max = 8;
constexpr std::size_t answer_bytes_shown_max = 80;
constexpr int heartbeats_apart_max = 3;

bool number_after(std::string_view json, std::string_view key, std::uint64_t& value) {
    const auto at = json.find(key);
    if (at == std::string_view::npos) return false;
    const char* begin = json.data() + at + key.size();
    return std::from_chars(begin, json.data() + json.size(), value).ec == std::errc{};
}

// What is before the last "-" of an id, and the number behind it.
std::pair<std::string_view, std::uint64_t> parts_of(std::string_view id) {
    const auto dash = std::min(id.rfind('-'), id.size());
    std::uint64_t number = 0;
    if (dash < id.size()) std::from_chars(id.data() + dash + 1, id.data() + id.size(), number);
    return {id.substr(0, dash), number};
}

bool is_sum_of(const std::vector<std::uint64_t>& lengths, std::uint64_t bytes, int count_max) {
    if (bytes == 0) return true;
    return count_max > 0 && std::ranges::any_of(lengths, [&](std::uint64_t length) {
               return length <= bytes && is_sum_of(lengths, bytes - length, count_max - 1);
           });
}

std::string_view without_cr(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

void ReaderCheck::fail(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
}

void ReaderCheck::fail_by_answer(std::string_view line) {
    fail("answered " + std::string(line.substr(0, answer_bytes_shown_max)));
}

void ReaderCheck::reconnected() {
    in_head_ = true;
    head_begun_ = false;
    event_ = Event::message;
    holds_ = Holds::nothing;
    event_bytes_ = 0;
    if (protocol_ == Protocol::tcp) skip_unknown_ = true;
}

std::size_t ReaderCheck::take(std::string_view bytes, std::int64_t now_ns) {
    std::size_t used = 0;
    while (used < bytes.size()) {
        const void* end = std::memchr(bytes.data() + used, '\n', bytes.size() - used);
        if (end == nullptr) break;
        const auto length =
            static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data()) - used;
        take_line(bytes.substr(used, length), now_ns);
        used += length + 1;
    }
    return used;
}

void ReaderCheck::take_line(std::string_view line, std::int64_t now_ns) {
    event_bytes_ += line.size() + 1;
    switch (protocol_) {
        case Protocol::tcp:
            return take_tcp_line(line, now_ns);
        case Protocol::sse:
            return take_event_line(line, now_ns);
        case Protocol::raw:
        case Protocol::nats:
        case Protocol::redis:
        case Protocol::nchan:
            return take_peer_line(line, now_ns);
    }
}

void ReaderCheck::end_event() {
    if (holds_ == Holds::entry) frame_bytes_ += event_bytes_;
    if (holds_ == Holds::nothing) count_other(event_bytes_);
    event_bytes_ = 0;
    holds_ = Holds::nothing;
    event_ = Event::message;
}

bool ReaderCheck::can_be_other(std::uint64_t bytes) const {
    const auto apart = [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; };
    return is_sum_of(other_bytes_, apart(bytes, other_bytes_in_all_), heartbeats_apart_max) ||
           std::ranges::any_of(other_bytes_,
                               [bytes](std::uint64_t length) { return bytes % length == 0; });
}

bool ReaderCheck::is_length_of_other(std::uint64_t bytes) const {
    return std::ranges::count(other_bytes_, bytes) > 0;
}

void ReaderCheck::count_other(std::uint64_t bytes) {
    other_bytes_in_all_ += bytes;
    if (!is_length_of_other(bytes) && other_bytes_.size() < other_kinds_max)
        other_bytes_.push_back(bytes);
}

void ReaderCheck::take_tcp_line(std::string_view line, std::int64_t now_ns) {
    ready_ = true;
    take_json(line, now_ns);
    end_event();
}

void ReaderCheck::take_head_line(std::string_view line) {
    if (!head_begun_ && !line.starts_with("HTTP/1.1 200")) fail_by_answer(line);
    head_begun_ = true;
    if (line != "\r") return;
    in_head_ = false;
    event_bytes_ = 0;
}

void ReaderCheck::take_event_line(std::string_view line, std::int64_t now_ns) {
    if (in_head_) return take_head_line(line);
    if (line.empty()) {
        take_id();
        end_event();
    } else if (line.starts_with("data: ")) {
        if (holds_ != Holds::nothing) return fail("two entries in one event: an empty line lacks");
        if (event_ == Event::message) take_json(line.substr(6), now_ns);
        if (event_ == Event::gap) take_gap(line.substr(6));
    } else if (line.starts_with("id: ")) {
        pending_id_ = line.substr(4);
    } else if (line.starts_with("event: ")) {
        const std::string_view type = line.substr(7);
        event_ = type == "gap" ? Event::gap : Event::other;
        if (type == "connected") ready_ = true;
    } else if (!line.starts_with(":") && !line.starts_with("retry: ")) {
        fail("not an event stream: " + std::string(line.substr(0, answer_bytes_shown_max)));
    }
}

// Ids go up, as far as they have the same beginning; those of lines that are ours may stay, as in
// servers that are only measured.
void ReaderCheck::take_id() {
    if (holds_ == Holds::entry && pending_id_.empty()) return fail("entry without an id");
    if (pending_id_.empty()) return;
    const auto [epoch, number] = parts_of(pending_id_);
    const auto [last_epoch, last_number] = parts_of(last_event_id_);
    const bool stays = number == last_number && !expectation_->foreign;
    if (holds_ == Holds::entry && epoch == last_epoch && number <= last_number && !stays)
        return fail("id " + pending_id_ + " after " + last_event_id_);
    last_event_id_.swap(pending_id_);
    pending_id_.clear();
}

// Their payloads are lines of their own; what stands around them is counted with the next payload.
void ReaderCheck::take_peer_line(std::string_view line, std::int64_t now_ns) {
    line = without_cr(line);
    if (protocol_ == Protocol::nchan) {
        if (in_head_) {
            if (!head_begun_ && !line.starts_with("HTTP/1.1 200")) fail_by_answer(line);
            head_begun_ = true;
            in_head_ = !line.empty();
            ready_ = !in_head_;
            event_bytes_ = 0;
            return;
        }
        if (line.empty()) return end_event();
        if (line.starts_with("data: ")) line.remove_prefix(6);
    }
    if (line.starts_with('#')) take_payload(line, now_ns);
    if (line.starts_with(probe_mark)) take_probe(line);
    if (holds_ != Holds::nothing) {
        if (protocol_ != Protocol::nchan) end_event();
        return;
    }
    if (protocol_ == Protocol::raw)
        return fail("not a line of ours: " + std::string(line.substr(0, answer_bytes_shown_max)));
    if (line == "PONG" || line == "subscribe") ready_ = true;
    if (line.starts_with("-")) fail_by_answer(line);
    if (line == "PING") end_event();
}

// All before it is past; what is counted begins here.
void ReaderCheck::take_probe(std::string_view payload) {
    ready_ = true;
    payload.remove_prefix(probe_mark.size());
    std::from_chars(payload.data(), payload.data() + payload.size(), probe_);
    frame_bytes_ = 0;
    other_bytes_.clear();
    other_bytes_in_all_ = 0;
    holds_ = Holds::probe;
}

void ReaderCheck::take_gap(std::string_view json) {
    std::uint64_t dropped = 0;
    if (!number_after(json, "\"dropped\":", dropped) || dropped == 0)
        return fail("gap without a number: " + std::string(json.substr(0, 200)));
    if (skip_unknown_) return;
    // A number so large that the sum wraps around would be a step back.
    if (!expectation_->foreign &&
        (dropped > expectation_->lines || next_ + dropped > expectation_->lines + 1))
        return fail("a gap of " + std::to_string(dropped) + " is beyond the last line");
    dropped_ += dropped;
    next_ += dropped;
}

void ReaderCheck::take_json(std::string_view json, std::int64_t now_ns) {
    if (protocol_ == Protocol::tcp && json.starts_with("{\"type\":\"gap\"")) return take_gap(json);
    if (json.starts_with("{\"type\":")) return;
    if (expectation_->foreign) {
        holds_ = Holds::entry;
        ++next_;
        ++received_;
        if (!json.starts_with('{') || !json.ends_with('}'))
            fail("not an entry: " + std::string(json.substr(0, 200)));
        return;
    }
    // Entries of one run look alike: the payload begins where it began last time, or it is looked
    // for.
    if (json.size() < payload_offset_ + payload_head_bytes ||
        payload_offset_ < message_key.size() ||
        json.substr(payload_offset_ - message_key.size(), message_key.size()) != message_key) {
        const auto at = json.find(message_key);
        if (at == std::string_view::npos)
            return fail("entry without message: " + std::string(json.substr(0, 200)));
        payload_offset_ = at + message_key.size();
    }
    const std::string_view payload = json.substr(payload_offset_);
    if (payload.starts_with(probe_mark)) return take_probe(payload);
    // Somebody else writes the file too, or the server says that it was rotated.
    if (!payload.starts_with('#'))
        return fail("not a line of ours: " + std::string(json.substr(0, 300)));
    const std::size_t whole = payload_head_bytes + expectation_->pad.size();
    const bool ended = payload.size() >= whole + 2 &&
                       (payload.substr(whole) == "\"}" ||
                        (payload.substr(whole, 2) == "\"," && payload.ends_with("}}")));
    if (!ended) return fail("damaged entry: " + std::string(json.substr(0, 300)));
    take_payload(payload.substr(0, whole), now_ns);
}

void ReaderCheck::take_payload(std::string_view payload, std::int64_t now_ns) {
    const bool whole = payload.size() == payload_head_bytes + expectation_->pad.size() &&
                       is_head(payload) && payload.ends_with(expectation_->pad);
    if (!whole) return fail("damaged entry: " + std::string(payload.substr(0, 300)));
    holds_ = Holds::entry;
    const std::uint64_t number = parse_digits(payload.data() + 1, number_digits);
    if (skip_unknown_) {
        skip_unknown_ = false;
        next_ = number;
    }
    if (number != next_) {
        fail((number < next_ ? "double or out of order: got " : "lost without a gap: got ") +
             std::to_string(number) + ", expected " + std::to_string(next_));
        next_ = std::max(next_, number);
        if (number < next_) return;
    }
    ++next_;
    ++received_;
    if (expectation_->latency == nullptr) return;
    expectation_->latency->record(now_ns - static_cast<std::int64_t>(due_of(payload)));
}

}  // namespace logwisp::bench
