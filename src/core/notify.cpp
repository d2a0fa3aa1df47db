#include "core/notify.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace logwisp {

namespace {

std::uint64_t number_from_environment(const char* name) {
    const char* text = std::getenv(name);
    std::uint64_t value = 0;
    if (text != nullptr) std::from_chars(text, text + std::strlen(text), value);
    return value;
}

}  // namespace

Notifier::Notifier() {
    const std::uint64_t watched = number_from_environment("WATCHDOG_PID");
    if (watched == 0 || watched == static_cast<std::uint64_t>(::getpid()))
        watchdog_interval_ms_ = number_from_environment("WATCHDOG_USEC") / 2000;
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || (path[0] != '/' && path[0] != '@') ||
        std::strlen(path) >= sizeof sockaddr_un::sun_path)
        return;
    socket_path_ = path;
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

Notifier::~Notifier() {
    if (socket_ >= 0) ::close(socket_);
}

void Notifier::send(std::string_view text) const {
    if (socket_ < 0) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // the abstract name space
    const auto bytes =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_path_.size());
    // Nothing can be done about a manager that does not listen.
    static_cast<void>(::sendto(socket_, text.data(), text.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&address), bytes));
}

void Notifier::ready(std::string_view status) const {
    send(fmt::format("READY=1\nSTATUS={}\n", status));
}

void Notifier::status(std::string_view status) const { send(fmt::format("STATUS={}\n", status)); }

void Notifier::reloading() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n",
                     now.tv_sec * 1'000'000LL + now.tv_nsec / 1000));
}

void Notifier::stopping() const { send("STOPPING=1\n"); }

void Notifier::watchdog() const { send("WATCHDOG=1\n"); }

}  // namespace logwisp
