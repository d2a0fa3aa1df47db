#include "net/connection.hpp"

#include <poll.h>

#include <cerrno>

#include "logwisp/limits.hpp"

namespace logwisp {

Connection::Connection(Reactor& reactor, BufferPool& pool, int socket, ConnectionOwner& owner)
    : reactor_(reactor), owner_(owner), sending_(pool), pending_(pool), socket_(socket) {
    input_.bind<&Connection::on_input>(*this);
    output_.bind<&Connection::on_output>(*this);
    deadline_.bind<&Connection::on_timer>(*this);
}

void Connection::open() { reactor_.recv(input_, socket_); }

// --- Output. ---

bool Connection::send_queued() {
    CHECK(can_send());
    if (sending_.empty()) sending_.swap(pending_);
    if (sending_.empty()) return false;
    sending_what_ = Sending::queued;
    reactor_.send(output_, socket_, sending_.bytes());
    return true;
}

void Connection::send_borrowed(std::span<const char> bytes) {
    CHECK(can_send());
    CHECK(sending_.empty());
    CHECK(!bytes.empty());
    sending_what_ = Sending::borrowed;
    borrowed_bytes_ = static_cast<std::uint32_t>(bytes.size());
    reactor_.send(output_, socket_, bytes);
}

void Connection::on_output(const Outcome& outcome) {
    const Sending what = sending_what_;
    sending_what_ = Sending::nothing;
    const bool taken = outcome.result >= 0;
    const bool full = outcome.result == -EAGAIN;
    const std::size_t bytes = taken ? static_cast<std::size_t>(outcome.result) : 0;

    if (what == Sending::waiting_for_room) {
        if (closing_) return close_when_joined();
        return owner_.on_sendable();
    }
    if (taken) note_progress(bytes);
    bool more_to_send = full;
    if (what == Sending::borrowed) {
        // Also when closing: the cursor is the owner's, and it must be right to the end.
        const std::span<const char> rest = owner_.on_borrowed_sent(bytes);
        if (closing_) return close_when_joined();
        sending_.append(rest);
        more_to_send = full || bytes < borrowed_bytes_;
    } else {
        CHECK(what == Sending::queued);
        if (closing_) return close_when_joined();
        sending_.consume(bytes);
        more_to_send = full || !sending_.empty();
    }
    if (!taken && !full) return close();
    if (more_to_send) return wait_for_room();
    if (finishing_ && queued_bytes() == 0) return begin_lingering();
    owner_.on_sendable();
}

void Connection::wait_for_room() {
    sending_what_ = Sending::waiting_for_room;
    reactor_.poll(output_, socket_, POLLOUT);
}

void Connection::note_progress(std::size_t bytes) {
    progress_bytes_ += static_cast<std::uint32_t>(bytes);
    if (progress_bytes_ >= write_progress_bytes_min) {
        progress_bytes_ = 0;
        stalled_sweeps_ = 0;
    }
}

// --- Input. ---

void Connection::on_input(const Outcome& outcome) {
    if (closing_) {
        if (!outcome.more) close_when_joined();
        return;
    }
    if (outcome.result > 0) {
        if (finishing_) {
            discarded_bytes_ += static_cast<std::uint32_t>(outcome.data.size());
            if (discarded_bytes_ > discard_bytes_max) return close();
        } else {
            owner_.on_received(outcome.data);
        }
        if (!outcome.more && !closing_) reactor_.recv(input_, socket_);
        return;
    }
    if (outcome.result < 0) return close();
    peer_finished_ = true;
    if (lingering_) return close();
    // Nothing more can come in. There is no waiting for a hang-up alone: io_uring's poll answers at once for
    // a peer that is only half closed.
    if (!finishing_) owner_.on_peer_finished();
}

// --- Ending. ---

void Connection::finish_when_sent() {
    if (closing_ || finishing_) return;
    finishing_ = true;
    if (queued_bytes() == 0 && can_send()) begin_lingering();
}

void Connection::begin_lingering() {
    if (peer_finished_) return close();
    lingering_ = true;
    reactor_.backend().shutdown_write(socket_);
    reactor_.arm(deadline_, linger_ms);
}

void Connection::close() {
    if (closing_) return;
    closing_ = true;
    reactor_.cancel(input_);
    reactor_.cancel(output_);
    // With nothing in flight no outcome will come to finish this: the timer does, outside the
    // caller's stack.
    if (!input_.in_flight() && !output_.in_flight())
        reactor_.arm(deadline_, 0);
    else
        reactor_.disarm(deadline_);
}

void Connection::close_when_joined() {
    if (input_.in_flight() || output_.in_flight() || deadline_.armed()) return;
    CHECK(socket_ >= 0);
    reactor_.backend().close(socket_);
    socket_ = -1;
    owner_.on_closed();
}

void Connection::set_deadline(std::uint64_t delay_ms) {
    if (!closing_) reactor_.arm(deadline_, delay_ms);
}

void Connection::clear_deadline() {
    if (!closing_ && !lingering_) reactor_.disarm(deadline_);
}

void Connection::on_timer() {
    if (closing_) return close_when_joined();
    if (lingering_) return close();
    owner_.on_deadline();
}

const char* Connection::sweep() {
    if (closing_) return nullptr;
    discarded_bytes_ = 0;
    if (reactor_.backend().peer_is_gone(socket_)) {
        close();
        return "the peer is gone";
    }
    if (!blocked()) {
        stalled_sweeps_ = 0;
        return nullptr;
    }
    if (++stalled_sweeps_ < write_stall_ms / liveness_sweep_ms) return nullptr;
    close();
    return peer_took_nothing;
}

}  // namespace logwisp
