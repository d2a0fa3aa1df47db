// Tells the service manager how we are (sd_notify's protocol: a datagram to NOTIFY_SOCKET). Does
// nothing without one; a socket that is gone or invalid is not our failure. Control thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace logwisp {

class Notifier {
  public:
    // Reads NOTIFY_SOCKET and WATCHDOG_USEC. The socket is opened here: when readers have taken all
    // descriptors there are, the manager must still hear that we are alive.
    Notifier();
    ~Notifier();
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;
    void ready(std::string_view status) const;
    void status(std::string_view status) const;
    void reloading() const;  // ready() follows
    void stopping() const;
    void watchdog() const;
    // Milliseconds between two watchdog() calls, half of what the manager allows; 0: it does not
    // watch.
    [[nodiscard]] std::uint64_t watchdog_interval_ms() const { return watchdog_interval_ms_; }

  private:
    void send(std::string_view text) const;

    std::string socket_path_;  // empty: nobody listens
    int socket_ = -1;
    std::uint64_t watchdog_interval_ms_ = 0;
};

}  // namespace logwisp
