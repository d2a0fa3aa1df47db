#include "reactor/kernel_backend.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.hpp"
#include "logwisp/limits.hpp"
#include "reactor/turn_limits.hpp"

namespace logwisp {

namespace {

constexpr int keepalive_idle_seconds = 20;
constexpr int keepalive_interval_seconds = 10;
constexpr int keepalive_probes = 4;

// Not every descriptor is TCP (tests use socket pairs); an option that does not apply is nobody's
// error.
void set_option(int descriptor, int level, int option, int value) {
    static_cast<void>(::setsockopt(descriptor, level, option, &value, sizeof(value)));
}

}  // namespace

KernelBackend::~KernelBackend() {
    if (wake_descriptor_ >= 0) ::close(wake_descriptor_);
}

Result<void> KernelBackend::open_wake_descriptor() {
    wake_descriptor_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_descriptor_ < 0) return failure(errno, "eventfd");
    return {};
}

void KernelBackend::wake_from_anywhere() {
    // A signal handler may be what calls this: an atomic, a write, and errno as it was.
    if (wake_pending_.exchange(true, std::memory_order_acq_rel)) return;
    const int saved = errno;
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the descriptor is readable anyway.
    static_cast<void>(!::write(wake_descriptor_, &one, sizeof(one)));
    errno = saved;
}

void KernelBackend::take_wake() {
    std::uint64_t count = 0;
    static_cast<void>(!::read(wake_descriptor_, &count, sizeof(count)));
    // In this order: a wake between the two is merged into the one being taken, whose on_wake is
    // still to come. The other way round its write would be swallowed and the flag would stay set
    // for good.
    wake_pending_.exchange(false, std::memory_order_acq_rel);
}

std::uint64_t KernelBackend::now_ns() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
}

void KernelBackend::shutdown_both(int descriptor) {
    // Fails when the peer was faster; the final outcomes say so.
    static_cast<void>(::shutdown(descriptor, SHUT_RDWR));
}

void KernelBackend::shutdown_write(int descriptor) {
    static_cast<void>(::shutdown(descriptor, SHUT_WR));
}

void KernelBackend::close(int descriptor) {
    CHECK(descriptor >= 0);
    const auto index = static_cast<std::size_t>(descriptor);
    CHECK(index >= in_flight_.size() || in_flight_[index] == 0);
    on_closing(descriptor);
    // EINTR or an error of a late write-back: the descriptor is gone in either case.
    static_cast<void>(::close(descriptor));
}

void KernelBackend::configure_accepted(int descriptor) {
    set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_seconds);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_seconds);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, keepalive_probes);
    // Keepalive never fires against a zero window that is acknowledged; this does. SO_SNDBUF stays
    // the kernel's: it grows by need.
    set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(write_stall_ms));
}

bool KernelBackend::peer_is_gone(int descriptor) {
    tcp_info info{};
    socklen_t bytes = sizeof(info);
    if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) return false;
    // Reset, and nobody was receiving or sending who would have been told: its peer had finished sending
    // long before, and the stream is quiet.
    if (info.tcpi_state == TCP_CLOSE) return true;
    return info.tcpi_unacked > 0 && info.tcpi_retransmits > 0 &&
           info.tcpi_last_ack_recv >= peer_silent_ms;
}

void KernelBackend::count_submitted(int descriptor) {
    CHECK(descriptor >= 0);
    const auto index = static_cast<std::size_t>(descriptor);
    // Descriptors are small and reused; this grows to the highest one ever and then no more.
    if (index >= in_flight_.size()) in_flight_.resize(index + index / 2 + 64);
    ++in_flight_[index];
}

void KernelBackend::count_finished(int descriptor) {
    const auto index = static_cast<std::size_t>(descriptor);
    CHECK(in_flight_[index] > 0);
    --in_flight_[index];
}

}  // namespace logwisp
