// What everything in a simulation shares: the virtual clock, the events that wait for their moment,
// the process's descriptors, chance, faults and the trace. One thread; owned by the test.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.hpp"
#include "faults.hpp"
#include "random.hpp"
#include "trace.hpp"

namespace logwisp::sim {

// What a descriptor stands for: a listener, the server's end of a connection, an open file, an
// inotify instance.
class Object {
  public:
    Object() = default;
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    virtual ~Object() = default;
    // poll(2)'s answer now, POLLERR and POLLHUP included.
    [[nodiscard]] virtual std::uint32_t readiness() const = 0;
    // The last descriptor was closed.
    virtual void on_closed() {}
};

// The process's descriptor table: lowest number first, as the kernel does it, so that a number
// comes back at once.
class Descriptors {
  public:
    // -1 at the limit.
    int take(std::shared_ptr<Object> object);
    // Under a number of the caller's own. REQUIRES: it is free.
    void put(int descriptor, std::shared_ptr<Object> object);
    void close(int descriptor);
    [[nodiscard]] const std::shared_ptr<Object>& get(int descriptor) const;
    [[nodiscard]] bool open(int descriptor) const { return slots_.contains(descriptor); }
    [[nodiscard]] std::size_t count() const { return slots_.size(); }
    [[nodiscard]] bool full() const { return slots_.size() >= limit; }

    // Operations in flight on it: closing it then is the bug that lets a late answer carry another
    // connection's bytes.
    void begin_operation(int descriptor);
    void end_operation(int descriptor);

    std::size_t limit = 1024;

  private:
    struct Slot {
        std::shared_ptr<Object> object;
        std::uint32_t in_flight = 0;
    };
    std::map<int, Slot> slots_;
};

class World {
  public:
    explicit World(std::uint64_t seed) : random(seed) {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] std::uint64_t now_ns() const { return now_ns_; }
    // Runs `event` when the clock reaches now + delay_ns: the actors' only way to act.
    void after(std::uint64_t delay_ns, std::function<void()> event);
    // Runs what is due, in order of time and then of asking.
    void run_due();
    [[nodiscard]] std::optional<std::uint64_t> next_event_ns() const;
    // REQUIRES: not into the past.
    void advance_to(std::uint64_t now_ns);

    Random random;
    Trace trace;
    Faults faults;
    Descriptors descriptors;

  private:
    std::uint64_t now_ns_ = 1'000'000'000;
    std::uint64_t asked_ = 0;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::function<void()>> events_;
};

}  // namespace logwisp::sim
