// The operations themselves: what each does when the kernel sees it, and how it goes on while it
// waits.
#include <poll.h>

#include <cerrno>

#include "kernel.hpp"

namespace logwisp::sim {

void SimBackend::advance_all() {
    for (auto& [id, operation] : operations_) {
        if (operation.finished) continue;
        if (!operation.begun) begin(operation);
        if (!operation.finished) advance(operation);
    }
}

void SimBackend::answer(InFlight& operation, int result, bool more, std::string data) {
    Late late{.outcome = {.result = result, .more = more, .data = {}}, .data = std::move(data)};
    late.due_ns = world_.now_ns();
    // Both real backends answer a send in the turn that submits it, since it never waits in the
    // kernel; the program must not rely on that, so some runs know late ones.
    const bool send = operation.completion->operation == Operation::send;
    if (world_.random.chance(send ? world_.faults.late_send : world_.faults.delay))
        late.due_ns += world_.random.below(world_.faults.delay_ns_max + 1);
    if (operation.completion->operation == Operation::sync)
        late.due_ns += world_.random.below(world_.faults.sync_ns_max + 1);
    // Outcomes of one operation keep their order.
    if (!operation.late.empty()) late.due_ns = std::max(late.due_ns, operation.late.back().due_ns);
    operation.late.push_back(std::move(late));
    operation.finished = !more;
}

void SimBackend::begin(InFlight& operation) {
    operation.begun = true;
    // A cancel may overtake what it cancels, or come too late for it.
    if (operation.cancelled && world_.random.chance(500)) {
        finish_cancelled(operation);
        return;
    }
    switch (operation.completion->operation) {
        case Operation::send:
            begin_send(operation);
            break;
        case Operation::read:
            begin_read(operation);
            break;
        case Operation::sync:
            begin_sync(operation);
            break;
        default:
            break;
    }
}

void SimBackend::finish_cancelled(InFlight& operation) { answer(operation, -ECANCELED, false); }

void SimBackend::begin_send(InFlight& operation) {
    const Completion& completion = *operation.completion;
    auto* const connection = dynamic_cast<Connection*>(operation.object.get());
    if (connection == nullptr) {
        answer(operation, -ENOTSOCK, false);
        return;
    }
    CHECK(checksum({completion.buffer, completion.bytes}) == operation.sent_checksum);
    std::size_t bytes = completion.bytes;
    const bool spared = connection->spared();
    if (!spared && world_.random.chance(world_.faults.short_send))
        bytes = world_.random.skewed(bytes);
    const bool again = !spared && world_.random.chance(world_.faults.send_again);
    const int result = again ? -EAGAIN : connection->send({completion.buffer, bytes});
    world_.trace.note("send", static_cast<std::uint64_t>(completion.descriptor),
                      static_cast<std::uint64_t>(result));
    if (result > 0) {
        counters_.sent_bytes += static_cast<std::uint64_t>(result);
        progressed();
    }
    answer(operation, result, false);
}

void SimBackend::begin_read(InFlight& operation) {
    const Completion& completion = *operation.completion;
    auto* const file = dynamic_cast<Readable*>(operation.object.get());
    CHECK(file != nullptr);
    const int result = file->read_at(completion.buffer, completion.bytes, completion.offset);
    world_.trace.note("read", completion.offset, static_cast<std::uint64_t>(result));
    if (result > 0) progressed();
    answer(operation, result, false);
}

void SimBackend::begin_sync(InFlight& operation) {
    auto* const file = dynamic_cast<Readable*>(operation.object.get());
    const int result = file == nullptr ? -EINVAL : file->sync();
    world_.trace.note("sync", static_cast<std::uint64_t>(result));
    answer(operation, result, false);
}

void SimBackend::advance(InFlight& operation) {
    switch (operation.completion->operation) {
        case Operation::accept:
            advance_accept(operation);
            break;
        case Operation::recv:
            advance_recv(operation);
            break;
        case Operation::poll: {
            const std::uint32_t wanted = operation.completion->bytes | POLLERR | POLLHUP;
            const std::uint32_t events = operation.object->readiness() & wanted;
            if (events != 0) answer(operation, static_cast<int>(events), false);
            break;
        }
        default:
            break;
    }
    if (operation.cancelled && !operation.finished) finish_cancelled(operation);
}

void SimBackend::advance_accept(InFlight& operation) {
    auto* const listener = dynamic_cast<Listener*>(operation.object.get());
    CHECK(listener != nullptr);
    const bool waiting = listener->readiness() != 0;
    if (world_.descriptors.full() && (waiting || world_.faults.eager_emfile)) {
        answer(operation, -EMFILE, false);
        return;
    }
    while (!operation.finished && listener->readiness() != 0) {
        if (world_.descriptors.full()) {
            answer(operation, -EMFILE, false);
            return;
        }
        if (world_.random.chance(world_.faults.accept_error)) {
            static constexpr int errors[] = {ECONNABORTED, EMFILE, ENFILE, ENOBUFS,
                                             ENOMEM,       EPROTO, EPERM};
            const int error = errors[world_.random.below(std::size(errors))];
            // The kernel has already dropped a connection that was aborted.
            if (error == ECONNABORTED || error == EPROTO) listener->take()->on_closed();
            answer(operation, -error, false);
            return;
        }
        const int descriptor = world_.descriptors.take(listener->take());
        CHECK(descriptor >= 0);
        progressed();
        answer(operation, descriptor, !world_.random.chance(world_.faults.end_multishot));
    }
}

void SimBackend::advance_recv(InFlight& operation) {
    auto* const connection = dynamic_cast<Connection*>(operation.object.get());
    CHECK(connection != nullptr);
    // What was taken out of the socket and not delivered yet is bounded, as the provided buffers
    // are.
    static constexpr std::size_t outcomes_waiting_max = 4;
    while (!operation.finished && operation.late.size() < outcomes_waiting_max) {
        std::size_t bytes = 4096;
        if (world_.random.chance(world_.faults.short_recv)) bytes = world_.random.skewed(16);
        std::string data;
        const int result = connection->receive(bytes, data);
        if (result == -EAGAIN) return;
        if (result <= 0) {
            answer(operation, result, false);
            return;
        }
        progressed();
        const bool more = !world_.random.chance(world_.faults.end_multishot);
        answer(operation, result, more, std::move(data));
    }
}

}  // namespace logwisp::sim
