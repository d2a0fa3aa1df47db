#include "endpoint.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace logwisp::bench {

std::string greeting_of(const Endpoint& endpoint, const std::string& last_event_id) {
    switch (endpoint.protocol) {
        case Protocol::tcp:
        case Protocol::raw:
            return {};
        case Protocol::nats:
            return "CONNECT {\"verbose\":false}\r\nSUB " + std::string(topic) + " 1\r\nPING\r\n";
        case Protocol::redis:
            return "SUBSCRIBE " + std::string(topic) + "\r\n";
        case Protocol::sse:
        case Protocol::nchan:
            break;
    }
    const bool colons = endpoint.host.find(':') != std::string::npos;  // an address of IPv6
    const std::string host = colons ? "[" + endpoint.host + "]" : endpoint.host;
    std::string text = "GET " + endpoint.target + " HTTP/1.1\r\nHost: " + host + ":" +
                       endpoint.port + "\r\nAccept: text/event-stream\r\n";
    if (!last_event_id.empty()) text += "Last-Event-ID: " + last_event_id + "\r\n";
    return text + "\r\n";
}

int open_socket(const Endpoint& endpoint, bool blocking, int receive_buffer_bytes) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    errno = 0;
    if (getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &found) != 0) {
        errno = 0;
        return -1;
    }
    const int made =
        socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
    if (made >= 0 && receive_buffer_bytes > 0)
        setsockopt(made, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    const int outcome = made < 0 ? -1 : connect(made, found->ai_addr, found->ai_addrlen);
    const int error = errno;
    freeaddrinfo(found);
    if (outcome == 0 || (made >= 0 && error == EINPROGRESS)) return made;
    if (made >= 0) close(made);
    errno = error;
    return -1;
}

}  // namespace logwisp::bench
