// An owner of one Completion that writes down every outcome, and the loopback sockets the reactor's
// tests talk through.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "reactor/completion.hpp"

namespace logwisp::test {

struct Recorder {
    Completion completion;
    std::vector<std::int32_t> results;
    std::string received;
    int finals = 0;
    std::function<void(const Outcome&)> action;

    Recorder() { completion.bind<&Recorder::on_outcome>(*this); }
    void on_outcome(const Outcome& outcome) {
        results.push_back(outcome.result);
        received.append(outcome.data.data(), outcome.data.size());
        if (!outcome.more) ++finals;
        if (action) action(outcome);
    }
    [[nodiscard]] bool ended() const { return finals > 0 && !completion.in_flight(); }
    [[nodiscard]] std::int32_t last() const {
        return results.empty() ? -1'000'000 : results.back();
    }
};

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline int listen_on_loopback(std::uint16_t& port, int backlog = 1024) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = loopback(0);
    socklen_t bytes = sizeof(address);
    CHECK(::bind(listener, reinterpret_cast<sockaddr*>(&address), bytes) == 0);
    CHECK(::listen(listener, backlog) == 0);
    CHECK(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    port = ntohs(address.sin_port);
    return listener;
}

// Blocking; complete as soon as the listener's backlog took it.
inline int connect_to(std::uint16_t port) {
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(port);
    CHECK(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    return client;
}

inline void close_with_reset(int descriptor) {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    CHECK(::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
    ::close(descriptor);
}

// Two ends of a TCP connection: `ours` non-blocking for the reactor, `theirs` blocking for the
// test. The destructor closes what is open.
struct TcpPair {
    int ours = -1;
    int theirs = -1;

    TcpPair() {
        std::uint16_t port = 0;
        const int listener = listen_on_loopback(port);
        theirs = connect_to(port);
        ours = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        CHECK(ours >= 0);
        ::close(listener);
    }
    TcpPair(const TcpPair&) = delete;
    TcpPair& operator=(const TcpPair&) = delete;
    ~TcpPair() {
        if (ours >= 0) ::close(ours);
        if (theirs >= 0) ::close(theirs);
    }
};

inline void write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        CHECK(written > 0);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

// What can be read without waiting.
inline std::string read_available(int descriptor) {
    std::string out;
    char buffer[16384];
    for (;;) {
        const ssize_t got = ::recv(descriptor, buffer, sizeof(buffer), MSG_DONTWAIT);
        if (got <= 0) return out;
        out.append(buffer, static_cast<std::size_t>(got));
    }
}

// A recognisable pattern: every byte depends on its position.
inline std::string pattern(std::size_t bytes, std::size_t seed = 0) {
    std::string out(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i)
        out[i] = static_cast<char>((i * 131 + (i >> 8) * 7 + seed * 31) & 0xff);
    return out;
}

}  // namespace logwisp::test
