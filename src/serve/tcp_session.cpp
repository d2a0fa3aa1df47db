#include "serve/tcp_session.hpp"

#include <fmt/format.h>

#include "logwisp/limits.hpp"
#include "serve/heartbeat.hpp"

namespace logwisp {

void TcpSession::open() {
    const std::shared_ptr<StreamInfo>& wanted = site().tcp;
    // Counted first and looked at afterwards: two cores that accept at once must not both take the
    // last place.
    const std::uint32_t others = wanted->tcp_readers.fetch_add(1, std::memory_order_relaxed);
    read_stream(wanted);
    connection().open();
    if (others >= wanted->config.tcp.clients_max) return close();
    host().join(wanted, *this);
}

void TcpSession::on_joined(Stream& stream) {
    View& lines = stream.lines();
    lines.subscribe(*this, lines.tail(0));
}

void TcpSession::on_received(std::span<const char> bytes) { discard(bytes.size()); }

void TcpSession::on_peer_finished() {
    probe();
    connection().set_deadline(probe_again_ms);
}

// It may have shut down only its sending side and still read (`echo | nc -N`). One that has gone answers a heartbeat with a reset, and the
// heartbeat after that fails: two of them tell now what else the next entries would.
void TcpSession::probe() {
    const HeartbeatConfig& heartbeat = stream()->config.tcp.heartbeat;
    if (!heartbeat.enabled) return;
    HeartbeatFacts facts;
    facts.wall_us = host().wall_us();
    facts.clients = stream()->tcp_readers.load(std::memory_order_relaxed);
    facts.uptime_seconds = stream()->uptime_seconds(host().reactor().now_ms());
    connection().queue(tcp_heartbeat(heartbeat, facts));
    host().request_pump(*this);
}

std::string TcpSession::gap_notice(const View::Gap& gap) {
    return fmt::format("{{\"type\":\"gap\",\"dropped\":{}}}\n", gap.dropped);
}

std::string TcpSession::goodbye(std::string_view reason) {
    return fmt::format("{{\"type\":\"disconnect\",\"reason\":\"{}\"}}\n", reason);
}

void TcpSession::on_left(StreamInfo& stream) {
    stream.tcp_readers.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace logwisp
