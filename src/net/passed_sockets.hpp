// Listening sockets that the service manager holds and gives to the process (sd_listen_fds's
// protocol: descriptors from 3 on, LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES). It goes on holding them:
// who connects while the process is restarted waits in their queues. Control thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace logwisp {

// What the three variables say; nullptr where there is none. Pure.
struct Activation {
    std::size_t count = 0;
    std::vector<std::string> names;  // none, or one each
    bool for_another = false;        // they are there, but are another process's
};
Result<Activation> read_activation(const char* pid, const char* count, const char* names,
                                   pid_t self);

struct PassedSocket {
    int descriptor = -1;
    std::string name;  // FileDescriptorName=; empty: none was given
    std::string host;  // as it is said in a configuration: "127.0.0.1", "::1", "*"
    std::uint16_t port = 0;
    [[nodiscard]] std::string text() const;  // `"web" (127.0.0.1:8080)`
};

class PassedSockets {
  public:
    PassedSockets() = default;
    // These, whoever opened them.
    explicit PassedSockets(std::vector<PassedSocket> sockets) : sockets_(std::move(sockets)) {}
    ~PassedSockets();
    PassedSockets(PassedSockets&&) = default;
    PassedSockets& operator=(PassedSockets&&) = delete;

    // Takes what the environment names and removes the variables, so that nobody takes it twice.
    // Fails when one of them is no listening TCP socket. REQUIRES: no other thread yet.
    static Result<PassedSockets> take();

    [[nodiscard]] const std::vector<PassedSocket>& all() const { return sockets_; }
    // nullptr: there is none.
    [[nodiscard]] const PassedSocket* named(const std::string& name) const;
    [[nodiscard]] const PassedSocket* at(const std::string& host, std::uint16_t port) const;
    // The variables were there, but for another process.
    [[nodiscard]] bool for_another() const { return for_another_; }

  private:
    std::vector<PassedSocket> sockets_;
    bool for_another_ = false;
};

}  // namespace logwisp
