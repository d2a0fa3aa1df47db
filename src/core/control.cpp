#include "core/control.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.hpp"
#include "logwisp/control.hpp"

namespace logwisp {

namespace {

constexpr int askers_waiting_max = 8;

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

int Control::accept() const {
    for (;;) {
        const int asker = ::accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (asker < 0 && errno == EINTR) continue;
        if (asker < 0) return -1;
        if (may_ask(asker)) return asker;
        answer(asker, 1, "only the service's own user and root may ask for this");
    }
}

void Control::answer(int asker, int exit_code, std::string_view text) {
    const std::string whole = fmt::format(
        "{}\n{}", exit_code, text.substr(0, std::min(text.size(), control_answer_bytes_max)));
    static_cast<void>(::send(asker, whole.data(), whole.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    ::close(asker);
}

}  // namespace logwisp
