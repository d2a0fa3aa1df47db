#include "core/control.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.hpp"
#include "logwisp/control.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

namespace {

constexpr int askers_waiting_max = 8;
// Anybody may connect, and as often as he likes: signals and the clock have their turn between two calls.
constexpr int accepts_per_call_max = askers_waiting_max;

// Whoever could send us a signal may ask.
bool may_ask(int asker) {
    ucred who{};
    socklen_t bytes = sizeof who;
    if (::getsockopt(asker, SOL_SOCKET, SO_PEERCRED, &who, &bytes) != 0) return false;
    return who.uid == 0 || who.uid == ::geteuid();
}

}  // namespace

Control::Control() {
    const ControlAddress own = control_address(::getpid());
    listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listening_ >= 0 &&
        ::bind(listening_, reinterpret_cast<const sockaddr*>(&own.address), own.bytes) == 0 &&
        ::listen(listening_, askers_waiting_max) == 0)
        return;
    log_warn("logwisp reload will not find this service: {}; SIGHUP works", std::strerror(errno));
    if (listening_ >= 0) ::close(listening_);
    listening_ = -1;
}

Control::~Control() {
    if (listening_ >= 0) ::close(listening_);
}

std::vector<int> Control::accept(Time now) {
    std::vector<int> askers;
    if (descriptor(now) < 0) return askers;
    for (int accepts = 0; accepts < accepts_per_call_max; ++accepts) {
        const int asker = ::accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (asker >= 0 && may_ask(asker)) {
            askers.push_back(asker);
        } else if (asker >= 0) {
            answer(asker, 1, "only the service's own user and root may ask for this");
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            pause(now, errno);  // EMFILE, ENFILE, ENOBUFS, ENOMEM
            return askers;
        }
    }
    trouble_told_ = false;
    return askers;
}

void Control::pause(Time now, int error) {
    // Who could not be accepted stays readable: to wait for it at once would be to spin.
    pause_ends_ = now + std::chrono::milliseconds(accept_backoff_ms);
    if (!std::exchange(trouble_told_, true))
        log_warn("logwisp reload: accept: {}; trying again every {} ms", std::strerror(error),
                 accept_backoff_ms);
}

void Control::answer(int asker, int exit_code, std::string_view text) {
    const std::string whole = fmt::format(
        "{}\n{}", exit_code, text.substr(0, std::min(text.size(), control_answer_bytes_max)));
    static_cast<void>(::send(asker, whole.data(), whole.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    ::close(asker);
}

}  // namespace logwisp
