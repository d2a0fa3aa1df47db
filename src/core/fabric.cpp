#include "core/fabric.hpp"

#include <ctime>

#include "logwisp/limits.hpp"

namespace logwisp {

namespace {
constexpr std::size_t control_mailbox_messages = 64;

std::uint64_t wall_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
}
}  // namespace

Fabric::Fabric(std::size_t cores, std::size_t apart_max)
    : cores_(cores),
      places_(cores + apart_max),
      running_(cores),
      started_ns_(wall_ns()),
      mailboxes_((places_ + 1) * places_),
      senders_(places_ + 1),
      backends_(places_, nullptr),
      handed_over_(places_) {
    add_sender(control());
    for (std::size_t to = 0; to < cores; ++to) {
        add_sender(to);
        for (std::size_t from = 0; from < cores; ++from) add_mailbox(from, to);
        add_mailbox(control(), to);
    }
}

void Fabric::add_sender(std::size_t from) {
    senders_[from] = std::make_unique<Sender>();
    senders_[from]->waiting.resize(places_);
    senders_[from]->wake.resize(places_, false);
}

void Fabric::add_mailbox(std::size_t from, std::size_t to) {
    mailboxes_[from * places_ + to] =
        std::make_unique<Mailbox>(from == control() ? control_mailbox_messages
                                  : from == to      ? 1
                                                    : mailbox_messages_max);
}

void Fabric::attach(std::size_t index, Backend& backend) {
    backends_[index] = &backend;
    if (!is_apart(index)) return;
    CHECK(index == running() && index < places_);
    add_sender(index);
    for (std::size_t core = 0; core < cores_; ++core) {
        add_mailbox(core, index);
        add_mailbox(index, core);
    }
    add_mailbox(control(), index);
    running_.store(index + 1, std::memory_order_release);
}

void Fabric::post(std::uint32_t from, std::size_t to, Message message) {
    CHECK(from != to);  // nobody would receive it
    Sender& sender = sender_of(from);
    message.from = from;
    sender.wake[to] = true;
    if (!sender.waiting[to].empty() || !mailbox(from, to).push(message))
        sender.waiting[to].push_back(std::move(message));
}

bool Fabric::has_room_for_batch(std::uint32_t from, std::size_t to) const {
    return sender_of(from).waiting[to].empty() &&
           mailbox(from, to).room() > mailbox_messages_max - batches_in_flight_max;
}

Fabric::Unsent Fabric::flush(std::uint32_t from) {
    Sender& sender = sender_of(from);
    Unsent unsent;
    for (std::size_t to = 0, end = running(); to < end; ++to) {
        std::deque<Message>& waiting = sender.waiting[to];
        while (!waiting.empty() && mailbox(from, to).push(waiting.front())) {
            waiting.pop_front();
            sender.wake[to] = true;
        }
        if (!waiting.empty()) (is_apart(to) ? unsent.to_apart : unsent.to_serving) = true;
        if (!sender.wake[to]) continue;
        sender.wake[to] = false;
        // Backends wake only their own kind, and those apart may be of another.
        if (from == control() || is_apart(from) || is_apart(to))
            backends_[to]->wake_from_anywhere();
        else
            backends_[from]->wake(*backends_[to]);
    }
    return unsent;
}

bool Fabric::begin_hand_over(std::size_t to) {
    std::uint32_t count = handed_over_[to].load();
    while (count < hand_overs_max)  // takes_no_more is above it
        if (handed_over_[to].compare_exchange_weak(count, count + 1)) return true;
    return false;
}

void Fabric::post_from_control(std::size_t to, Message::Task task) {
    Message message;
    message.kind = Message::Kind::task;
    message.task = std::make_unique<Message::Task>(std::move(task));
    post(control(), to, std::move(message));
    flush(control());
}

bool Fabric::receive(std::size_t to, Message& message) {
    for (std::size_t from = 0, end = is_apart(to) ? cores_ : running(); from < end; ++from)
        if (from != to && mailbox(from, to).pop(message)) return true;
    return mailbox(control(), to).pop(message);
}

}  // namespace logwisp
