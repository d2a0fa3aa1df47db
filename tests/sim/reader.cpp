#include "reader.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "program.hpp"
#include "support/json_check.hpp"

namespace logwisp::sim {

namespace {

constexpr std::uint64_t fast_ns = 3'000'000;
constexpr std::uint64_t slow_ns = 60'000'000;
constexpr std::uint64_t stay_ns_min = 300'000'000;

std::uint64_t number_in(const test::Json& object, std::string_view key) {
    const test::Json* value = object.find(key);
    return value != nullptr && value->kind == test::Json::Kind::number ? std::stoull(value->text)
                                                                       : 0;
}

std::uint64_t sequence_of(const std::string& id) {
    const std::string prefix = std::string(stream_epoch) + "-";
    if (!id.starts_with(prefix)) violation("an id that is not ours: {}", id);
    return std::stoull(id.substr(prefix.size()));
}

}  // namespace

Reader::Reader(World& world, Network& network, const Published& published, ReaderOptions options)
    : world_(world), network_(network), published_(published), options_(std::move(options)) {}

void Reader::start() {
    world_.after(options_.everything ? 0 : world_.random.below(3'000'000'000), [this] { act(); });
}

void Reader::act() {
    if (connection_ == nullptr && !stays_away_) connect();
    if (connection_ != nullptr) {
        if (!to_send_.empty()) to_send_.erase(0, connection_->peer_send(to_send_));
        const bool reads = calm_ || options_.manner != Manner::stuck;
        if (reads && !vanished_) read();
        if (!calm_) misbehave();
        if (connection_ != nullptr && connection_->peer_ended()) {
            ended_ = true;
            leave(false);
        }
    }
    const bool slow = options_.manner == Manner::slow && !calm_;
    world_.after(1 + world_.random.below(slow ? slow_ns : fast_ns), [this] { act(); });
}

void Reader::connect() {
    connection_ = network_.connect(options_.events ? http_port : tcp_port);
    if (connection_ == nullptr) return;
    if (options_.everything) connection_->spare();
    connected_ns_ = world_.now_ns();
    bytes_.clear();
    heard_.clear();
    head_done_ = false;
    ended_ = goodbye_ = false;
    begun_ = !options_.events;
    vanished_ = false;
    expected_ = 0;
    if (!options_.events) return;
    parser_ = std::make_unique<test::SseParser>();
    events_taken_ = 0;
    to_send_ = "GET /stream HTTP/1.1\r\nHost: sim\r\nAccept: text/event-stream\r\n";
    if (options_.everything && resume_id_.empty()) resume_id_ = std::string(stream_epoch) + "-0";
    if (!resume_id_.empty()) {
        to_send_ += "Last-Event-ID: " + resume_id_ + "\r\n";
        expected_ = sequence_of(resume_id_) + 1;
    }
    to_send_ += "\r\n";
}

void Reader::leave(bool reset) {
    compare();
    if (options_.events && begun_ && expected_ > 1)
        resume_id_ = std::string(stream_epoch) + "-" + std::to_string(expected_ - 1);
    if (reset)
        connection_->peer_reset();
    else
        connection_->peer_close();
    connection_ = nullptr;
}

void Reader::misbehave() {
    Random& random = world_.random;
    if (world_.now_ns() - connected_ns_ < stay_ns_min || !random.chance(5)) return;
    switch (options_.manner) {
        case Manner::reset:
            return leave(true);
        case Manner::churn:
            return leave(false);
        case Manner::vanish:
            if (!vanished_) connection_->peer_vanish();
            vanished_ = true;
            return;
        case Manner::garbage:
            for (int i = 0; i < 200; ++i) to_send_ += static_cast<char>(random.below(256));
            return;
        case Manner::one_way:
            connection_->peer_shutdown_write();
            return;
        default:
            return;
    }
}

void Reader::read() {
    const bool slow = options_.manner == Manner::slow && !calm_;
    const std::size_t most = slow ? world_.random.skewed(2000) : 1 << 20;
    const std::string got = connection_->peer_receive(most);
    if (got.empty()) return;
    world_.trace.note("reader", got.size(), checksum({got.data(), got.size()}));
    take(got);
    compare();
}

void Reader::take(const std::string& bytes) {
    if (!options_.events) {
        bytes_ += bytes;
        return take_lines();
    }
    if (head_done_) {
        parser_->feed(bytes);
        return take_events();
    }
    bytes_ += bytes;
    take_head();
}

void Reader::take_head() {
    const std::size_t end = bytes_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    head_done_ = true;
    if (!bytes_.starts_with("HTTP/1.1 200 ")) {
        // Garbage in front of a request, or a server that is full.
        if (options_.manner != Manner::garbage) violation("answered {:.200}", bytes_);
        return;
    }
    parser_->feed(std::string_view(bytes_).substr(end + 4));
    bytes_.clear();
    take_events();
}

void Reader::take_lines() {
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = bytes_.find('\n', begin)) != std::string::npos;
         begin = end + 1)
        take_line(bytes_.substr(begin, end - begin));
    bytes_.erase(0, begin);
}

void Reader::take_line(const std::string& line) {
    if (ended_) violation("bytes behind the goodbye: {}", line);
    if (!line.starts_with("{\"type\":")) {
        if (!line.starts_with("{\"time\":")) violation("a torn line: {}", line);
        heard_.push_back(
            {.gap = false, .absolute = false, .sequence = 0, .dropped = 0, .json = line});
        return;
    }
    const auto control = test::JsonReader::read(line);
    if (!control) violation("not JSON: {}", line);
    const std::string type = control->find("type")->text;
    if (type == "gap")
        heard_.push_back({.gap = true,
                          .absolute = false,
                          .sequence = 0,
                          .dropped = number_in(*control, "dropped"),
                          .json = {}});
    else if (type == "disconnect")
        ended_ = goodbye_ = true;
    else if (type != "heartbeat")
        violation("an unknown control line: {}", line);
}

void Reader::take_events() {
    if (!parser_->unknown_fields().empty())
        violation("a broken event: field \"{}\"", parser_->unknown_fields()[0]);
    for (const std::string& comment : parser_->comments())
        if (!comment.empty() && !comment.starts_with(" heartbeat") && comment != " ")
            violation("a broken comment: {}", comment);
    for (; events_taken_ < parser_->events().size(); ++events_taken_) {
        const test::SseEvent& event = parser_->events()[events_taken_];
        if (ended_) violation("an event behind the goodbye: {}", event.data);
        const auto json = test::JsonReader::read(event.data);
        if (!json) violation("event data is not JSON: {}", event.data);
        if (event.type == "connected") {
            begun_ = true;
        } else if (event.type == "disconnect") {
            ended_ = goodbye_ = true;
        } else if (event.type == "gap") {
            const std::uint64_t from = sequence_of(json->find("from")->text);
            const std::uint64_t to = sequence_of(json->find("to")->text);
            const std::uint64_t dropped = number_in(*json, "dropped");
            if (to - from + 1 != dropped) violation("a gap of {} from {} to {}", dropped, from, to);
            heard_.push_back(
                {.gap = true, .absolute = true, .sequence = from, .dropped = dropped, .json = {}});
        } else if (json->find("type") == nullptr) {
            heard_.push_back({.gap = false,
                              .absolute = true,
                              .sequence = sequence_of(event.last_event_id),
                              .dropped = 0,
                              .json = event.data});
        }
    }
}

void Reader::compare() {
    std::size_t done = 0;
    for (; done < heard_.size(); ++done) {
        const Heard& heard = heard_[done];
        if (options_.everything) {
            if (heard.gap) violation("the reader that always reads was overrun");
            options_.on_entry(heard.sequence, heard.json);
        }
        // The reader that has everything may be behind this one.
        const bool known = heard.gap || published_.number_of(heard.json) != 0;
        if (!known && published_.last() < 1'000'000 && !calm_) break;
        if (!known && heard.absolute && heard.sequence > published_.last()) break;
        if (!known && !heard.absolute) break;
        compare_one(heard);
    }
    heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(done));
}

void Reader::compare_one(const Heard& heard) {
    const std::uint64_t sequence = heard.gap ? heard.sequence : published_.number_of(heard.json);
    if (heard.absolute && heard.sequence != 0 && expected_ != 0 && heard.sequence != expected_)
        violation("{} {} instead of {} to the {}", heard.gap ? "gap from" : "entry", heard.sequence,
                  expected_, state());
    if (heard.gap) {
        ++gaps_;
        if (heard.absolute && expected_ == 0) expected_ = heard.sequence;
        if (expected_ != 0) expected_ += heard.dropped;
        return;
    }
    ++received_;
    if (heard.absolute && sequence != heard.sequence)
        violation("id {} on the entry {}: {}", heard.sequence, sequence, heard.json);
    if (expected_ != 0 && sequence != expected_)
        violation("entry {} instead of {} to the {}: {}", sequence, expected_, state(), heard.json);
    expected_ = sequence + 1;
}

void Reader::calm() {
    calm_ = true;
    // Whoever is not there to stay comes anew.
    if (connection_ != nullptr && (vanished_ || options_.manner == Manner::garbage)) {
        connection_ = nullptr;
        if (options_.manner == Manner::garbage) options_.manner = Manner::fast;
    }
}

bool Reader::complete() {
    if (connection_ == nullptr || !begun_) return false;
    compare();
    return heard_.empty() && (expected_ == 0 || expected_ == published_.last() + 1);
}

std::string Reader::state() const {
    return fmt::format(
        "{} reader{}, manner {}: {} received, next {}, {} not compared{}{}",
        options_.events ? "SSE" : "TCP", resume_id_.empty() ? "" : " resumed behind " + resume_id_,
        static_cast<int>(options_.manner), received_, expected_, heard_.size(),
        connection_ == nullptr ? ", not connected" : "", begun_ ? "" : ", not begun");
}

void Reader::check_end(std::uint64_t next_sequence) {
    compare();
    // Not compared is what the reader that has everything lacks: it counts all the same.
    std::uint64_t next = expected_;
    for (const Heard& heard : heard_) next += heard.gap ? heard.dropped : 1;
    if (goodbye_ && expected_ != 0 && next != next_sequence)
        violation("told goodbye before {}, though what comes next is {}: {}", next, next_sequence,
                  state());
    if (!ended_) return;
    if (options_.events ? parser_ != nullptr && head_done_ && !parser_->at_boundary()
                        : !bytes_.empty())
        violation("the stream ended inside of something");
}

}  // namespace logwisp::sim
