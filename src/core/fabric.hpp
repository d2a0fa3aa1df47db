// What the cores share: their mailboxes, who must be woken, and the one budget of descriptors they
// follow files with. Made before the threads start, outlives them.
//
// Cores 0 to cores() - 1 serve. Those behind them are apart: each follows streams whose file system
// may hang, serves nobody, and is waited for by nobody. They come while the others run, and speak to
// them and to the control thread, not to each other.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/confinement.hpp"
#include "core/mailbox.hpp"
#include "logwisp/sandbox.hpp"
#include "reactor/backend.hpp"
#include "tail/descriptor_budget.hpp"

namespace logwisp {

class Fabric {
  public:
    // Producers are the cores and, with index control(), the control thread. At most `apart_max`
    // cores apart can come.
    explicit Fabric(std::size_t cores, std::size_t apart_max = 0);

    // Those that serve.
    [[nodiscard]] std::size_t cores() const { return cores_; }
    [[nodiscard]] bool is_apart(std::size_t core) const { return core >= cores_; }
    [[nodiscard]] std::uint32_t control() const { return static_cast<std::uint32_t>(places_); }

    // Since 1970.
    [[nodiscard]] std::uint64_t started_ns() const { return started_ns_; }

    // Before any thread starts; constant then.
    void set_sandbox(SandboxFacts facts, Confinement confinement) {
        sandbox_ = std::move(facts);
        confinement_ = std::move(confinement);
    }
    [[nodiscard]] const SandboxFacts& sandbox() const { return sandbox_; }
    [[nodiscard]] const Confinement& confinement() const { return confinement_; }

    // Thread-safe.
    [[nodiscard]] DescriptorBudget& descriptors() { return descriptors_; }

    // Core `index` waits in this backend. Before any thread starts or, of a core apart, on the
    // control thread and in their order.
    void attach(std::size_t index, Backend& backend);

    // On producer `from`'s thread. A control message is never lost: while the mailbox is full it
    // waits in the producer's own queue.
    void post(std::uint32_t from, std::size_t to, Message message);
    // False when the mailbox is too full for another batch: the sender remembers where the receiver
    // stands and sends the rest later.
    [[nodiscard]] bool has_room_for_batch(std::uint32_t from, std::size_t to) const;
    // Producer `from`, once per turn: hands over what waited, wakes whoever was posted to. What still
    // waits:
    struct Unsent {
        bool to_serving = false;
        bool to_apart = false;  // which may take nothing for as long as its file system hangs
        [[nodiscard]] bool any() const { return to_serving || to_apart; }
    };
    Unsent flush(std::uint32_t from);
    // The control thread's: the same, at once. Never waits: a core that hangs must not make it deaf to
    // signals. What the core has no room for goes with the next flush(control()).
    void post_from_control(std::size_t to, Message::Task task);

    // Accepted connections that one core hands to another. A core that has begun to stop takes no
    // more, but waits for those that are on their way: nobody who has connected is forgotten.
    // On the accepting core: true, it may be posted. False also while too many are on their way.
    [[nodiscard]] bool begin_hand_over(std::size_t to);
    // On core `to`'s thread: one has come; no more may; some are on their way.
    void end_hand_over(std::size_t to) { handed_over_[to].fetch_sub(1); }
    void refuse_hand_over(std::size_t to) { handed_over_[to].fetch_or(takes_no_more); }
    [[nodiscard]] bool awaits_hand_over(std::size_t to) const {
        return (handed_over_[to].load() & ~takes_no_more) != 0;
    }

    // On core `to`'s thread: the next message from anyone, in order per sender.
    bool receive(std::size_t to, Message& message);

  private:
    struct Sender {
        std::vector<std::deque<Message>> waiting;  // per receiver
        std::vector<bool> wake;                    // per receiver
    };
    [[nodiscard]] Mailbox& mailbox(std::size_t from, std::size_t to) {
        Mailbox* const there = mailboxes_[from * places_ + to].get();
        CHECK(there != nullptr);  // cores apart hear nothing of each other
        return *there;
    }
    [[nodiscard]] const Mailbox& mailbox(std::size_t from, std::size_t to) const {
        return *mailboxes_[from * places_ + to];
    }
    void add_mailbox(std::size_t from, std::size_t to);
    void add_sender(std::size_t from);
    [[nodiscard]] Sender& sender_of(std::size_t from) const {
        CHECK(senders_[from] != nullptr);
        return *senders_[from];
    }
    [[nodiscard]] std::size_t running() const { return running_.load(std::memory_order_acquire); }

    static constexpr std::uint32_t takes_no_more = 1U << 31;
    static constexpr std::uint32_t hand_overs_max = 1024;  // on their way to one core

    std::size_t cores_;
    std::size_t places_;                // for cores
    std::atomic<std::size_t> running_;  // cores, those apart among them
    std::uint64_t started_ns_;
    SandboxFacts sandbox_;
    Confinement confinement_;
    DescriptorBudget descriptors_;
    std::vector<std::unique_ptr<Mailbox>> mailboxes_;  // from * places + to
    // By producer; null for a core apart until it is attached, which is before its thread starts.
    std::vector<std::unique_ptr<Sender>> senders_;
    std::vector<Backend*> backends_;
    // By receiver: how many are on their way, and takes_no_more.
    std::vector<std::atomic<std::uint32_t>> handed_over_;
};

}  // namespace logwisp
