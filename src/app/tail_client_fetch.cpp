#include "app/tail_client_fetch.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <vector>

#include "app/tail_client_response.hpp"
#include "logwisp/version.hpp"

namespace logwisp {
namespace {

constexpr std::size_t recv_bytes = 64 * 1024;

int ms_until(std::chrono::steady_clock::time_point end) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

std::string request_for(const TailAddress& address) {
    const std::string query = address.query.empty() ? "" : "?" + address.query;
    return fmt::format(
        "GET {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: logwisp/{}\r\nAccept: application/json\r\n"
        "Connection: close\r\n\r\n",
        address.path, query, address.authority(), version);
}

}  // namespace

Result<std::string> fetch_page(const TailAddress& address, const Waiter& waiter) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(fetch_ms_max);
    const SocketOutcome connection = connect_to(address.host, address.port, waiter);
    if (!connection.error.empty()) return failure(0, connection.error);
    if (connection.wake != Wake::ready) return failure(EINTR, "connect");
    const int socket = connection.socket.get();
    const SocketOutcome sent = send_all(socket, request_for(address), waiter);
    if (!sent.error.empty()) return failure(0, sent.error);
    std::string body;
    ResponseParser response({.on_head = [](const ResponseParser&) {},
                             .on_body = [&](std::string_view bytes) { body.append(bytes); }});
    std::vector<char> buffer(recv_bytes);
    while (!response.complete()) {
        const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno != EAGAIN) return failure(errno, "receive");
        if (got < 0) {
            const Wake wake = waiter.wait(socket, POLLIN, ms_until(end));
            if (wake == Wake::timeout) return failure(0, "no answer in time");
            if (wake != Wake::ready) return failure(EINTR, "receive");
            continue;
        }
        if (!response.feed({buffer.data(), static_cast<std::size_t>(got)}))
            return failure(0, response.error());
        if (body.size() > fetch_bytes_max || ms_until(end) == 0)
            return failure(0, "the answer does not end");
    }
    if (!response.head_complete()) return failure(0, "it closed the connection");
    if (response.status() != 200) return failure(0, fmt::format("it says {}", response.status()));
    return body;
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char one : text) {
        const auto byte = static_cast<unsigned char>(one);
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' ||
                           byte == '_' || byte == '~' || byte == '/';
        if (plain)
            out.push_back(one);
        else
            out += fmt::format("%{:02X}", byte);
    }
    return out;
}

}  // namespace logwisp
