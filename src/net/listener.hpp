// Listening sockets: opened for all cores at once, then each core accepts from its own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "reactor/reactor.hpp"

namespace logwisp {

// `count` sockets that listen on host:port, the kernel spreads connections over them
// (SO_REUSEPORT). The port is probed without SO_REUSEPORT first, so that a second instance hears
// "Address already in use" instead of silently taking part of the clients. host: an IPv4 or IPv6
// address, "localhost" (127.0.0.1), or "" or "*" for every address of both families. `leaving`: hosts
// on which this process listens at the same port and soon will not: that they are in use is no error.
Result<std::vector<int>> open_listeners(const std::string& host, std::uint16_t port,
                                        std::size_t count,
                                        std::span<const std::string> leaving = {});

// One spelling of a host: "" is "*", "localhost" is "127.0.0.1".
std::string listening_host(const std::string& host);

class ListenerOwner {
  public:
    // The connection is the owner's from here on. After close(), too: what the kernel had accepted
    // by then has come to somebody.
    virtual void on_accepted(class Listener& listener, int socket) = 0;
    // Somebody could not be accepted and waits: tried again after accept_backoff_ms.
    virtual void on_accept_failed(class Listener& listener) = 0;

  protected:
    ~ListenerOwner() = default;
};

// Accepts on one socket. At the descriptor limit it waits accept_backoff_ms before it tries again:
// an accept armed then answers at once and for ever, and would burn the core. Meanwhile new clients
// wait in the kernel's queue, and are served as soon as others leave: refusing them would bring them
// back at once. Core thread.
class Listener {
  public:
    Listener(Reactor& reactor, int socket, ListenerOwner& owner);
    ~Listener() { CHECK(socket_ < 0); }
    void open();
    void close();
    // After close(), in a later turn: nothing is in flight, it may be destroyed (not from inside on_accepted()).
    [[nodiscard]] bool closed() const { return socket_ < 0; }

  private:
    void on_accept(const Outcome& outcome);
    void on_failure(int error);
    void on_timer();
    void finish_close();

    Reactor& reactor_;
    ListenerOwner& owner_;
    Completion accept_;
    Timer retry_;
    LogLimiter trouble_{60'000};
    int socket_;
    bool closing_ = false;
};

}  // namespace logwisp
