// What `logwisp tail` was asked for: its command line, and the URL or HOST:PORT in it, taken apart.
// Plain values, no I/O but the environment variables that say whether colour is wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace logwisp {

enum class TailProtocol : std::uint8_t { sse, tcp };

struct TailAddress {
    TailProtocol protocol = TailProtocol::sse;
    std::string host;  // without the brackets of an IPv6 address
    std::string port;
    std::string path;   // begins with '/'; SSE only
    std::string query;  // without '?'; SSE only
    // "127.0.0.1:8080", "[::1]:8080": for messages and for the Host header.
    [[nodiscard]] std::string authority() const;
};

// http://host[:port][/path][?query], host:port or tcp://host:port. A URL without a path means
// /stream.
Result<TailAddress> parse_tail_address(std::string_view text);

struct TailOptions {
    TailAddress address;
    std::optional<std::uint64_t> tail_entries;
    bool json = false;
    bool color = true;  // wanted, if standard output is a terminal
    bool reconnect = true;
};

struct TailCommandLine {
    std::optional<TailOptions> options;
    int exit_code = 0;  // when there are no options: help was shown (0) or usage was wrong (2), and
                        // the reason printed
};
TailCommandLine parse_tail_command_line(int argc, char** argv);

}  // namespace logwisp
