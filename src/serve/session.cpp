#include "serve/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "logwisp/limits.hpp"
#include "wire/sse.hpp"

namespace logwisp {

Session::Session(Host& host, std::shared_ptr<const Site> site, int socket)
    : host_(host),
      site_(std::move(site)),
      connection_(host.reactor(), host.buffers(), socket, *this),
      id_(host.random()) {
    site_->counters->connections.fetch_add(1, std::memory_order_relaxed);
}

Session::~Session() { site_->counters->connections.fetch_sub(1, std::memory_order_relaxed); }

void Session::pump() {
    if (!connection_.can_send() || connection_.send_queued()) return;
    if (past_ != nullptr) return host_.continue_past(*past_);
    if (!subscribed()) return;
    if (held_back_ && ending_reason_ == nullptr && !view().lags(*this)) return;
    held_back_ = false;
    if (changes_view_) {
        changes_view_ = false;
        const std::uint64_t next = view().cursor(*this);
        view().unsubscribe(*this);
        tell_gap(view_instead().subscribe(*this, next), Drop::behind);
        if (connection_.send_queued()) return;
    }
    if (lossless_ && ending_reason_ == nullptr && view().overrun(*this)) {
        View& fell_out_of = view();
        const std::uint64_t next = fell_out_of.cursor(*this);
        fell_out_of.unsubscribe(*this);
        return catch_up(fell_out_of, next);
    }
    View::Next next = view().pull(*this, send_bytes_max);
    if (next.gap.dropped > 0) {
        tell_gap(next.gap, Drop::behind);
        connection_.send_queued();
    } else if (!next.entries.empty()) {
        ++host_.lent_sends;
        connection_.send_borrowed(next.entries);
    } else if (!next.heartbeat.empty() && ending_reason_ == nullptr) {
        lent_heartbeat_ = next.heartbeat;
        ++host_.lent_sends;
        connection_.send_borrowed(next.heartbeat);
    } else if (ending_reason_ != nullptr) {
        view().unsubscribe(*this);
        connection_.queue(goodbye(ending_reason_));
        connection_.send_queued();
        connection_.finish_when_sent();
    }
}

std::span<const char> Session::on_borrowed_sent(std::size_t bytes) {
    CHECK(host_.lent_sends > 0);
    --host_.lent_sends;
    const std::span<const char> heartbeat = std::exchange(lent_heartbeat_, {});
    if (left_) return {};
    if (heartbeat.empty() && bytes > 0)
        if (const std::uint64_t seen_ns = view().seen_ns(*this); seen_ns != 0)
            counters().delivery.observe(host_.reactor().now_ns() - seen_ns);
    // A heartbeat that did not begin to fit is let go: the reader has plenty to read.
    const std::span<const char> rest =
        !heartbeat.empty() ? (bytes == 0 ? std::span<const char>{} : heartbeat.subspan(bytes))
                           : view().sent(*this, bytes);
    counters().sent_bytes.add(bytes + rest.size());
    return rest;
}

void Session::on_sendable() { host_.request_pump(*this); }

void Session::tell_gap(const View::Gap& gap, Drop why, bool readable) {
    if (gap.dropped == 0) return;
    counters().dropped[static_cast<std::size_t>(why)].add(gap.dropped);
    const std::string& epoch = stream_->epoch;
    connection_.queue(
        gap_notice({gap.dropped, format_event_id(epoch, gap.from), format_event_id(epoch, gap.to),
                    readable ? entries_url(gap) : std::string()}));
}

// Nobody knows how much of what is before `first` it has. All of it that can still be read is named: from the ledger's first entry on.
void Session::tell_unknown_gap(const std::string& id, std::uint64_t first) {
    Missed missed;
    EventId from;
    if (parse_event_id(id, from)) missed.from = format_event_id(from.epoch, from.sequence);
    missed.to = format_event_id(stream_->epoch, first - 1);
    if (stream_->past.kept()) {
        const auto found = host_.past_begin(stream_->past);
        // Where it cannot be looked up now, whoever fetches them is told what is not there.
        const std::uint64_t begin = found ? found->value_or(first) : 1;
        if (begin < first) missed.url = entries_url({first - begin, begin, first - 1});
    }
    connection_.queue(gap_notice(missed));
}

void Session::go_ahead() {
    held_back_ = false;
    host_.request_pump(*this);
}

std::string Session::entries_url(const View::Gap& gap) const {
    const StreamConfig& config = stream_->config;
    if (!config.http.enabled || !stream_->past.kept()) return {};
    return fmt::format("{}{}?from={}&to={}&limit={}", site_->router ? "/" + config.name : "",
                       config.http.entries_path, format_event_id(stream_->epoch, gap.from),
                       format_event_id(stream_->epoch, gap.to),
                       std::min(gap.dropped, past_entries_max));
}

// --- Where it begins, and the past. ---

bool Session::look_up(const StreamInfo& stream, ReadFrom& from) {
    if (!stream.past.kept() || !from.last_event_id.empty()) return true;
    if (from.since_us) {
        const auto first = host_.past_since(stream.past, *from.since_us);
        if (first) from.first = *first;
        return first.has_value();
    }
    if (from.tail_entries == 0) return true;
    // What was before the ledger is not missing to one who asks for what there is.
    const auto begin = host_.past_begin(stream.past);
    if (begin) from.first = begin->value_or(1);
    return begin.has_value();
}

void Session::begin_reading(View& view, const ReadFrom& from) {
    const bool kept = stream_->past.kept();
    lossless_ = from.lossless && kept;
    const std::uint64_t live = from.base != 0 ? from.base : view.ring().next();
    const std::uint64_t held = view.ring().next() - live;  // is for it, whatever it asks for
    std::uint64_t first = view.tail(from.tail_entries + held);
    if (!from.last_event_id.empty()) {
        // Not an id of ours, or sequences began anew since it was given out: how much was missed is
        // not known, and everything that is here is new to it.
        const auto known = stream_->sequence_of(from.last_event_id);
        first = known ? view.after(*known) : view.oldest();
        if (!known) tell_unknown_gap(from.last_event_id, first);
    } else if (from.since_us && kept) {
        first = std::min(from.first.value_or(live), live);
    } else if (from.tail_entries > 0 && kept) {
        first = std::max(live - std::min(from.tail_entries, live - 1),
                         std::min(from.first.value_or(1), view.oldest()));
    }
    if (first < view.oldest() && kept) return catch_up(view, first);
    tell_gap(view.subscribe(*this, first), Drop::gone);
    host_.request_pump(*this);
}

void Session::change_view() {
    changes_view_ = true;
    go_ahead();
}

void Session::catch_up(View& view, std::uint64_t next) {
    view.expect();
    past_ = std::make_unique<Past>(*this);
    past_->then = &view;
    host_.begin_past(*past_, stream_->past, next);
}

void Session::read_past(std::uint64_t first, std::uint64_t end) {
    past_ = std::make_unique<Past>(*this);
    past_->end = end;
    host_.begin_past(*past_, stream_->past, first);
}

bool Session::takes_past() const { return connection_.queued_bytes() < past_queue_bytes_max; }

// With half a buffer of room: whoever joined at its end would be overrun by the next burst.
std::uint64_t Session::past_end() const {
    return past_->then != nullptr ? past_->then->half_way() : past_->end;
}

std::uint64_t Session::memory_begins() const {
    return past_->then != nullptr ? std::min(past_->then->oldest(), past_end()) : past_->end;
}

void Session::on_past_entry(std::uint64_t sequence, std::string_view json) {
    std::string frame;
    frame_entry(sequence, json, frame);
    counters().past_entries.add();
    counters().sent_bytes.add(frame.size());
    connection_.queue(frame);
    host_.request_pump(*this);
}

void Session::on_past_gap(std::uint64_t first, std::uint64_t last) {
    tell_gap({last - first + 1, first, last}, Drop::gone, false);
    host_.request_pump(*this);
}

void Session::on_past_end(std::uint64_t next) {
    View* const view = past_->then;
    leave_past();
    if (view == nullptr) return on_past_given();
    tell_gap(view->subscribe(*this, next), Drop::behind);
    host_.request_pump(*this);
}

void Session::leave_past() {
    if (past_ == nullptr) return;
    host_.end_past(*past_);
    if (past_->then != nullptr) past_->then->expect_no_more();
    past_.reset();
}

void Session::finish() {
    ended_ = true;  // nobody says goodbye behind it
    connection_.finish_when_sent();
    host_.request_pump(*this);
}

void Session::end(const char* reason) {
    if (ended_) return;
    ended_ = true;
    if (stream_ == nullptr) return;
    why_left_ = End::stream;
    leave_past();
    if (!subscribed()) {
        connection_.queue(goodbye(reason));
        connection_.finish_when_sent();
        host_.request_pump(*this);
        return;
    }
    ending_reason_ = reason;
    host_.request_pump(*this);
}

void Session::close() {
    leave();
    connection_.close();
}

void Session::discard(std::size_t bytes) {
    discarded_bytes_ += static_cast<std::uint32_t>(bytes);
    if (discarded_bytes_ <= discard_bytes_max) return;
    why_left_ = End::talk;
    close();
}

void Session::sweep() {
    discarded_bytes_ = 0;
    const char* why = connection_.sweep();
    if (why == nullptr) return;
    if (why == peer_took_nothing) why_left_ = End::stalled;
    leave();
    log_debug("closed a reader: {}", why);
}

void Session::leave() {
    if (left_) return;
    left_ = true;
    leave_past();
    if (subscribed()) view().unsubscribe(*this);
    if (stream_ != nullptr) on_left(*stream_);
    if (counted_) counters().ended[static_cast<std::size_t>(why_left_)].add();
}

void Session::on_closed() {
    leave();
    host_.ended(*this);
}

}  // namespace logwisp
