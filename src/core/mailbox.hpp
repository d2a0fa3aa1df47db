// What cores tell each other, and the bounded single-producer single-consumer queue that carries
// it: one per ordered pair of cores (and one from the control thread to each core). Nothing else is
// shared between threads but counters.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/check.hpp"
#include "stream/batch.hpp"

namespace logwisp {

class Core;

struct Message {
    enum class Kind : std::uint8_t {
        nothing,
        batch,     // home -> replica: entries; held for the receiver, who releases it
        attach,    // replica -> home: readers came, send me the stream
        detach,    // replica -> home: they left
        attached,  // home -> replica: it begins at `sequence`; what reaches back from `until`
                   // follows as batches
        ended,     // home -> replica: that was all
        task,      // anything rare: status, reload, stop
    };
    using Task = std::function<void(Core&)>;

    Kind kind = Kind::nothing;
    std::uint32_t from = 0;  // core
    std::uint32_t stream_id = 0;
    Batch* batch = nullptr;
    std::uint64_t sequence = 0;
    std::uint64_t until = 0;
    std::unique_ptr<Task> task;
};

class Mailbox {
  public:
    // `capacity` is a power of two.
    explicit Mailbox(std::size_t capacity) : slots_(capacity), mask_(capacity - 1) {
        CHECK((capacity & mask_) == 0);
    }

    // Producer thread. False when full; the message is untouched then.
    bool push(Message& message) {
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_.load(std::memory_order_acquire) == slots_.size()) return false;
        slots_[tail & mask_] = std::move(message);
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }
    // Producer thread.
    [[nodiscard]] std::size_t room() const {
        return slots_.size() -
               (tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_acquire));
    }

    // Consumer thread. False when empty.
    bool pop(Message& message) {
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        if (head == tail_.load(std::memory_order_acquire)) return false;
        message = std::move(slots_[head & mask_]);
        head_.store(head + 1, std::memory_order_release);
        return true;
    }

  private:
    std::vector<Message> slots_;
    std::uint64_t mask_;
    alignas(64) std::atomic<std::uint64_t> head_{0};
    alignas(64) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace logwisp
