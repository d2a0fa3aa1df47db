#include "fanout_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "fanout_line.hpp"

namespace logwisp::fanout {
namespace {

constexpr std::string_view message_key = "\"message\":\"";
constexpr std::uint64_t latency_sample_every = 128;

bool number_after(std::string_view json, std::string_view key, std::uint64_t& value) {
    const auto at = json.find(key);
    if (at == std::string_view::npos) return false;
    const char* begin = json.data() + at + key.size();
    return std::from_chars(begin, json.data() + json.size(), value).ec == std::errc{};
}

}  // namespace

void ReaderCheck::fail(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
}

void ReaderCheck::reconnected() {
    in_head_ = true;
    head_begun_ = false;
    event_ = Event::message;
    if (protocol_ == Protocol::tcp) skip_unknown_ = true;
}

std::size_t ReaderCheck::take(std::string_view bytes, std::int64_t now_ns) {
    std::size_t used = 0;
    while (const void* end = std::memchr(bytes.data() + used, '\n', bytes.size() - used)) {
        const auto length =
            static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data()) - used;
        take_line(bytes.substr(used, length), now_ns);
        used += length + 1;
        if (used == bytes.size()) break;
    }
    return used;
}

void ReaderCheck::take_head_line(std::string_view line) {
    if (!head_begun_ && !line.starts_with("HTTP/1.1 200")) fail("answered " + std::string(line));
    head_begun_ = true;
    if (line == "\r") in_head_ = false;
}

void ReaderCheck::take_line(std::string_view line, std::int64_t now_ns) {
    if (protocol_ == Protocol::tcp) {
        ready_ = true;
        return take_json(line, now_ns);
    }
    if (in_head_) return take_head_line(line);
    if (line.empty()) {
        event_ = Event::message;
        if (!pending_id_.empty()) last_event_id_.swap(pending_id_);
        pending_id_.clear();
    } else if (line.starts_with("data: ")) {
        if (event_ == Event::message) take_json(line.substr(6), now_ns);
        if (event_ == Event::gap) take_gap(line.substr(6));
    } else if (line.starts_with("id: ")) {
        pending_id_ = line.substr(4);
    } else if (line.starts_with("event: ")) {
        const std::string_view type = line.substr(7);
        event_ = type == "gap" ? Event::gap : Event::other;
        if (type == "connected") ready_ = true;
        if (type == "disconnect") farewell_ = true;
    } else if (!line.starts_with(":") && !line.starts_with("retry: ")) {
        fail("not an event stream: " + std::string(line.substr(0, 80)));
    }
}

void ReaderCheck::take_gap(std::string_view json) {
    std::uint64_t dropped = 0;
    if (!number_after(json, "\"dropped\":", dropped) || dropped == 0)
        return fail("gap without a number: " + std::string(json));
    if (skip_unknown_) return;
    dropped_ += dropped;
    next_ += dropped;
}

void ReaderCheck::take_json(std::string_view json, std::int64_t now_ns) {
    if (protocol_ == Protocol::tcp && json.starts_with("{\"type\":\"gap\"")) return take_gap(json);
    if (json.starts_with("{\"type\":")) {
        farewell_ = farewell_ || json.starts_with("{\"type\":\"disconnect\"");
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
    if (payload.starts_with(probe_mark)) return;
    const bool whole =
        payload.size() == payload_head_bytes + expectation_->pad.size() + 2 && payload[0] == '#' &&
        payload.substr(payload_head_bytes, expectation_->pad.size()) == expectation_->pad &&
        payload.ends_with("\"}");
    if (!whole) return fail("damaged entry: " + std::string(json.substr(0, 300)));
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
    entry_bytes_ += json.size();
    if (number % latency_sample_every == 0 &&
        expectation_->latency_us->size() < expectation_->latency_us->capacity()) {
        const auto written_ns = static_cast<std::int64_t>(
            parse_digits(payload.data() + 2 + number_digits, time_digits));
        expectation_->latency_us->push_back(static_cast<std::uint32_t>(
            std::clamp<std::int64_t>((now_ns - written_ns) / 1000, 0, UINT32_MAX)));
    }
}

}  // namespace logwisp::fanout
