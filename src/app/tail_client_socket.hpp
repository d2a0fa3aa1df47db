// The tail client's sockets and its one place to wait. Everything that may take long waits here, so
// that Ctrl-C and a closed standard output are noticed in every state: connecting, sending,
// reading, pausing between two attempts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace logwisp {

// A descriptor closed with its owner.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    [[nodiscard]] int get() const { return number_; }
    int release();

  private:
    int number_ = -1;
};

enum class Wake : std::uint8_t { ready, timeout, interrupted, output_closed };

class Waiter {
  public:
    // Takes over SIGINT and SIGTERM of this process. REQUIRES: one at a time.
    explicit Waiter(int output);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    // Until `descriptor` (-1: none) is ready for `events` or `timeout_ms` (-1: none) is over.
    [[nodiscard]] Wake wait(int descriptor, short events, int timeout_ms) const;
    // The signal that came; 0: none.
    [[nodiscard]] static int signal();

  private:
    int output_;
    Descriptor signal_;
};

// What ended a connection attempt or a send: an error to tell, or a reason to end the program.
struct SocketOutcome {
    Descriptor socket;
    Wake wake = Wake::ready;
    std::string error;  // empty: fine
    bool no_such_host = false;
};
SocketOutcome connect_to(const std::string& host, const std::string& port, const Waiter& waiter);
SocketOutcome send_all(int socket, std::string_view bytes, const Waiter& waiter);

}  // namespace logwisp
