// The seam between LogWisp and the kernel's sockets and readiness: io_uring, epoll, or a simulated
// kernel in tests.
//
// Three verbs that differ by whether they block: submit() and cancel() never do, turn() may.
// Everything runs on the reactor's thread but the constructor and wake_from_anywhere().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "reactor/completion.hpp"

namespace logwisp {

class Backend {
  public:
    virtual ~Backend() = default;

    [[nodiscard]] virtual std::string_view name() const = 0;
    // The kernel takes from it nothing but the operations that it is made for.
    [[nodiscard]] virtual bool restricted() const { return false; }

    // Called once on the thread that will run the reactor, before any other call.
    virtual void start_on_this_thread() = 0;

    // Takes the operation described in `completion` (operation, descriptor, buffer, bytes, offset
    // are set; it is free otherwise). The kernel may see it only in turn(). Never runs a callback.
    virtual void submit(Completion& completion) = 0;

    // Asks for an early end. Exactly one final outcome still comes: often -ECANCELED, but possibly
    // a success that was under way.
    virtual void cancel(Completion& completion) = 0;

    // Sends what is to be sent, now: it is on its way while the turn's other work is done. No
    // callback runs. Where nothing happens here turn() does it.
    virtual void hand_over() {}

    // Submits what is pending, waits until something completes, a wake arrives or wait_ns passes
    // (0: does not wait; < 0: no limit), calls on_waited, then runs the callbacks of at most outcomes_per_turn_max
    // outcomes. Returns how many callbacks ran.
    virtual std::size_t turn(std::int64_t wait_ns) = 0;
    // What was to be sent has been, and no callback has run yet. Set before the first turn.
    std::function<void()> on_waited;

    // Ends the wait of `target`'s turn(); on_wake of the target's reactor runs. Cheap: at most one
    // wake is pending per target. `target` is of the same kind as this. Called on this backend's
    // thread.
    virtual void wake(Backend& target) = 0;
    // The same from any thread or from a signal handler.
    virtual void wake_from_anywhere() = 0;
    // Set before the first turn.
    std::function<void()> on_wake;

    // Monotonic time; the simulation's own when it simulates.
    [[nodiscard]] virtual std::uint64_t now_ns() const = 0;

    // Socket calls that do not wait, here so that a simulated kernel sees them too. close()
    // REQUIRES that nothing is in flight on the descriptor: close() under a pending recv sends no
    // FIN and lets the late answer carry another connection's bytes.
    virtual void shutdown_both(int descriptor) = 0;
    virtual void shutdown_write(int descriptor) = 0;
    virtual void close(int descriptor) = 0;
    // TCP_NODELAY, keepalive and TCP_USER_TIMEOUT on an accepted socket.
    virtual void configure_accepted(int descriptor) = 0;
    // True when the peer has reset the connection, or data has been on the wire unanswered so long that
    // it must be gone (TCP_INFO).
    [[nodiscard]] virtual bool peer_is_gone(int descriptor) = 0;
};

enum class BackendChoice : std::uint8_t { automatic, io_uring, epoll };

struct BackendOptions {
    BackendChoice choice = BackendChoice::automatic;
    std::uint32_t connections_max = 10'000;  // per core: sizes the completion queue
    // io_uring only. A queue that is too small costs time, never an operation.
    std::uint32_t submission_entries = 4096;
    std::uint32_t completion_entries = 0;  // 0: from connections_max
    std::uint32_t recv_buffers = 256;      // pieces of 1 KiB that sockets receive into
};

// Creates `count` backends of one kind by trying: io_uring (with smaller rings while locked memory
// does not suffice), else epoll. `why_not_io_uring` says why when automatic fell back
// ("io_uring_setup: Operation not permitted"). With choice == io_uring there is no fall back: the
// error is returned.
struct BackendSet {
    std::vector<std::unique_ptr<Backend>> backends;
    std::string why_not_io_uring;
};
Result<BackendSet> make_backends(std::size_t count, const BackendOptions& options);

Result<std::unique_ptr<Backend>> make_uring_backend(const BackendOptions& options);
Result<std::unique_ptr<Backend>> make_epoll_backend(const BackendOptions& options);

}  // namespace logwisp
