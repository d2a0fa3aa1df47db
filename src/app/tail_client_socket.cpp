#include "app/tail_client_socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <utility>

#include "base/check.hpp"

namespace logwisp {
namespace {

constexpr int connect_ms_max = 10'000;
// A dead peer behind a NAT sends no FIN: after 30 s of silence the kernel asks, and gives up 40 s
// later.
constexpr int keepalive_idle_seconds = 30;
constexpr int keepalive_interval_seconds = 10;
constexpr int keepalive_probes = 4;

// The only thing a signal handler may touch.
volatile std::sig_atomic_t signal_number = 0;
volatile std::sig_atomic_t signal_descriptor = -1;

extern "C" void note_signal(int number) {
    const int saved = errno;
    signal_number = number;
    const std::uint64_t one = 1;
    if (write(signal_descriptor, &one, sizeof one) < 0) signal_number = number;
    errno = saved;
}

void handle(int number, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;  // without SA_RESTART: a blocked write ends too
    CHECK(sigaction(number, &action, nullptr) == 0);
}

void set_option(int socket, int level, int name, int value) {
    // An option the kernel refuses costs us a slower notice of a dead peer, nothing else.
    static_cast<void>(setsockopt(socket, level, name, &value, sizeof value));
}

// Connected, or an errno.
int connect_one(int socket, const addrinfo& address, const Waiter& waiter, Wake& wake) {
    if (connect(socket, address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    wake = waiter.wait(socket, POLLOUT, connect_ms_max);
    if (wake == Wake::timeout) return ETIMEDOUT;
    if (wake != Wake::ready) return ECANCELED;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
}

}  // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) close(number_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        if (number_ >= 0) close(number_);
        number_ = other.release();
    }
    return *this;
}

int Descriptor::release() { return std::exchange(number_, -1); }

Waiter::Waiter(int output) : output_(output), signal_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    CHECK(signal_.get() >= 0);
    signal_number = 0;
    signal_descriptor = signal_.get();
    handle(SIGINT, note_signal);
    handle(SIGTERM, note_signal);
}

Waiter::~Waiter() {
    handle(SIGINT, SIG_DFL);
    handle(SIGTERM, SIG_DFL);
    signal_descriptor = -1;
}

int Waiter::signal() { return signal_number; }

Wake Waiter::wait(int descriptor, short events, int timeout_ms) const {
    // No event is asked of the output: the kernel still tells when its reader is gone.
    std::array<pollfd, 3> polled{pollfd{signal_.get(), POLLIN, 0}, pollfd{output_, 0, 0},
                                 pollfd{descriptor, events, 0}};
    for (;;) {
        const int count = poll(polled.data(), polled.size(), timeout_ms);
        if (count < 0 && errno != EINTR) return Wake::interrupted;
        if (signal_number != 0) return Wake::interrupted;
        if (count < 0) continue;
        if ((polled[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return Wake::output_closed;
        if (polled[2].revents != 0) return Wake::ready;
        if (count == 0) return Wake::timeout;
    }
}

SocketOutcome connect_to(const std::string& host, const std::string& port, const Waiter& waiter) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    SocketOutcome outcome;
    if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
        outcome.error = error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error);
        outcome.no_such_host = error == EAI_NONAME;
        return outcome;
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
        Descriptor socket(
            ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (socket.get() < 0) {
            outcome.error = std::strerror(errno);
            continue;
        }
        const int error = connect_one(socket.get(), *address, waiter, outcome.wake);
        if (outcome.wake == Wake::interrupted || outcome.wake == Wake::output_closed)
            return outcome;
        if (error != 0) {
            outcome.error = std::strerror(error);
            continue;
        }
        set_option(socket.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
        set_option(socket.get(), IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_seconds);
        set_option(socket.get(), IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_seconds);
        set_option(socket.get(), IPPROTO_TCP, TCP_KEEPCNT, keepalive_probes);
        outcome.socket = std::move(socket);
        outcome.error.clear();
        return outcome;
    }
    return outcome;
}

SocketOutcome send_all(int socket, std::string_view bytes, const Waiter& waiter) {
    SocketOutcome outcome;
    while (!bytes.empty()) {
        const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            outcome.wake = waiter.wait(socket, POLLOUT, connect_ms_max);
            if (outcome.wake == Wake::timeout) outcome.error = std::strerror(ETIMEDOUT);
            if (outcome.wake != Wake::ready) return outcome;
        } else if (errno != EINTR) {
            outcome.error = std::strerror(errno);
            return outcome;
        }
    }
    return outcome;
}

}  // namespace logwisp
