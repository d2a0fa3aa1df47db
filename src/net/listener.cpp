#include "net/listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "logwisp/limits.hpp"

namespace logwisp {

namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t bytes = 0;
    bool any = false;
};

Result<Address> parse_address(const std::string& host, std::uint16_t port) {
    Address address;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    const std::string spelled = listening_host(host);
    address.any = spelled == "*";
    const std::string numeric = address.any ? "::" : spelled;
    if (::inet_pton(AF_INET, numeric.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.bytes = sizeof(sockaddr_in);
        return address;
    }
    if (::inet_pton(AF_INET6, numeric.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.bytes = sizeof(sockaddr_in6);
        return address;
    }
    return failure(0, "not an IPv4 or IPv6 address", host);
}

// Whether a socket on one of them keeps another from the other.
bool overlap(const Address& one, const Address& other) {
    if (one.any || other.any) return true;
    if (one.storage.ss_family != other.storage.ss_family) return false;
    if (one.storage.ss_family == AF_INET) {
        const auto address_of = [](const Address& address) {
            return reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr.s_addr;
        };
        return address_of(one) == address_of(other) || address_of(one) == INADDR_ANY ||
               address_of(other) == INADDR_ANY;
    }
    const auto address_of = [](const Address& address) {
        return &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
    };
    return IN6_ARE_ADDR_EQUAL(address_of(one), address_of(other)) ||
           IN6_IS_ADDR_UNSPECIFIED(address_of(one)) || IN6_IS_ADDR_UNSPECIFIED(address_of(other));
}

bool overlaps_one_of(const Address& address, std::span<const std::string> hosts) {
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
        const Result<Address> other = parse_address(host, 0);
        return other && overlap(address, *other);
    });
}

enum class Purpose : std::uint8_t { probe, serve };

Result<int> open_one(const Address& address, Purpose purpose, const std::string& name) {
    const int family = address.storage.ss_family;
    const int socket = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return failure(errno, "socket", name);
    const int on = 1;
    const int off = 0;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool serves = purpose == Purpose::serve;
    if (serves) ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (family == AF_INET6)
        ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, address.any ? &off : &on, sizeof on);
    const char* step = nullptr;
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address.storage), address.bytes) != 0)
        step = "bind";
    else if (serves && ::listen(socket, listen_backlog) != 0)
        step = "listen";
    if (step == nullptr) return socket;
    const int code = errno;
    ::close(socket);
    return failure(code, step, name);
}

}  // namespace

std::string listening_host(const std::string& host) {
    if (host.empty()) return "*";
    return host == "localhost" ? "127.0.0.1" : host;
}

Result<std::vector<int>> open_listeners(const std::string& host, std::uint16_t port,
                                        std::size_t count, std::span<const std::string> leaving) {
    const std::string name = (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
                             std::to_string(port);
    Result<Address> address = parse_address(host, port);
    if (!address) return tl::unexpected(address.error());
    // Only bound, which fails where somebody listens. If it listened, a client could connect to it
    // and would be reset.
    Result<int> probe = open_one(*address, Purpose::probe, name);
    if (!probe && address->any && probe.error().code == EAFNOSUPPORT) {
        address = parse_address("0.0.0.0", port);  // a kernel without IPv6
        probe = open_one(*address, Purpose::probe, name);
    }
    if (probe)
        ::close(*probe);
    else if (probe.error().code != EADDRINUSE || !overlaps_one_of(*address, leaving))
        return tl::unexpected(probe.error());
    // It may be our own sockets that were in the way. They share their port, as these do; who else
    // is there does not, and binding fails.

    std::vector<int> sockets;
    for (std::size_t index = 0; index < count; ++index) {
        const Result<int> socket = open_one(*address, Purpose::serve, name);
        if (!socket) {
            for (const int opened : sockets) ::close(opened);
            return tl::unexpected(socket.error());
        }
        sockets.push_back(*socket);
    }
    return sockets;
}

Listener::Listener(Reactor& reactor, int socket, ListenerOwner& owner)
    : reactor_(reactor), owner_(owner), socket_(socket) {
    accept_.bind<&Listener::on_accept>(*this);
    retry_.bind<&Listener::on_timer>(*this);
}

void Listener::open() { reactor_.accept(accept_, socket_); }

void Listener::on_accept(const Outcome& outcome) {
    if (outcome.result >= 0) {
        owner_.on_accepted(*this, outcome.result);
    } else if (!closing_ && outcome.result != -ECONNABORTED) {
        on_failure(-outcome.result);
    }
    if (outcome.more) return;
    if (closing_) return finish_close();
    // A connection that was reset before we took it is no reason to wait; everything else might be
    // the descriptor limit.
    const bool transient = outcome.result >= 0 || outcome.result == -ECONNABORTED;
    reactor_.arm(retry_, transient ? 0 : accept_backoff_ms);
}

void Listener::on_failure(int error) {
    owner_.on_accept_failed(*this);
    if (!trouble_.allow(reactor_.now_ms())) return;
    if (error == EMFILE || error == ENFILE)
        log_warn(
            "accept: {}; new clients wait until others have left (raise the limit of descriptors)",
            std::strerror(error));
    else
        log_warn("accept: {}; trying again every {} ms", std::strerror(error), accept_backoff_ms);
}

void Listener::on_timer() {
    if (closing_) return finish_close();
    reactor_.accept(accept_, socket_);
}

void Listener::close() {
    if (closing_) return;
    closing_ = true;
    reactor_.cancel(accept_);
    if (accept_.in_flight())
        reactor_.disarm(retry_);
    else
        reactor_.arm(retry_, 0);
}

void Listener::finish_close() {
    reactor_.backend().close(socket_);
    socket_ = -1;
}

}  // namespace logwisp
