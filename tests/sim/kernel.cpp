#include "kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

namespace logwisp::sim {

namespace {
// A turn costs the program a little time even when it waits for nothing.
constexpr std::uint64_t turn_ns = 1000;
constexpr std::uint64_t forever_ns = std::numeric_limits<std::uint64_t>::max();
constexpr char poison = static_cast<char>(0xDD);
constexpr std::size_t poisoned_bytes = 64 * 1024;
}  // namespace

std::uint64_t checksum(std::span<const char> bytes) {
    std::uint64_t sum = 0xCBF29CE484222325ULL;
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, 8);
        sum = (sum ^ word) * 0x9E3779B97F4A7C15ULL;
        sum ^= sum >> 32;
    }
    for (; at < bytes.size(); ++at)
        sum = (sum ^ static_cast<unsigned char>(bytes[at])) * 0x100000001B3ULL;
    return sum;
}

SimBackend::~SimBackend() { CHECK(operations_.empty()); }

void SimBackend::submit(Completion& completion) {
    CHECK(started_);
    CHECK(completion.operation != Operation::none);
    for (const auto& [id, operation] : operations_) CHECK(operation.completion != &completion);
    const std::uint32_t id = next_id_++;
    completion.backend_word = id;
    completion.cancelled = false;
    InFlight operation;
    operation.completion = &completion;
    operation.object = world_.descriptors.get(completion.descriptor);
    world_.descriptors.begin_operation(completion.descriptor);
    if (completion.operation == Operation::send) {
        CHECK(completion.bytes > 0);
        operation.sent_checksum = checksum({completion.buffer, completion.bytes});
    }
    operations_.emplace(id, std::move(operation));
}

void SimBackend::cancel(Completion& completion) {
    const auto found = operations_.find(completion.backend_word);
    CHECK(found != operations_.end());
    CHECK(found->second.completion == &completion);
    completion.cancelled = true;
    found->second.cancelled = true;
}

std::size_t SimBackend::turn(std::int64_t wait_ns) {
    CHECK(started_);
    CHECK(!delivering_);
    ++counters_.turns;
    ++counters_.turns_without_progress;
    counters_.turns_without_progress_max =
        std::max(counters_.turns_without_progress_max, counters_.turns_without_progress);
    if (clock_ == ClockBy::turns) {
        world_.advance_to(world_.now_ns() + turn_ns);
        wait_until_due(wait_ns);
    } else {
        advance_all();
        const std::uint64_t now = world_.now_ns();
        const bool now_wanted = something_due() || wake_pending_;
        const std::uint64_t wait =
            wait_ns < 0 ? forever_ns - now : static_cast<std::uint64_t>(wait_ns);
        sleeps_until_ns_ = now_wanted ? now : next_moment_ns(now + wait);
    }
    if (on_waited) on_waited();
    delivering_ = true;
    const std::size_t delivered = deliver_due();
    if (wake_pending_) {
        wake_pending_ = false;
        if (on_wake) on_wake();
    }
    delivering_ = false;
    return delivered;
}

void SimBackend::wait_until_due(std::int64_t wait_ns) {
    const std::uint64_t deadline =
        wait_ns < 0 ? forever_ns : world_.now_ns() + static_cast<std::uint64_t>(wait_ns);
    advance_all();
    for (;;) {
        world_.run_due();
        advance_all();
        if (something_due() || wake_pending_ || world_.now_ns() >= deadline) return;
        const std::uint64_t next = next_moment_ns(deadline);
        if (next == forever_ns)
            return;  // nothing will ever happen: the caller decides what that means
        world_.advance_to(std::max(next, world_.now_ns()));
        progressed();
    }
}

std::uint64_t SimBackend::next_moment_ns(std::uint64_t deadline_ns) const {
    std::uint64_t next = deadline_ns;
    if (const auto event = world_.next_event_ns()) next = std::min(next, *event);
    for (const auto& [id, operation] : operations_)
        if (!operation.late.empty()) next = std::min(next, operation.late.front().due_ns);
    return next;
}

bool SimBackend::something_due() const {
    return std::any_of(operations_.begin(), operations_.end(), [this](const auto& entry) {
        const auto& late = entry.second.late;
        return !late.empty() && late.front().due_ns <= world_.now_ns();
    });
}

std::size_t SimBackend::deliver_due() {
    std::vector<std::uint32_t> due;
    for (const auto& [id, operation] : operations_)
        for (const Late& late : operation.late) {
            if (late.due_ns > world_.now_ns()) break;
            due.push_back(id);
        }
    if (world_.faults.reorder)
        for (std::size_t i = due.size(); i > 1; --i)
            std::swap(due[i - 1], due[world_.random.below(i)]);
    // However few outcomes a turn delivers, the sends are among them.
    const std::size_t most = world_.faults.outcomes_per_turn;
    std::size_t others = 0;
    std::erase_if(due, [&](std::uint32_t id) {
        const bool send = operations_.at(id).completion->operation == Operation::send;
        return !send && most != 0 && ++others > most;
    });
    for (const std::uint32_t id : due) deliver_one(id);
    return due.size();
}

void SimBackend::deliver_one(std::uint32_t id) {
    const auto found = operations_.find(id);
    CHECK(found != operations_.end());
    InFlight& operation = found->second;
    Completion& completion = *operation.completion;
    CHECK(completion.in_flight());
    Late late = std::move(operation.late.front());
    operation.late.pop_front();
    world_.trace.note("outcome", id, static_cast<std::uint64_t>(late.outcome.result));
    ++counters_.outcomes;
    if (completion.operation == Operation::send)
        // The owner changed the bytes of a send that had not been answered: a ring was overwritten
        // under it.
        CHECK(checksum({completion.buffer, completion.bytes}) == operation.sent_checksum);
    if (completion.operation == Operation::sync && late.outcome.result == 0)
        dynamic_cast<Readable&>(*operation.object).on_synced();
    if (!late.outcome.more) {
        CHECK(operation.late.empty());
        world_.descriptors.end_operation(completion.descriptor);
        operations_.erase(found);
    }
    if (late.data.empty()) {
        completion.deliver(late.outcome);
        return;
    }
    recv_buffer_.resize(std::max(late.data.size(), poisoned_bytes));
    std::memcpy(recv_buffer_.data(), late.data.data(), late.data.size());
    late.outcome.data = {recv_buffer_.data(), late.data.size()};
    completion.deliver(late.outcome);
    std::fill(recv_buffer_.begin(), recv_buffer_.end(), poison);
}

Connection& SimBackend::connection(int descriptor) {
    auto* const connection = dynamic_cast<Connection*>(world_.descriptors.get(descriptor).get());
    CHECK(connection != nullptr);
    return *connection;
}

void SimBackend::shutdown_both(int descriptor) {
    world_.trace.note("shutdown_both", static_cast<std::uint64_t>(descriptor));
    connection(descriptor).shutdown_both();
}

void SimBackend::shutdown_write(int descriptor) {
    world_.trace.note("shutdown_write", static_cast<std::uint64_t>(descriptor));
    connection(descriptor).shutdown_write();
}

void SimBackend::close(int descriptor) {
    world_.trace.note("close", static_cast<std::uint64_t>(descriptor));
    world_.descriptors.close(descriptor);
}

void SimBackend::configure_accepted(int descriptor) { connection(descriptor).configure(); }

bool SimBackend::peer_is_gone(int descriptor) { return connection(descriptor).peer_is_gone(); }

}  // namespace logwisp::sim
