#include "network.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace logwisp::sim {

namespace {
constexpr std::size_t window_bytes_default = 256 * 1024;
// When a connection to a vanished machine breaks, as TCP_USER_TIMEOUT and keepalive have it.
constexpr std::uint64_t vanished_ns_max = 120'000'000'000;
constexpr std::uint64_t gone_ns_min = 60'000'000'000;
}  // namespace

int Connection::receive(std::size_t bytes_max, std::string& out) {
    if (!incoming_.empty()) {
        const std::size_t count = std::min(bytes_max, incoming_.size());
        out.assign(incoming_, 0, count);
        incoming_.erase(0, count);
        return static_cast<int>(count);
    }
    if (error_ != 0) return -std::exchange(error_, 0);
    if (incoming_done_ || broken_) return 0;
    return -EAGAIN;
}

int Connection::send(std::span<const char> bytes) {
    if (error_ != 0) return -std::exchange(error_, 0);
    if (broken_ || outgoing_done_) return -EPIPE;
    if (peer_closed_) {
        // The bytes leave, and the answer is a reset.
        break_with(incoming_done_ ? EPIPE : ECONNRESET);
        return static_cast<int>(bytes.size());
    }
    const std::size_t room = window_bytes_ - std::min(window_bytes_, outgoing_.size());
    const std::size_t count = std::min(room, bytes.size());
    if (count == 0) return -EAGAIN;
    outgoing_.append(bytes.data(), count);
    if (vanished_ && blocked_since_ns_ == 0) blocked_since_ns_ = world_.now_ns();
    return static_cast<int>(count);
}

void Connection::shutdown_write() { outgoing_done_ = true; }

void Connection::shutdown_both() {
    outgoing_done_ = true;
    incoming_done_ = true;
}

bool Connection::peer_is_gone() const {
    return vanished_ && blocked_since_ns_ != 0 && world_.now_ns() - blocked_since_ns_ > gone_ns_min;
}

std::uint32_t Connection::readiness() const {
    std::uint32_t events = 0;
    if (!incoming_.empty() || incoming_done_ || broken_ || error_ != 0)
        events |= POLLIN | POLLRDNORM;
    // Linux calls a socket writable when a third of its buffer is free.
    const bool room = outgoing_.size() <= window_bytes_ - window_bytes_ / 3;
    if (room || broken_ || outgoing_done_ || error_ != 0) events |= POLLOUT | POLLWRNORM;
    if (incoming_done_ || broken_) events |= POLLRDHUP;
    if ((incoming_done_ && outgoing_done_) || broken_) events |= POLLHUP;
    if (error_ != 0) events |= POLLERR;
    return events;
}

void Connection::on_closed() {
    server_closed_ = true;
    // Closing with unread bytes resets the connection; otherwise it ends after what was sent.
    if (!incoming_.empty()) reset_by_server_ = true;
    outgoing_done_ = true;
    incoming_.clear();
}

void Connection::break_with(int error) {
    if (broken_) return;
    broken_ = true;
    error_ = error;
    outgoing_.clear();
}

std::size_t Connection::peer_send(std::string_view bytes) {
    if (server_closed_ || broken_ || peer_closed_ || vanished_ || incoming_done_) return 0;
    const std::size_t room = window_bytes_ - std::min(window_bytes_, incoming_.size());
    const std::size_t count = std::min(room, bytes.size());
    incoming_.append(bytes.substr(0, count));
    return count;
}

std::string Connection::peer_receive(std::size_t bytes_max) {
    CHECK(!peer_closed_);
    if (vanished_) return {};
    const std::size_t count = std::min(bytes_max, outgoing_.size());
    std::string out = outgoing_.substr(0, count);
    outgoing_.erase(0, count);
    return out;
}

void Connection::peer_shutdown_write() { incoming_done_ = true; }

void Connection::peer_close() {
    if (peer_closed_) return;
    if (!outgoing_.empty()) {
        peer_reset();
        return;
    }
    peer_closed_ = true;
    incoming_done_ = true;
}

void Connection::peer_reset() {
    if (peer_closed_) return;
    break_with(incoming_done_ ? EPIPE : ECONNRESET);
    peer_closed_ = true;
}

void Connection::peer_vanish() {
    vanished_ = true;
    world_.after(vanished_ns_max, [self = weak_from_this()] {
        if (const auto connection = self.lock()) connection->break_with(ETIMEDOUT);
    });
    if (!outgoing_.empty()) blocked_since_ns_ = world_.now_ns();
}

std::uint32_t Listener::readiness() const { return backlog_.empty() ? 0 : POLLIN | POLLRDNORM; }

void Listener::on_closed() {
    open_ = false;
    for (const auto& connection : backlog_) {
        connection->peer_send("x");  // unread: the client hears a reset
        connection->on_closed();
    }
    backlog_.clear();
}

bool Listener::offer(const std::shared_ptr<Connection>& connection) {
    if (!open_ || backlog_.size() >= backlog_max_) return false;
    backlog_.push_back(connection);
    return true;
}

std::shared_ptr<Connection> Listener::take() {
    if (backlog_.empty()) return nullptr;
    auto connection = backlog_.front();
    backlog_.pop_front();
    return connection;
}

int Network::listen(std::uint16_t port, std::size_t backlog_max) {
    auto listener = std::make_shared<Listener>(backlog_max);
    listeners_[port].push_back(listener);
    return world_.descriptors.take(listener);
}

std::shared_ptr<Connection> Network::connect(std::uint16_t port) {
    auto& all = listeners_[port];
    std::erase_if(all, [](const auto& listener) { return !listener->open(); });
    if (all.empty()) return nullptr;
    std::size_t window = window_bytes_default;
    if (world_.faults.window_bytes_max != 0)
        window = 64 + world_.random.below(world_.faults.window_bytes_max);
    auto connection = std::make_shared<Connection>(world_, window);
    if (!all[world_.random.below(all.size())]->offer(connection)) return nullptr;
    return connection;
}

}  // namespace logwisp::sim
