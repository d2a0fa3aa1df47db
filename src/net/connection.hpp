// One accepted socket: receiving always, one send at a time, and a close that joins what is in
// flight.
//
// Output has two sources, in this order: bytes queued here (answers, notices, the rest of a frame
// that went out in part), and bytes borrowed from a ring that all readers share. Nothing is sent
// inside an event: the owner calls send_queued() / send_borrowed() once per turn, after everything
// was appended to the rings. Every send is MSG_DONTWAIT, so borrowed bytes are copied by the kernel
// before anyone can change them; when the socket is full the connection is `blocked` until it is
// writable again, and costs nothing meanwhile. Core thread. The owner embeds it and destroys it
// only after on_closed().
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/buffer_pool.hpp"
#include "reactor/reactor.hpp"

namespace logwisp {

inline constexpr const char* peer_took_nothing = "it took nothing for too long";

class ConnectionOwner {
  public:
    // Bytes from the peer, valid during the call.
    virtual void on_received(std::span<const char> bytes) = 0;
    // The peer sends nothing more (it may still read).
    virtual void on_peer_finished() = 0;
    // What was queued has gone, or a full socket takes bytes again: the owner should be pumped at
    // the end of this turn.
    virtual void on_sendable() = 0;
    // `bytes` of what send_borrowed() was given were taken, possibly none. Returns the rest of the
    // frame that was begun: it is copied and sent first.
    virtual std::span<const char> on_borrowed_sent(std::size_t bytes) = 0;
    // The timer set with set_deadline() has passed.
    virtual void on_deadline() = 0;
    // The last call: nothing is in flight and the socket is closed.
    virtual void on_closed() = 0;

  protected:
    ~ConnectionOwner() = default;
};

class Connection {
  public:
    Connection(Reactor& reactor, BufferPool& pool, int socket, ConnectionOwner& owner);
    ~Connection() { CHECK(socket_ < 0); }

    // Begins to receive.
    void open();

    // Copies `bytes` behind what is queued. Sent by the next send_queued().
    void queue(std::string_view bytes) { pending_.append({bytes.data(), bytes.size()}); }
    [[nodiscard]] std::size_t queued_bytes() const { return sending_.size() + pending_.size(); }

    // No send is under way, the socket is not full, nobody has closed.
    [[nodiscard]] bool can_send() const { return !closing_ && !output_.in_flight(); }
    [[nodiscard]] bool blocked() const { return sending_what_ == Sending::waiting_for_room; }

    // Sends what is queued; false when nothing is. REQUIRES: can_send().
    bool send_queued();
    // REQUIRES: can_send(), nothing queued, bytes not empty. They stay unchanged until
    // on_borrowed_sent().
    void send_borrowed(std::span<const char> bytes);

    // After everything queued has gone: tells the peer that no more comes, waits a bounded time for
    // it to finish too (throwing away what it sends, so that it can read the last answer), then
    // closes.
    void finish_when_sent();
    // Ends it now, whatever is queued. on_closed() follows, in this turn or later, never inside
    // this call.
    void close();
    [[nodiscard]] bool closing() const { return closing_; }

    void set_deadline(std::uint64_t delay_ms);
    void clear_deadline();

    // Called every liveness_sweep_ms: closes a connection that has taken (almost) nothing for
    // write_stall_ms (and returns peer_took_nothing), or whose peer is gone. Returns why, or nullptr.
    const char* sweep();

  private:
    enum class Sending : std::uint8_t { nothing, queued, borrowed, waiting_for_room };

    void on_input(const Outcome& outcome);
    void on_output(const Outcome& outcome);
    void on_timer();
    void wait_for_room();
    void begin_lingering();
    void note_progress(std::size_t bytes);
    void close_when_joined();

    Reactor& reactor_;
    ConnectionOwner& owner_;
    Completion input_;
    Completion output_;
    Timer deadline_;
    Buffer sending_;  // its bytes stay where they are while a send of them is in flight
    Buffer pending_;  // queued behind it
    std::uint32_t borrowed_bytes_ = 0;
    std::uint32_t progress_bytes_ = 0;  // since the last time a sweep saw enough of it
    std::uint32_t discarded_bytes_ = 0;
    int socket_;
    std::uint16_t stalled_sweeps_ = 0;
    Sending sending_what_ = Sending::nothing;
    bool peer_finished_ = false;
    bool finishing_ = false;  // close once everything queued has gone
    bool lingering_ = false;
    bool closing_ = false;
};

}  // namespace logwisp
