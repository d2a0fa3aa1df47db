#include "load/spoiling_proxy.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "support/free_port.hpp"

namespace logwisp::load_test {
namespace {

int connect_to(std::uint16_t port) {
    const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return made;
}

}  // namespace

SpoilingProxy::SpoilingProxy(const std::string& server, const SpoilOptions& options)
    : options_(options),
      server_port_(static_cast<std::uint16_t>(std::stoi(server.substr(server.find(':') + 1)))),
      port_(test::free_port()),
      listener_(test::listen_at(port_)) {
    EXPECT_EQ(listen(listener_, 128), 0);
    acceptor_ = std::thread([this] { accept_all(); });
}

// Shutting a socket down ends whoever waits for it.
SpoilingProxy::~SpoilingProxy() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    for (Pair& pair : pairs_) {
        shutdown(pair.server, SHUT_RDWR);
        pair.thread.join();
        close(pair.reader);
        close(pair.server);
    }
}

std::string SpoilingProxy::address() const { return "127.0.0.1:" + std::to_string(port_); }

void SpoilingProxy::accept_all() {
    for (int reader = 0; (reader = accept(listener_, nullptr, nullptr)) >= 0;) {
        const int server = connect_to(server_port_);
        const std::size_t connection = pairs_.size();
        pairs_.push_back({reader, server, std::thread([this, connection, reader, server] {
                              forward(connection, reader, server);
                          })});
    }
}

void SpoilingProxy::forward(std::size_t connection, int reader, int server) const {
    char needle[32];
    std::snprintf(needle, sizeof needle, "#%012llu ",
                  static_cast<unsigned long long>(options_.line));
    char bytes[65536];
    std::string waiting;
    for (ssize_t n = 0; (n = recv(server, bytes, sizeof bytes, 0)) > 0;) {
        waiting.append(bytes, static_cast<std::size_t>(n));
        const auto whole = waiting.rfind('\n') + 1;
        std::string lines = waiting.substr(0, whole);
        waiting.erase(0, whole);
        const auto at = lines.find(needle);
        if (connection == options_.connection && at != std::string::npos) {
            const auto begin = lines.rfind('\n', at) + 1;
            const std::string line = lines.substr(begin, lines.find('\n', at) + 1 - begin);
            if (options_.spoil == Spoil::lose) lines.erase(begin, line.size());
            if (options_.spoil == Spoil::twice) lines.insert(begin, line);
        }
        for (std::size_t sent = 0; sent < lines.size();) {
            const ssize_t taken =
                send(reader, lines.data() + sent, lines.size() - sent, MSG_NOSIGNAL);
            if (taken <= 0) return;
            sent += static_cast<std::size_t>(taken);
        }
    }
}

}  // namespace logwisp::load_test
