// The simulated kernel behind the Backend seam: the operations of completion.hpp over the simulated
// network and files, in virtual time.
//
// Nothing happens by itself: turn() runs the actors' due events, moves what is in flight forward,
// and when nothing is ready lets the clock jump to the next moment at which something is. Outcomes
// come late and in any order when the faults say so, but those of one operation keep their order
// and the last one has more == false. Misuse (a bad descriptor, a close under something in flight,
// bytes of a send that change before its outcome) aborts the program, as a CHECK does. One thread;
// owned by the Reactor.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "network.hpp"
#include "reactor/backend.hpp"
#include "world.hpp"

namespace logwisp::sim {

// A file that can be read at an offset and synced; what these two operations work on. Implemented
// by the simulated file system.
class Readable : public Object {
  public:
    // A count or -errno.
    virtual int read_at(char* buffer, std::size_t bytes, std::uint64_t offset) = 0;
    // 0 or -errno. Called when the kernel begins; the outcome comes later.
    virtual int sync() = 0;
    // The program is about to be told that it was synced.
    virtual void on_synced() {}
};

std::uint64_t checksum(std::span<const char> bytes);

// What a run did; for oracles.
struct KernelCounters {
    std::uint64_t turns = 0;
    std::uint64_t outcomes = 0;
    std::uint64_t sent_bytes = 0;
    // Turns since the clock last moved by waiting or bytes moved: a program that spins makes this
    // grow.
    std::uint64_t turns_without_progress = 0;
    std::uint64_t turns_without_progress_max = 0;
};

class SimBackend : public Backend {
  public:
    // With several backends in one world, or actors between the turns, the clock is moved from
    // outside: turn() then never waits, and says by sleeps_until_ns() how long it would have.
    enum class ClockBy : std::uint8_t { turns, driver };
    explicit SimBackend(World& world, ClockBy clock = ClockBy::turns)
        : world_(world), clock_(clock) {}
    ~SimBackend() override;

    [[nodiscard]] std::string_view name() const override { return "simulated"; }
    void start_on_this_thread() override { started_ = true; }
    void submit(Completion& completion) override;
    void cancel(Completion& completion) override;
    std::size_t turn(std::int64_t wait_ns) override;
    void wake(Backend& target) override { target.wake_from_anywhere(); }
    void wake_from_anywhere() override { wake_pending_ = true; }
    [[nodiscard]] std::uint64_t now_ns() const override { return world_.now_ns(); }
    void shutdown_both(int descriptor) override;
    void shutdown_write(int descriptor) override;
    void close(int descriptor) override;
    void configure_accepted(int descriptor) override;
    [[nodiscard]] bool peer_is_gone(int descriptor) override;

    [[nodiscard]] const KernelCounters& counters() const { return counters_; }
    [[nodiscard]] std::size_t in_flight() const { return operations_.size(); }
    // ClockBy::driver: until when the last turn would have slept if nothing happens; now, when it
    // delivered something.
    [[nodiscard]] std::uint64_t sleeps_until_ns() const { return sleeps_until_ns_; }

  private:
    struct Late {
        Outcome outcome;
        std::string data;
        std::uint64_t due_ns = 0;
    };
    // One operation, from submit to its last outcome.
    struct InFlight {
        Completion* completion = nullptr;
        std::shared_ptr<Object> object;
        bool begun = false;     // the kernel has seen it
        bool finished = false;  // its last outcome is among `late`
        bool cancelled = false;
        std::uint64_t sent_checksum = 0;
        std::deque<Late> late;
    };

    void begin(InFlight& operation);
    void advance(InFlight& operation);
    void advance_accept(InFlight& operation);
    void advance_recv(InFlight& operation);
    void begin_send(InFlight& operation);
    void begin_read(InFlight& operation);
    void begin_sync(InFlight& operation);
    void finish_cancelled(InFlight& operation);
    void answer(InFlight& operation, int result, bool more, std::string data = {});
    void advance_all();
    [[nodiscard]] bool something_due() const;
    [[nodiscard]] std::uint64_t next_moment_ns(std::uint64_t deadline_ns) const;
    void wait_until_due(std::int64_t wait_ns);
    std::size_t deliver_due();
    void deliver_one(std::uint32_t id);
    Connection& connection(int descriptor);
    void progressed() { counters_.turns_without_progress = 0; }

    World& world_;
    ClockBy clock_;
    std::uint64_t sleeps_until_ns_ = 0;
    bool started_ = false;
    bool wake_pending_ = false;
    bool delivering_ = false;
    std::uint32_t next_id_ = 1;
    std::map<std::uint32_t, InFlight> operations_;  // in the order of submission
    std::vector<char> recv_buffer_;                 // handed to callbacks, poisoned afterwards
    KernelCounters counters_;
};

}  // namespace logwisp::sim
