#include "app/tail_client_follow.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "app/tail_client_event_stream.hpp"
#include "app/tail_client_refusal.hpp"
#include "app/tail_client_render.hpp"
#include "app/tail_client_response.hpp"
#include "logwisp/version.hpp"

namespace logwisp {
namespace {

constexpr std::uint32_t sse_pause_ms = 2000;  // until the server's `retry:` says otherwise
constexpr std::uint32_t tcp_pause_ms = 500;
constexpr std::size_t recv_bytes = 64 * 1024;
constexpr std::size_t error_body_bytes_max = 16 * 1024;

// The id in front of an entry, which is no part of it. `rest` is the entry.
std::optional<std::string> take_id(std::vector<JsonMember>& members, std::string_view data,
                                   std::string& rest) {
    if (members.size() < 2 || members.front().key != "id") return std::nullopt;
    auto id = json_text(members.front().value);
    if (!id) return std::nullopt;
    const std::string_view value = members.front().value;
    const auto end = static_cast<std::size_t>(value.data() + value.size() - data.data());
    rest = "{" + std::string(data.substr(std::min(data.find(',', end), data.size() - 1) + 1));
    members = *json_members(rest);
    return id;
}

}  // namespace

Follow::Follow(const TailOptions& options, TailOutput& output, const Waiter& waiter)
    : options_(options),
      output_(output),
      waiter_(waiter),
      backoff_(options.address.protocol == TailProtocol::sse ? sse_pause_ms : tcp_pause_ms) {}

int Follow::run() {
    for (;;) {
        End end = follow_once();
        output_.flush();
        if (output_.error() != 0) {
            std::fprintf(stderr, "logwisp tail: standard output: %s\n",
                         std::strerror(output_.error()));
            return 1;
        }
        if (output_.closed()) return 0;
        const bool ends = end.exit_code.has_value() || !options_.reconnect;
        if (ends && !end.reason.empty() && (end.fatal || !connected_)) {
            std::string text = "logwisp tail: " + options_.address.authority() + ": ";
            append_visible(text, end.reason, EscapeStyle::text);
            std::fprintf(stderr, "%s\n", text.c_str());
            return end.exit_code.value_or(1);
        }
        if (ends) return end.exit_code.value_or(0);
        const std::uint32_t pause_ms = backoff_.next_ms(jitter_(random_));
        output_.notice(fmt::format("{}; trying again in {:.1f} s", end.reason, pause_ms / 1000.0));
        const Wake wake = waiter_.wait(-1, 0, static_cast<int>(pause_ms));
        if (wake != Wake::timeout) return 0;
    }
}

Follow::End Follow::wake_end(Wake wake) const {
    // Interrupted: the caller of run() lets the signal end us.
    if (wake == Wake::interrupted || wake == Wake::output_closed)
        return {.reason = {}, .exit_code = 0};
    return {.reason = "the connection timed out", .exit_code = std::nullopt};
}

Follow::End Follow::follow_once() {
    connected_ = false;
    farewell_.clear();
    const TailAddress& address = options_.address;
    SocketOutcome connection = connect_to(address.host, address.port, waiter_);
    if (connection.wake == Wake::interrupted || connection.wake == Wake::output_closed)
        return {.reason = {}, .exit_code = 0};
    if (!connection.error.empty()) {
        const bool hopeless = connection.no_such_host && !was_connected_;
        return {.reason = "cannot connect: " + connection.error,
                .exit_code = hopeless ? std::optional<int>(1) : std::nullopt,
                .fatal = true};
    }
    const int socket = connection.socket.get();
    End end = address.protocol == TailProtocol::sse ? follow_sse(socket) : follow_tcp(socket);
    if (!farewell_.empty() && !end.exit_code) end.reason = farewell_;
    return end;
}

template <class Take>
Follow::End Follow::read_all(int socket, Take take) {
    std::vector<char> buffer(recv_bytes);
    while (!output_.closed()) {
        const ssize_t received = recv(socket, buffer.data(), buffer.size(), 0);
        if (received > 0) {
            if (!take(std::string_view(buffer.data(), static_cast<std::size_t>(received)))) break;
            continue;
        }
        if (received == 0)
            return {.reason = "the server closed the connection", .exit_code = std::nullopt};
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return {.reason = std::strerror(errno), .exit_code = std::nullopt};
        // Nothing more for now: let people see what there is.
        output_.flush();
        const Wake wake = waiter_.wait(socket, POLLIN, -1);
        if (wake != Wake::ready) return wake_end(wake);
    }
    return {.reason = "the server ended the stream", .exit_code = std::nullopt};
}

std::string Follow::request() const {
    const TailAddress& address = options_.address;
    std::string target = address.path;
    std::string query = address.query;
    // Entries back from now are asked for once; later attempts resume or go on from now.
    if (options_.tail_entries && !entries_seen_)
        query += (query.empty() ? "" : "&") + fmt::format("tail={}", *options_.tail_entries);
    if (!query.empty()) target += "?" + query;
    std::string text = fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: logwisp-tail/{}\r\nAccept: "
        "text/event-stream\r\n"
        "Cache-Control: no-cache\r\n",
        target, address.authority(), version);
    if (!last_event_id_.empty()) text += "Last-Event-ID: " + last_event_id_ + "\r\n";
    return text + "\r\n";
}

Follow::End Follow::follow_sse(int socket) {
    const SocketOutcome sent = send_all(socket, request(), waiter_);
    if (!sent.error.empty()) return {.reason = sent.error, .exit_code = std::nullopt};
    if (sent.wake != Wake::ready) return wake_end(sent.wake);

    EventStreamParser events(
        {.on_event = [this](const ServerEvent& event) { on_event(event.type, event.data); },
         .on_retry = [this](std::uint64_t ms) { backoff_.set_base(ms); }},
        last_event_id_);
    bool streaming = false;
    std::string refusal;  // the body of another answer
    ResponseParser response(
        {.on_head =
             [&](const ResponseParser& head) {
                 streaming = head.status() == 200 && is_event_stream(head.content_type());
             },
         .on_body =
             [&](std::string_view body) {
                 if (streaming)
                     events.feed(body);
                 else if (refusal.size() < error_body_bytes_max)
                     refusal.append(body.substr(0, error_body_bytes_max - refusal.size()));
             }});
    bool readable = true;
    End end = read_all(socket, [&](std::string_view bytes) {
        readable = response.feed(bytes);
        last_event_id_ = events.last_event_id();
        return readable && !response.complete();
    });
    if (events.events_too_long() != 0)
        output_.notice(fmt::format("{} entries too long to show", events.events_too_long()));
    if (end.exit_code) return end;
    if (!readable)
        return {.reason = response.error(),
                .exit_code = was_connected_ ? std::nullopt : std::optional<int>(1),
                .fatal = true};
    if (!response.head_complete() || streaming) return end;
    end.reason = refusal_text(response, refusal);
    end.fatal = true;
    if (!was_connected_ || !is_passing(response.status())) end.exit_code = 1;
    return end;
}

// Said so, a server gives every entry its id; one that does not know the words throws them away.
std::string Follow::tcp_command() const {
    if (!last_event_id_.empty()) return "RESUME " + last_event_id_ + "\n";
    return fmt::format("TAIL {}\n", entries_seen_ ? 0 : options_.tail_entries.value_or(0));
}

Follow::End Follow::follow_tcp(int socket) {
    const SocketOutcome sent = send_all(socket, tcp_command(), waiter_);
    if (!sent.error.empty()) return {.reason = sent.error, .exit_code = std::nullopt};
    if (sent.wake != Wake::ready) return wake_end(sent.wake);
    on_connected();
    // Who has given us an id knows what RESUME is.
    answered_ = last_event_id_.empty();
    refused_ = false;
    std::string line;
    End end = read_all(socket, [&](std::string_view bytes) {
        for (;;) {
            const auto length = bytes.find('\n');
            line.append(bytes.substr(0, length));
            if (length == std::string_view::npos) break;
            bytes.remove_prefix(length + 1);
            if (!line.empty()) on_json(line);
            line.clear();
            if (refused_) return false;
        }
        return line.size() <= EventStreamParser::event_bytes_max;
    });
    if (refused_ && !end.exit_code) end.reason = "it did not resume";
    return end;
}

void Follow::on_connected() {
    if (connected_) return;
    connected_ = true;
    if (was_connected_)
        output_.notice(!last_event_id_.empty() ? "connected again; resuming after " + last_event_id_
                       : options_.address.protocol == TailProtocol::tcp
                           ? "connected again; what was written meanwhile is missing"
                           : "connected again");
    was_connected_ = true;
    if (options_.address.protocol == TailProtocol::sse) backoff_.reset();
}

void Follow::on_event(std::string_view type, std::string_view data) {
    if (type == "disconnect" || type == "gap") {
        const auto members = json_members(data);
        const std::vector<JsonMember> none;
        if (type == "gap") return on_gap(members ? *members : none);
        return on_disconnect(members ? *members : none);
    }
    on_connected();
    if (type != "connected") on_json(data);
}

void Follow::on_json(std::string_view data) {
    auto members = json_members(data);
    std::string without_id;
    const bool tcp = options_.address.protocol == TailProtocol::tcp;
    if (tcp && members)
        if (auto id = take_id(*members, data, without_id)) {
            last_event_id_ = std::move(*id);
            data = without_id;
            answered_ = true;
        }
    if (members) {
        // Control lines carry a type; entries never do.
        const auto type = json_text(json_member(*members, "type"));
        if (type == "heartbeat") return;
        if (type == "disconnect") return on_disconnect(*members);
        if (tcp && type == "error") return on_error(*members);
        // With ids only where there are ids.
        if (type == "gap" && !json_member(*members, "from").empty()) answered_ = true;
        if (type == "gap" && answered_) return on_gap(*members);
    }
    // Sent before our words had come: to be resumed after the last id it is too late, and then it comes again.
    if (!answered_) return;
    backoff_.reset();
    entries_seen_ = true;
    if (members)
        output_.entry(data, *members);
    else
        output_.text(data);
}

void Follow::on_gap(const std::vector<JsonMember>& members) {
    const std::string_view dropped = json_member(members, "dropped");
    if (dropped == "1") return output_.notice("1 entry missed");
    output_.notice(
        fmt::format("{} entries missed", dropped.empty() || dropped == "null" ? "some" : dropped));
}

void Follow::on_error(const std::vector<JsonMember>& members) {
    refused_ = !answered_;
    output_.notice("the server says: " +
                   json_text(json_member(members, "message")).value_or("no reason given"));
}

void Follow::on_disconnect(const std::vector<JsonMember>& members) {
    const std::string reason =
        json_text(json_member(members, "reason")).value_or("no reason given");
    if (reason == "server_shutdown")
        farewell_ = "the server is shutting down";
    else if (reason == "stream_changed")
        farewell_ = "the stream's configuration has changed";
    else if (reason == "server_full")
        farewell_ = "the server has no room for another reader";
    else
        farewell_ = "the server ends the connection: " + reason;
}

}  // namespace logwisp
