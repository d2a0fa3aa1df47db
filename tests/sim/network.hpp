// The simulated network: listeners, and connections as two bounded byte pipes. The program holds
// the server's end through a descriptor; a test's client holds the Connection itself and uses the
// functions named peer_*. Errors follow Linux: an error is reported once by the first call that
// meets it, bytes that arrived before it are still read first. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "world.hpp"

namespace logwisp::sim {

class Connection : public Object, public std::enable_shared_from_this<Connection> {
  public:
    Connection(World& world, std::size_t window_bytes)
        : world_(world), window_bytes_(window_bytes) {}

    // --- The server's end. A count, 0 for the end of the stream, or -errno. ---
    int receive(std::size_t bytes_max, std::string& out);
    int send(std::span<const char> bytes);
    void shutdown_write();
    void shutdown_both();
    void configure() { configured_ = true; }
    [[nodiscard]] bool peer_is_gone() const;
    [[nodiscard]] std::uint32_t readiness() const override;
    void on_closed() override;

    // --- The client's end. ---
    // Takes what fits.
    std::size_t peer_send(std::string_view bytes);
    std::string peer_receive(std::size_t bytes_max);
    void peer_shutdown_write();
    // With unread bytes this is a reset, as in Linux.
    void peer_close();
    void peer_reset();
    // The machine is gone: nothing comes from it any more, not even acknowledgements.
    void peer_vanish();
    [[nodiscard]] std::size_t peer_unread() const { return outgoing_.size(); }
    // No more bytes will come: the server finished its side, or the connection broke.
    [[nodiscard]] bool peer_ended() const {
        return outgoing_.empty() && (outgoing_done_ || broken_);
    }
    [[nodiscard]] bool peer_was_reset() const { return reset_by_server_; }
    [[nodiscard]] bool server_closed() const { return server_closed_; }
    [[nodiscard]] bool configured() const { return configured_; }
    // A connection on which nothing goes wrong and everything fits: what an oracle reads from.
    void spare() {
        spared_ = true;
        window_bytes_ = std::size_t{1} << 30;
    }
    [[nodiscard]] bool spared() const { return spared_; }

  private:
    void break_with(int error);

    World& world_;
    std::size_t window_bytes_;
    std::string incoming_;  // on its way to the server
    std::string outgoing_;  // on its way to the client
    bool incoming_done_ = false;
    bool outgoing_done_ = false;
    bool peer_closed_ = false;
    bool vanished_ = false;
    bool broken_ = false;
    int error_ = 0;  // reported once
    bool server_closed_ = false;
    bool reset_by_server_ = false;
    bool configured_ = false;
    bool spared_ = false;
    std::uint64_t blocked_since_ns_ = 0;  // unacknowledged to a vanished peer
};

class Listener : public Object {
  public:
    explicit Listener(std::size_t backlog_max) : backlog_max_(backlog_max) {}
    [[nodiscard]] std::uint32_t readiness() const override;
    void on_closed() override;
    bool offer(const std::shared_ptr<Connection>& connection);
    std::shared_ptr<Connection> take();
    [[nodiscard]] bool open() const { return open_; }

  private:
    std::size_t backlog_max_;
    std::deque<std::shared_ptr<Connection>> backlog_;
    bool open_ = true;
};

class Network {
  public:
    explicit Network(World& world) : world_(world) {}
    // A listening descriptor, or -1 at the descriptor limit. Several may share a port.
    int listen(std::uint16_t port, std::size_t backlog_max = 128);
    // nullptr: refused.
    std::shared_ptr<Connection> connect(std::uint16_t port);

  private:
    World& world_;
    std::map<std::uint16_t, std::vector<std::shared_ptr<Listener>>> listeners_;
};

}  // namespace logwisp::sim
