#include "feed.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace logwisp::bench {
namespace {

constexpr std::size_t answers_bytes = 1 << 20;

[[noreturn]] void give_up(const std::string& name) {
    std::fprintf(stderr, "logwisp-bench: %s: %s\n", name.c_str(),
                 errno == 0 ? "no such host" : std::strerror(errno));
    std::exit(1);
}

}  // namespace

Feed::Feed(const std::string& file)
    : name_(file),
      descriptor_(open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) give_up(name_);
}

Feed::Feed(const Endpoint& peer)
    : name_(peer.host + ":" + peer.port),
      protocol_(peer.protocol),
      descriptor_(open_socket(peer, true, 0)) {
    if (descriptor_ < 0) give_up(name_);
    if (protocol_ == Protocol::nats && !write("CONNECT {\"verbose\":false}\r\n")) give_up(name_);
}

Feed::~Feed() { close(descriptor_); }

void Feed::frame(std::string_view line, std::string& block) {
    if (framed_bytes_ != line.size()) {
        framed_bytes_ = line.size();
        const std::string length = std::to_string(line.size());
        const std::string name(topic);
        after_ = protocol_ == Protocol::raw ? "\n" : "\r\n";
        if (protocol_ == Protocol::nats) before_ = "PUB " + name + " " + length + "\r\n";
        if (protocol_ == Protocol::redis)
            before_ = "*3\r\n$7\r\nPUBLISH\r\n$" + std::to_string(name.size()) + "\r\n" + name +
                      "\r\n$" + length + "\r\n";
        if (protocol_ == Protocol::nchan) {
            before_ =
                "POST /pub HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + "\r\n\r\n";
            after_.clear();
        }
    }
    block.append(before_).append(line).append(after_);
}

bool Feed::fail(int error) {
    error_ = name_ + ": " + std::strerror(error);
    return false;
}

bool Feed::write(std::string_view block) {
    return protocol_ == Protocol::raw ? write_to_file(block) : write_to_peer(block);
}

bool Feed::write_to_file(std::string_view block) {
    while (!block.empty()) {
        const ssize_t written = ::write(descriptor_, block.data(), block.size());
        if (written < 0 && errno != EINTR) return fail(errno);
        if (written > 0) block.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// A peer answers what it is sent; its answers are thrown away, for they would fill the connection.
bool Feed::write_to_peer(std::string_view block) {
    while (!block.empty()) {
        pollfd ready{.fd = descriptor_, .events = POLLIN | POLLOUT, .revents = 0};
        if (poll(&ready, 1, -1) < 0 && errno != EINTR) return fail(errno);
        if ((ready.revents & POLLIN) != 0 &&
            recv(descriptor_, nullptr, answers_bytes, MSG_TRUNC | MSG_DONTWAIT) == 0)
            return fail(ECONNRESET);
        if ((ready.revents & (POLLERR | POLLHUP)) != 0) return fail(ECONNRESET);
        if ((ready.revents & POLLOUT) == 0) continue;
        const ssize_t sent =
            send(descriptor_, block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail(errno);
        if (sent > 0) block.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace logwisp::bench
