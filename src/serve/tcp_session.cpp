#include "serve/tcp_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "logwisp/limits.hpp"
#include "serve/heartbeat.hpp"
#include "wire/json.hpp"
#include "wire/numbered.hpp"
#include "wire/sse.hpp"

namespace logwisp {

namespace {

std::string error_line(std::string_view message) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("type");
    json.string("error");
    json.key("message");
    json.string(message);
    json.end_object();
    out.push_back('\n');
    return out;
}

}  // namespace

void TcpSession::open() {
    const std::shared_ptr<StreamInfo>& wanted = site().tcp;
    // Before it is counted: whoever sees it counted knows that what comes then is for it.
    const std::uint64_t since = wanted->monitor.next_sequence.get();
    // Counted first and looked at afterwards: two cores that accept at once must not both take the
    // last place.
    const std::uint32_t others = wanted->tcp_readers.fetch_add(1, std::memory_order_release);
    read_stream(wanted);
    connection().open();
    if (others >= wanted->config.tcp.clients_max) {
        counters().refused[static_cast<std::size_t>(Server::tcp)].add();
        return close();
    }
    count_reader(Server::tcp);
    listening_ = std::make_unique<Listening>();
    listening_->since = since;
    host().join(wanted, *this);
}

// Whatever is published from the connection on is for it, also while the stream is brought to this
// core. Entries wait for a moment: a client that resumes says so right after connecting, and must not
// be given live entries before.
void TcpSession::on_joined(Stream& stream) {
    View& lines = stream.lines();
    listening_->missed = lines.subscribe(*this, std::min(listening_->since, lines.ring().next()));
    listening_->joined_at = lines.cursor(*this);
    listening_->stream = &stream;
    if (listening_->command != nullptr)
        return on_command(std::move(*std::exchange(listening_->command, nullptr)));
    if (listening_->nothing_comes || listening_->missed.dropped > 0) return begin_now();
    hold_back();
    connection().set_deadline(tcp_command_wait_ms);
}

void TcpSession::on_received(std::span<const char> bytes) {
    if (listening_ == nullptr || listening_->nothing_comes || listening_->command != nullptr)
        return discard(bytes.size());
    std::string& line = listening_->line;
    const std::string_view text(bytes.data(), bytes.size());
    const std::size_t end = text.find('\n');
    line.append(text.substr(0, std::min(end, tcp_command_bytes_max + 1 - line.size())));
    if (end == text.npos && line.size() <= tcp_command_bytes_max) return;
    std::optional<ReadCommand> command;
    if (line.size() <= tcp_command_bytes_max) command = read_command(line, host().wall_us());
    discard(bytes.size());
    if (connection().closing()) return;
    if (!command) {
        begin_now();
        if (!listening_->nothing_comes) listening_.reset();
        return;
    }
    if (listening_->joined_at == 0)
        listening_->command = std::make_unique<ReadCommand>(std::move(*command));
    else
        on_command(std::move(*command));
}

void TcpSession::on_command(ReadCommand command) {
    const std::unique_ptr<Listening> listening = std::move(listening_);
    if (!command.wrong.empty()) return refuse(command.wrong);
    if (command.from.needs_past() && !stream()->past.kept()) return refuse(no_past);
    const bool in_time =
        subscribed() && connection().can_send() && view().cursor(*this) == listening->joined_at;
    if (!in_time) {
        tell_gap(listening->missed, Drop::behind);
        return too_late(command.from, *listening->stream);
    }
    if (!look_up(*stream(), command.from)) return refuse(no_descriptors);
    view().unsubscribe(*this);
    numbered_ = true;
    command.from.base = listening->joined_at;
    begin_reading(listening->stream->numbered(), command.from);
    begin_now();
}

void TcpSession::refuse(std::string_view message) {
    if (subscribed()) view().unsubscribe(*this);
    connection().queue(error_line(message));
    begin_now();
    finish();
}

// Whoever wants nothing of the past has missed nothing by it: its entries have ids from here on.
void TcpSession::too_late(const ReadFrom& from, Stream& stream) {
    if (from.live_only() && subscribed()) {
        connection().clear_deadline();
        numbered_from_ = &stream;
        return change_view();
    }
    connection().queue(error_line("Too late: this must be said before the first entry has come"));
    begin_now();
}

View& TcpSession::view_instead() {
    numbered_ = true;
    return numbered_from_->numbered();
}

// No command: the live entries.
void TcpSession::begin_now() {
    connection().clear_deadline();
    if (listening_ != nullptr && listening_->joined_at == 0) {
        listening_->nothing_comes = true;
        return;
    }
    if (listening_ != nullptr) tell_gap(std::exchange(listening_->missed, {}), Drop::behind);
    go_ahead();
}

void TcpSession::on_peer_finished() {
    peer_finished_ = true;
    begin_now();
    probe();
    connection().set_deadline(probe_again_ms);
}

void TcpSession::on_deadline() {
    if (!peer_finished_) return begin_now();
    probe();
}

// It may have shut down only its sending side and still read (`echo | nc -N`). One that has gone answers a heartbeat with a reset, and the
// heartbeat after that fails: two of them tell now what else the next entries would.
void TcpSession::probe() {
    const HeartbeatConfig& heartbeat = stream()->config.tcp.heartbeat;
    if (!heartbeat.enabled || gone()) return;  // nothing follows a goodbye
    HeartbeatFacts facts;
    facts.wall_us = host().wall_us();
    facts.clients = stream()->tcp_readers.load(std::memory_order_relaxed);
    facts.uptime_seconds = stream()->uptime_seconds(host().reactor().now_ms());
    connection().queue(tcp_heartbeat(heartbeat, facts));
    host().request_pump(*this);
}

std::string TcpSession::gap_notice(const Missed& missed) {
    std::string notice = R"({"type":"gap","dropped":)";
    notice += missed.entries ? std::to_string(*missed.entries) : "null";
    // Who has no ids of entries would not know what these are.
    if (numbered_) notice += fmt::format(R"(,"from":"{}","to":"{}")", missed.from, missed.to);
    if (!missed.url.empty()) notice += fmt::format(R"(,"entries":"{}")", missed.url);
    return notice + "}\n";
}

void TcpSession::frame_entry(std::uint64_t sequence, std::string_view json, std::string& out) {
    out.resize(json.size() + numbered_overhead_max);
    out.resize(numbered_json_line(stream()->epoch, sequence, json, out.data()));
}

std::string TcpSession::goodbye(std::string_view reason) {
    return fmt::format("{{\"type\":\"disconnect\",\"reason\":\"{}\"}}\n", reason);
}

void TcpSession::on_left(StreamInfo& stream) {
    stream.tcp_readers.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace logwisp
