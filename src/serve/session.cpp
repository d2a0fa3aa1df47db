#include "serve/session.hpp"

#include <utility>

#include "base/log.hpp"
#include "logwisp/limits.hpp"

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
    if (!subscribed()) return;
    View::Next next = view().pull(*this, send_bytes_max);
    if (next.gap.dropped > 0) {
        tell_gap(next.gap);
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
    // A heartbeat that did not begin to fit is let go: the reader has plenty to read.
    const std::span<const char> rest =
        !heartbeat.empty() ? (bytes == 0 ? std::span<const char>{} : heartbeat.subspan(bytes))
                           : view().sent(*this, bytes);
    counters().sent_bytes.add(bytes + rest.size());
    return rest;
}

void Session::on_sendable() { host_.request_pump(*this); }

void Session::tell_gap(const View::Gap& gap) {
    if (gap.dropped == 0) return;
    counters().dropped_entries.add(gap.dropped);
    connection_.queue(gap_notice(gap));
}

void Session::end(const char* reason) {
    if (ended_) return;
    ended_ = true;
    if (stream_ == nullptr) return;
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
    discarded_bytes_ += bytes;
    if (discarded_bytes_ > discard_bytes_max) close();
}

void Session::sweep() {
    discarded_bytes_ = 0;
    const char* why = connection_.sweep();
    if (why == nullptr) return;
    leave();
    log_debug("closed a reader: {}", why);
}

void Session::leave() {
    if (left_) return;
    left_ = true;
    if (subscribed()) view().unsubscribe(*this);
    if (stream_ != nullptr) on_left(*stream_);
}

void Session::on_closed() {
    leave();
    host_.ended(*this);
}

}  // namespace logwisp
