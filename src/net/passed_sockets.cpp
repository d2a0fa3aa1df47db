#include "net/passed_sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "logwisp/limits.hpp"
#include "net/listener.hpp"

namespace logwisp {

namespace {

constexpr int first_descriptor = 3;

template <class Number>
std::optional<Number> number_in(std::string_view text) {
    Number value{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string> split_names(std::string_view text) {
    std::vector<std::string> names;
    for (;;) {
        const std::size_t end = text.find(':');
        names.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return names;
        text.remove_prefix(end + 1);
    }
}

int option_of(int socket, int option) {
    int value = 0;
    socklen_t bytes = sizeof value;
    if (::getsockopt(socket, SOL_SOCKET, option, &value, &bytes) != 0) return -1;
    return value;
}

bool takes_both_families(int socket) {
    int only_v6 = 0;
    socklen_t bytes = sizeof only_v6;
    return ::getsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, &bytes) == 0 && only_v6 == 0;
}

// One spelling of an address: "::0001" is "::1".
std::string plain_host(const std::string& host) {
    std::string spelled = listening_host(host);
    in6_addr address{};
    char text[INET6_ADDRSTRLEN];
    if (::inet_pton(AF_INET6, spelled.c_str(), &address) != 1) return spelled;
    return ::inet_ntop(AF_INET6, &address, text, sizeof text);
}

// Why it cannot be used; empty: it can.
std::string fault_of(int socket) {
    if (::fcntl(socket, F_GETFD) < 0) return "is not open, though LISTEN_FDS counts it";
    const int kind = option_of(socket, SO_TYPE);
    if (kind < 0) return "is no socket";
    const int domain = option_of(socket, SO_DOMAIN);
    if (domain == AF_UNIX)
        return "is a Unix socket; LogWisp serves TCP: ListenStream= with an address and a port";
    if (domain != AF_INET && domain != AF_INET6)
        return "is of neither IPv4 nor IPv6; LogWisp serves TCP: ListenStream= with an address and "
               "a port";
    const int protocol = option_of(socket, SO_PROTOCOL);
    if (kind != SOCK_STREAM || (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP))
        return "is not of TCP; say ListenStream=, not ListenDatagram=";
    if (option_of(socket, SO_ACCEPTCONN) != 1)
        return "does not listen; a connection comes of Accept=yes: say Accept=no";
    return {};
}

Result<PassedSocket> look_at(int socket, std::string name) {
    const std::string subject =
        fmt::format("socket \"{}\" of the service manager (descriptor {})", name, socket);
    if (std::string fault = fault_of(socket); !fault.empty())
        return failure(0, std::move(fault), subject);
    PassedSocket out;
    sockaddr_storage address{};
    socklen_t bytes = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &bytes) != 0)
        return failure(errno, "getsockname", subject);
    char text[INET6_ADDRSTRLEN];
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        out.host = ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
        out.port = ntohs(v4.sin_port);
    } else {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        const bool all = IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr) && takes_both_families(socket);
        out.host = all ? "*" : ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
        out.port = ntohs(v6.sin6_port);
    }
    // Whoever is woken for a connection that another one has taken must not wait for the next.
    if (::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK) != 0)
        return failure(errno, "fcntl", subject);
    out.descriptor = socket;
    out.name = std::move(name);
    return out;
}

}  // namespace

Result<Activation> read_activation(const char* pid, const char* count, const char* names,
                                   pid_t self) {
    Activation out;
    if (pid == nullptr || count == nullptr) return out;
    const auto whose = number_in<pid_t>(pid);
    if (!whose || *whose <= 0)
        return failure(0, fmt::format("must be the number of a process, not \"{}\"", pid),
                       "LISTEN_PID");
    out.for_another = *whose != self;
    if (out.for_another) return out;
    const auto sockets = number_in<std::size_t>(count);
    if (!sockets || *sockets > passed_sockets_max)
        return failure(
            0, fmt::format("must be a number from 0 to {}, not \"{}\"", passed_sockets_max, count),
            "LISTEN_FDS");
    out.count = *sockets;
    if (names == nullptr || (*sockets == 0 && *names == '\0')) return out;
    out.names = split_names(names);
    if (out.names.size() != out.count)
        return failure(0, fmt::format("{} names for {} sockets", out.names.size(), out.count),
                       "LISTEN_FDNAMES");
    for (const std::string& name : out.names)
        if (name.size() > passed_name_bytes_max)
            return failure(0, fmt::format("a name of more than {} bytes", passed_name_bytes_max),
                           "LISTEN_FDNAMES");
    return out;
}

std::string PassedSocket::text() const {
    const bool v6 = host.find(':') != std::string::npos;
    return fmt::format("\"{}\" ({}{}{}:{})", name, v6 ? "[" : "", host, v6 ? "]" : "", port);
}

PassedSockets::~PassedSockets() {
    for (const PassedSocket& socket : sockets_) ::close(socket.descriptor);
}

Result<PassedSockets> PassedSockets::take() {
    PassedSockets out;
    const auto said = read_activation(std::getenv("LISTEN_PID"), std::getenv("LISTEN_FDS"),
                                      std::getenv("LISTEN_FDNAMES"), ::getpid());
    std::vector<std::string> names = said ? said->names : std::vector<std::string>();
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    if (!said) return tl::unexpected(said.error());
    out.for_another_ = said->for_another;
    names.resize(said->count);
    for (std::size_t index = 0; index < said->count; ++index) {
        auto socket = look_at(first_descriptor + static_cast<int>(index), std::move(names[index]));
        if (!socket) return tl::unexpected(socket.error());
        ::fcntl(socket->descriptor, F_SETFD, FD_CLOEXEC);
        out.sockets_.push_back(std::move(*socket));
    }
    return out;
}

const PassedSocket* PassedSockets::named(const std::string& name) const {
    const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                    [&](const auto& socket) { return socket.name == name; });
    return found == sockets_.end() ? nullptr : &*found;
}

const PassedSocket* PassedSockets::at(const std::string& host, std::uint16_t port) const {
    const std::string wanted = plain_host(host);
    const auto found = std::find_if(sockets_.begin(), sockets_.end(), [&](const auto& socket) {
        return socket.port == port && socket.host == wanted;
    });
    return found == sockets_.end() ? nullptr : &*found;
}

}  // namespace logwisp
