#include "reactor/reactor.hpp"

#include <algorithm>
#include <limits>

#include "base/check.hpp"

namespace logwisp {

Reactor::Reactor(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {
    CHECK(backend_ != nullptr);
    read_clock();
    // Before the callbacks: after a long wait they would take its beginning for now.
    backend_->on_waited = [this] { read_clock(); };
}

void Reactor::run() {
    while (!stopping_) run_turn(-1);
    // The last turn's submissions and wakes still go to the kernel: nobody may wait for a wake that
    // was only noted.
    backend_->turn(0);
}

void Reactor::run_turn(std::int64_t wait_ns) {
    backend_->turn(bounded_wait_ns(wait_ns));
    timers_.run_due(now_ms());
    work_left_ = false;
    // By index: a hook may add or remove one.
    for (std::size_t i = 0; i < hooks_.size(); ++i) {
        if (hooks_[i] != nullptr && hooks_[i]->on_turn_end()) work_left_ = true;
    }
    std::erase(hooks_, nullptr);
    ++turns_;
}

std::int64_t Reactor::bounded_wait_ns(std::int64_t wait_ns) const {
    if (work_left_) return 0;
    // The clock is read again: callbacks and hooks took time since it was.
    const std::int64_t timer_ms = timers_.next_in_ms(backend_->now_ns() / 1'000'000);
    if (timer_ms < 0) return wait_ns;
    const std::int64_t timer_ns = timer_ms * 1'000'000;
    return wait_ns < 0 ? timer_ns : std::min(wait_ns, timer_ns);
}

void Reactor::accept(Completion& completion, int listener) {
    submit(completion, Operation::accept, listener);
}

void Reactor::recv(Completion& completion, int socket) {
    submit(completion, Operation::recv, socket);
}

void Reactor::send(Completion& completion, int socket, std::span<const char> bytes) {
    CHECK(!completion.in_flight());
    CHECK(bytes.size() <= std::numeric_limits<std::int32_t>::max());
    // Not written to: one pointer serves sends and reads.
    completion.buffer = const_cast<char*>(bytes.data());
    completion.bytes = static_cast<std::uint32_t>(bytes.size());
    submit(completion, Operation::send, socket);
}

void Reactor::read(Completion& completion, int file, std::span<char> buffer, std::uint64_t offset) {
    CHECK(!completion.in_flight());
    CHECK(buffer.size() <= std::numeric_limits<std::int32_t>::max());
    completion.buffer = buffer.data();
    completion.bytes = static_cast<std::uint32_t>(buffer.size());
    completion.offset = offset;
    submit(completion, Operation::read, file);
}

void Reactor::poll(Completion& completion, int descriptor, std::uint32_t events) {
    CHECK(!completion.in_flight());
    completion.bytes = events;
    submit(completion, Operation::poll, descriptor);
}

void Reactor::sync(Completion& completion, int descriptor) {
    submit(completion, Operation::sync, descriptor);
}

void Reactor::cancel(Completion& completion) {
    if (!completion.in_flight() || completion.cancelled) return;
    completion.cancelled = true;
    backend_->cancel(completion);
}

void Reactor::remove_turn_hook(TurnHook& hook) {
    // Emptied, not erased: the hooks may be running right now.
    std::replace(hooks_.begin(), hooks_.end(), &hook, static_cast<TurnHook*>(nullptr));
}

void Reactor::submit(Completion& completion, Operation operation, int descriptor) {
    CHECK(!completion.in_flight());
    CHECK(descriptor >= 0);
    completion.operation = operation;
    completion.descriptor = descriptor;
    completion.cancelled = false;
    backend_->submit(completion);
}

}  // namespace logwisp
