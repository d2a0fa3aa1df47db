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

Fabric::Fabric(std::size_t cores)
    : cores_(cores), started_ns_(wall_ns()), backends_(cores, nullptr) {
    for (std::size_t from = 0; from <= cores; ++from) {
        senders_.push_back(std::make_unique<Sender>());
        senders_.back()->waiting.resize(cores);
        senders_.back()->wake.resize(cores, false);
        for (std::size_t to = 0; to < cores; ++to)
            mailboxes_.push_back(std::make_unique<Mailbox>(from == cores ? control_mailbox_messages
                                                           : from == to  ? 1
                                                                         : mailbox_messages_max));
    }
}

void Fabric::post(std::uint32_t from, std::size_t to, Message message) {
    CHECK(from != to);  // nobody would receive it
    Sender& sender = *senders_[from];
    message.from = from;
    sender.wake[to] = true;
    if (!sender.waiting[to].empty() || !mailbox(from, to).push(message))
        sender.waiting[to].push_back(std::move(message));
}

bool Fabric::has_room_for_batch(std::uint32_t from, std::size_t to) const {
    return senders_[from]->waiting[to].empty() &&
           mailbox(from, to).room() > mailbox_messages_max - batches_in_flight_max;
}

bool Fabric::flush(std::uint32_t from) {
    Sender& sender = *senders_[from];
    bool left = false;
    for (std::size_t to = 0; to < cores_; ++to) {
        std::deque<Message>& waiting = sender.waiting[to];
        while (!waiting.empty() && mailbox(from, to).push(waiting.front())) {
            waiting.pop_front();
            sender.wake[to] = true;
        }
        left = left || !waiting.empty();
        if (!sender.wake[to]) continue;
        sender.wake[to] = false;
        if (from == control())
            backends_[to]->wake_from_anywhere();
        else
            backends_[from]->wake(*backends_[to]);
    }
    return left;
}

void Fabric::post_from_control(std::size_t to, Message::Task task) {
    Message message;
    message.kind = Message::Kind::task;
    message.task = std::make_unique<Message::Task>(std::move(task));
    post(control(), to, std::move(message));
    flush(control());
}

bool Fabric::receive(std::size_t to, Message& message) {
    for (std::size_t from = 0; from <= cores_; ++from)
        if (from != to && mailbox(from, to).pop(message)) return true;
    return false;
}

}  // namespace logwisp
