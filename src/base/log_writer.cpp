#include "base/log_writer.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace logwisp {

namespace {

constexpr std::chrono::milliseconds wait_slice{100};

ssize_t write_some(int descriptor, std::string_view bytes) {
    // Under systemd stderr is a socket, whose readiness does not promise room for all of this.
    const ssize_t sent =
        ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || errno != ENOTSOCK) return sent;
    return ::write(descriptor, bytes.data(), bytes.size());
}

}  // namespace

bool LogWriter::write(std::string_view line, const Deadline& deadline) {
    if (line_open_ && !write_all("\n", deadline)) return false;
    line_open_ = false;
    return write_all(line, deadline);
}

bool LogWriter::write_all(std::string_view bytes, const Deadline& deadline) {
    while (!bytes.empty()) {
        if (!wait_until_writable(deadline)) return false;
        const ssize_t written = write_some(descriptor_, bytes.substr(0, PIPE_BUF));
        if (written > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
            line_open_ = !bytes.empty();
        } else if (errno != EINTR && errno != EAGAIN) {
            return false;
        }
    }
    return true;
}

bool LogWriter::wait_until_writable(const Deadline& deadline) const {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline() - Clock::now());
        const auto wait = std::clamp(left, std::chrono::milliseconds(0), wait_slice);
        pollfd entry{.fd = descriptor_, .events = POLLOUT, .revents = 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(wait.count()));
        // A pipe without a reader is POLLOUT | POLLERR; POLLNVAL is a closed descriptor.
        if (ready > 0) return (entry.revents & (POLLERR | POLLNVAL)) == 0;
        if (ready < 0 && errno != EINTR) return false;
        if (left.count() <= 0) return false;
    }
}

}  // namespace logwisp
