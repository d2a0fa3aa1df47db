// Where readers connect and what is spoken there. `tcp` and `sse` are LogWisp's; `raw` is the lines
// as they were written; the others are peers that are measured beside it: they are fed over a
// connection instead of a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace logwisp::bench {

enum class Protocol : std::uint8_t { tcp, sse, raw, nats, redis, nchan };

inline constexpr std::string_view topic = "logs";  // subject or channel at a peer

struct Endpoint {
    Protocol protocol = Protocol::tcp;
    std::string host;
    std::string port;
    std::string target;  // sse and nchan: path and query; what is published to nchan goes to /pub
};

constexpr std::string_view protocol_name(Protocol protocol) {
    constexpr std::string_view names[] = {"tcp", "sse", "raw", "nats", "redis", "nchan"};
    return names[static_cast<std::size_t>(protocol)];
}

constexpr bool fed_over_a_connection(Protocol protocol) { return protocol >= Protocol::nats; }
// Says something by itself when a reader has connected.
constexpr bool greets(Protocol protocol) {
    return protocol != Protocol::tcp && protocol != Protocol::raw;
}

// What a reader says first; empty: nothing.
std::string greeting_of(const Endpoint& endpoint, const std::string& last_event_id);

// A connected, blocking or non-blocking socket, or -1 with errno; 0 in errno: no such host.
int open_socket(const Endpoint& endpoint, bool blocking, int receive_buffer_bytes);

}  // namespace logwisp::bench
