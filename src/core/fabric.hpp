// What the cores share: their mailboxes, who must be woken, and the one budget of descriptors they
// follow files with. Made before the threads start, outlives them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "core/mailbox.hpp"
#include "reactor/backend.hpp"
#include "tail/descriptor_budget.hpp"

namespace logwisp {

class Fabric {
  public:
    // Producers are the cores and, with index `cores`, the control thread.
    explicit Fabric(std::size_t cores);

    [[nodiscard]] std::size_t cores() const { return cores_; }
    [[nodiscard]] std::uint32_t control() const { return static_cast<std::uint32_t>(cores_); }

    // Since 1970.
    [[nodiscard]] std::uint64_t started_ns() const { return started_ns_; }

    // Thread-safe.
    [[nodiscard]] DescriptorBudget& descriptors() { return descriptors_; }

    // Core `index` waits in this backend. Before any thread starts.
    void attach(std::size_t index, Backend& backend) { backends_[index] = &backend; }

    // On producer `from`'s thread. A control message is never lost: while the mailbox is full it
    // waits in the producer's own queue.
    void post(std::uint32_t from, std::size_t to, Message message);
    // False when the mailbox is too full for another batch: the sender remembers where the receiver
    // stands and sends the rest later.
    [[nodiscard]] bool has_room_for_batch(std::uint32_t from, std::size_t to) const;
    // Producer `from`, once per turn: hands over what waited, wakes whoever was posted to. True when
    // something still waits.
    bool flush(std::uint32_t from);
    // The control thread's: the same, at once. Never waits: a core that hangs must not make it deaf to
    // signals. What the core has no room for goes with the next flush(control()).
    void post_from_control(std::size_t to, Message::Task task);

    // On core `to`'s thread: the next message from anyone, in order per sender.
    bool receive(std::size_t to, Message& message);

  private:
    struct Sender {
        std::vector<std::deque<Message>> waiting;  // per receiver
        std::vector<bool> wake;                    // per receiver
    };
    [[nodiscard]] Mailbox& mailbox(std::size_t from, std::size_t to) {
        return *mailboxes_[from * cores_ + to];
    }
    [[nodiscard]] const Mailbox& mailbox(std::size_t from, std::size_t to) const {
        return *mailboxes_[from * cores_ + to];
    }

    std::size_t cores_;
    std::uint64_t started_ns_;
    DescriptorBudget descriptors_;
    std::vector<std::unique_ptr<Mailbox>> mailboxes_;  // from * cores + to
    std::vector<std::unique_ptr<Sender>> senders_;
    std::vector<Backend*> backends_;
};

}  // namespace logwisp
