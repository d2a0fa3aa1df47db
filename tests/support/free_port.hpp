// Ports of 127.0.0.1 for the servers of a test, of which no other test's server or connection gets one meanwhile, whatever runs beside it.
//
// A port that was free a moment ago may be somebody's outgoing connection by now when it is one the kernel gives to those. So they come
// from below that range, in blocks: a process has a block for as long as it listens on the block's first port. The end-to-end tests
// (e2e/support/ports.mjs) share them out by the same rule.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "base/check.hpp"

namespace logwisp::test {

inline constexpr std::uint16_t first_port = 12'000;
inline constexpr std::uint16_t ports_per_block = 50;
inline constexpr std::uint32_t port_blocks = 400;
static_assert(first_port + port_blocks * ports_per_block <= 32'768, "where outgoing ones begin");

// A socket that listens there, or -1.
inline int listen_at(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(socket >= 0);
    const int on = 1;
    CHECK(::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
        ::listen(socket, 1) == 0)
        return socket;
    ::close(socket);
    return -1;
}

// The first port of a block that is this process's from now on.
inline std::uint16_t claim_ports() {
    static std::uint32_t block = static_cast<std::uint32_t>(::getpid());
    for (std::uint32_t tried = 0; tried < port_blocks; ++tried) {
        const std::uint32_t offset = ++block % port_blocks * ports_per_block;
        const auto port = static_cast<std::uint16_t>(first_port + offset);
        if (listen_at(port) >= 0) return port;
    }
    CHECK(false);
    return 0;
}

// Each call gives another. One thread.
inline std::uint16_t free_port() {
    static std::uint16_t next = 0;
    static std::uint16_t end = 0;
    for (;;) {
        if (next == end) {
            next = static_cast<std::uint16_t>(claim_ports() + 1);
            end = static_cast<std::uint16_t>(next + ports_per_block - 1);
        }
        const std::uint16_t port = next++;
        const int probe = listen_at(port);
        if (probe < 0) continue;
        ::close(probe);
        return port;
    }
}

}  // namespace logwisp::test
