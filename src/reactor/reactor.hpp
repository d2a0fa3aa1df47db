// One reactor per core thread: operations, timers and the end-of-turn work over a Backend.
//
// A turn is: run the callbacks of what completed, run due timers, run the turn hooks in the order
// they were added (publish batches, then flush dirty views), then hand everything submitted to the
// kernel in one call and wait. Callbacks only note what happened; hooks act once per turn, so that
// a burst of 500 lines costs each client one send and not 500.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "reactor/backend.hpp"
#include "reactor/completion.hpp"
#include "reactor/timers.hpp"

namespace logwisp {

// Called once per turn. Returns true when work was left over: the reactor then does not wait in the
// next turn.
class TurnHook {
  public:
    virtual bool on_turn_end() = 0;

  protected:
    ~TurnHook() = default;
};

class Reactor {
  public:
    explicit Reactor(std::unique_ptr<Backend> backend);
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    // Runs turns on this thread until stop() was called. Sends and wakes of the last turn are still
    // handed to the kernel, and the callbacks of what completes at once still run.
    void run();
    // One turn that waits at most wait_ns (tests, and run()).
    void run_turn(std::int64_t wait_ns);
    // Reactor thread. run() returns after the current turn.
    void stop() { stopping_ = true; }

    // REQUIRES: completion is bound and free. What each means: completion.hpp, Operation.
    void accept(Completion& completion, int listener);
    void recv(Completion& completion, int socket);
    // Always MSG_DONTWAIT: a send that waited in the kernel would read its buffer later, when a
    // ring may have been overwritten. The bytes must stay as they are until the callback has run.
    void send(Completion& completion, int socket, std::span<const char> bytes);
    void read(Completion& completion, int file, std::span<char> buffer, std::uint64_t offset);
    void poll(Completion& completion, int descriptor, std::uint32_t events);
    void sync(Completion& completion, int descriptor);
    // No-op when the completion is free.
    void cancel(Completion& completion);

    void arm(Timer& timer, std::uint64_t delay_ms) { timers_.arm(timer, now_ms() + delay_ms); }
    void disarm(Timer& timer) { timers_.disarm(timer); }

    void add_turn_hook(TurnHook& hook) { hooks_.push_back(&hook); }
    void remove_turn_hook(TurnHook& hook);

    // Taken once per turn, when it has waited and before any callback; monotonic.
    [[nodiscard]] std::uint64_t now_ms() const { return now_ns_ / 1'000'000; }
    [[nodiscard]] std::uint64_t now_ns() const { return now_ns_; }
    // Turns completed.
    [[nodiscard]] std::uint64_t turns() const { return turns_; }
    [[nodiscard]] Backend& backend() { return *backend_; }

  private:
    void read_clock() { now_ns_ = backend_->now_ns(); }
    void submit(Completion& completion, Operation operation, int descriptor);
    [[nodiscard]] std::int64_t bounded_wait_ns(std::int64_t wait_ns) const;

    std::unique_ptr<Backend> backend_;
    Timers timers_;
    std::vector<TurnHook*> hooks_;
    std::uint64_t now_ns_ = 0;
    std::uint64_t turns_ = 0;
    bool stopping_ = false;
    bool work_left_ = false;
};

}  // namespace logwisp
