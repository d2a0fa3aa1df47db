#include "reactor/uring.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "base/check.hpp"
#include "reactor/turn_limits.hpp"

namespace logwisp {

namespace {

// user_data that is not a Completion. A sent wake carries the address of its target with the lowest
// bit set.
constexpr std::uint64_t ignored = 0;
constexpr std::uint64_t wake_poll = 2;
constexpr std::uint64_t wake_message = 4;
constexpr std::uint64_t sent_wake_bit = 1;

enum Place : std::uint32_t { in_kernel, in_left_over, in_to_cancel, in_starved, in_ended };

std::uint64_t word_of(const Completion& completion) {
    return reinterpret_cast<std::uintptr_t>(&completion);
}

// A send that waited in the kernel would read its buffer later, when the ring it points into may
// hold other bytes.
constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;

}  // namespace

Result<void> UringBackend::open(const UringSizes& sizes) {
    if (auto opened = open_wake_descriptor(); !opened) return opened;
    if (auto opened = ring_.open(sizes, true); !opened) return opened;
    if (auto opened = buffers_.open(ring_.get(), sizes.recv_buffers); !opened) return opened;
    restricted_ = ring_.restrict_operations();
    return {};
}

void UringBackend::start_on_this_thread() {
    if (started_) return;
    started_ = true;
    CHECK(io_uring_enable_rings(ring_.get()) == 0);
    // Saves a descriptor look-up per turn; without it everything works the same.
    static_cast<void>(io_uring_register_ring_fd(ring_.get()));
    arm_wake_poll();
}

void UringBackend::submit(Completion& completion) {
    count_submitted(completion.descriptor);
    start(completion);
}

void UringBackend::cancel(Completion& completion) {
    completion.cancelled = true;
    switch (completion.backend_word) {
        case in_kernel:
            return prepare_cancel(completion);
        case in_left_over:
            left_over_.unlink(completion);
            break;
        case in_starved:
            starved_.unlink(completion);
            break;
        default:
            return;
    }
    end_here(completion, -ECANCELED);
}

void UringBackend::hand_over() {
    if (!started_ || sends_queued_ == 0) return;
    enter(0);
    note_sends_begun();
    handed_over_ = true;
}

void UringBackend::note_sends_begun() {
    sends_due_ += sends_queued_;
    sends_queued_ = 0;
    ++turn_;
}

std::size_t UringBackend::turn(std::int64_t wait_ns) {
    if (!started_) start_on_this_thread();
    outcomes_ = 0;
    submit_left_over();
    if (!wake_poll_armed_) arm_wake_poll();
    // Nothing may be left behind while we sleep.
    const bool work = !ended_.empty() || !starved_.empty() || !left_over_.empty() ||
                      !to_cancel_.empty() || io_uring_cq_ready(ring_.get()) != 0;
    // What was handed over a moment ago has been answered; what came behind it goes with the next
    // call, unless somebody waits for it: sends are answered in this turn, and wakes go out now.
    if (!std::exchange(handed_over_, false) || sends_queued_ != 0 ||
        io_uring_cq_ready(ring_.get()) == 0) {
        enter(work ? 0 : wait_ns);
        note_sends_begun();
    }
    if (on_waited) on_waited();
    deliver_ended();
    reap();
    rearm_starved();
    return outcomes_;
}

void UringBackend::wake(Backend& target) {
    auto& other = static_cast<UringBackend&>(target);
    io_uring_sqe* sqe = nullptr;
    // A message to the own ring would take the same lock twice on some kernels.
    if (features_.wake_by_message && &other != this) {
        if (other.message_pending_.exchange(true, std::memory_order_acq_rel)) return;
        sqe = take_entry();
        if (sqe == nullptr) other.message_pending_.exchange(false, std::memory_order_acq_rel);
    }
    if (sqe == nullptr) return target.wake_from_anywhere();
    io_uring_prep_msg_ring(sqe, other.ring_.get()->ring_fd, 0, wake_message, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = reinterpret_cast<std::uintptr_t>(&other) | sent_wake_bit;
    handed_over_ = false;  // not this one
}

// --- To the kernel ---

io_uring_sqe* UringBackend::take_entry() {
    io_uring_sqe* sqe = io_uring_get_sqe(ring_.get());
    if (sqe != nullptr) return sqe;
    // Before the start the ring is disabled, and what is queued goes out with the first turn.
    if (started_) enter(0);
    return io_uring_get_sqe(ring_.get());
}

void UringBackend::start(Completion& completion) {
    // Behind what already waits, or the order of submission would change.
    io_uring_sqe* sqe = left_over_.empty() ? take_entry() : nullptr;
    if (sqe == nullptr) {
        completion.backend_word = in_left_over;
        return left_over_.push_back(completion);
    }
    prepare(*sqe, completion);
}

void UringBackend::prepare(io_uring_sqe& sqe, Completion& completion) {
    switch (completion.operation) {
        case Operation::accept:
            io_uring_prep_multishot_accept(&sqe, completion.descriptor, nullptr, nullptr,
                                           SOCK_NONBLOCK | SOCK_CLOEXEC);
            break;
        case Operation::recv:
            io_uring_prep_recv_multishot(&sqe, completion.descriptor, nullptr, 0, 0);
            sqe.flags |= IOSQE_BUFFER_SELECT;
            sqe.buf_group = RecvBuffers::group;
            break;
        case Operation::send:
            io_uring_prep_send(&sqe, completion.descriptor, completion.buffer, completion.bytes,
                               send_flags);
            completion.offset = turn_;
            ++sends_queued_;
            break;
        case Operation::read:
            io_uring_prep_read(&sqe, completion.descriptor, completion.buffer, completion.bytes,
                               completion.offset);
            break;
        case Operation::poll:
            io_uring_prep_poll_add(&sqe, completion.descriptor, completion.bytes);
            break;
        case Operation::sync:
            io_uring_prep_fsync(&sqe, completion.descriptor, IORING_FSYNC_DATASYNC);
            break;
        case Operation::none:
            CHECK(completion.in_flight());
    }
    // The one place every submission passes: no send without MSG_DONTWAIT.
    CHECK(sqe.opcode != IORING_OP_SEND || (sqe.msg_flags & MSG_DONTWAIT) != 0);
    sqe.user_data = word_of(completion);
    completion.backend_word = in_kernel;
}

void UringBackend::prepare_cancel(Completion& completion) {
    io_uring_sqe* sqe = to_cancel_.empty() ? take_entry() : nullptr;
    if (sqe == nullptr) {
        completion.backend_word = in_to_cancel;
        return to_cancel_.push_back(completion);
    }
    // Found, not found or too late: the operation's own last completion is what counts.
    io_uring_prep_cancel64(sqe, word_of(completion), 0);
    sqe->user_data = ignored;
}

void UringBackend::submit_left_over() {
    CompletionList cancels;
    cancels.swap(to_cancel_);
    while (Completion* completion = cancels.pop_front()) {
        completion->backend_word = in_kernel;
        prepare_cancel(*completion);
    }
    CompletionList waiting;
    waiting.swap(left_over_);
    while (Completion* completion = waiting.pop_front()) start(*completion);
}

void UringBackend::arm_wake_poll() {
    io_uring_sqe* sqe = take_entry();
    if (sqe == nullptr) return;
    io_uring_prep_poll_add(sqe, wake_descriptor(), POLLIN);
    sqe->user_data = wake_poll;
    wake_poll_armed_ = true;
}

// Whatever this returns with, entries the kernel did not take stay queued and go with the next
// call: EINTR is a signal, EAGAIN missing memory, EBUSY completions that must be reaped first,
// ETIME the end of the wait.
void UringBackend::enter(std::int64_t wait_ns) {
    int result = 0;
    if (wait_ns == 0) {
        result = io_uring_submit_and_get_events(ring_.get());
    } else if (wait_ns < 0) {
        result = io_uring_submit_and_wait(ring_.get(), 1);
    } else {
        __kernel_timespec limit{.tv_sec = wait_ns / 1'000'000'000,
                                .tv_nsec = wait_ns % 1'000'000'000};
        io_uring_cqe* first = nullptr;
        result = io_uring_submit_and_wait_timeout(ring_.get(), &first, 1, &limit, nullptr);
    }
    CHECK(result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY ||
          result == -ETIME || result == -ENOMEM);
}

// --- From the kernel ---

void UringBackend::reap() {
    io_uring* ring = ring_.get();
    for (;;) {
        io_uring_cqe* cqe = nullptr;
        while (__io_uring_peek_cqe(ring, &cqe, nullptr) == 0 && cqe != nullptr) {
            const io_uring_cqe copy = *cqe;
            // Before the callback, which may make the kernel add completions.
            io_uring_cqe_seen(ring, cqe);
            on_completion(copy);
            if (outcomes_ >= outcomes_per_turn_max && sends_due_ == 0) return;
        }
        // What did not fit into the queue waits in the kernel; fetched now, since this turn's sends
        // may be among it.
        if (!io_uring_cq_has_overflow(ring)) return;
        enter(0);
        if (io_uring_cq_ready(ring) == 0) return;
    }
}

void UringBackend::on_completion(const io_uring_cqe& cqe) {
    const std::uint64_t word = cqe.user_data;
    if (word == ignored) return;
    if (word == wake_poll) {
        wake_poll_armed_ = false;
        take_wake();
        arm_wake_poll();
        return run_on_wake();
    }
    if (word == wake_message) {
        message_pending_.exchange(false, std::memory_order_acq_rel);
        return run_on_wake();
    }
    if ((word & sent_wake_bit) != 0) {
        // Success is silent. The other ring is not running yet, or its queue is full.
        auto& target = *reinterpret_cast<UringBackend*>(word & ~sent_wake_bit);
        target.message_pending_.exchange(false, std::memory_order_acq_rel);
        return target.wake_from_anywhere();
    }
    on_outcome(*reinterpret_cast<Completion*>(word), cqe);
}

void UringBackend::on_outcome(Completion& completion, const io_uring_cqe& cqe) {
    CHECK(completion.in_flight());
    bool more = (cqe.flags & IORING_CQE_F_MORE) != 0;
    if (!more && completion.backend_word == in_to_cancel) {
        to_cancel_.unlink(completion);
        completion.backend_word = in_kernel;
    }
    switch (completion.operation) {
        case Operation::recv:
            return on_recv(completion, cqe);
        case Operation::accept:
            more = more || (cqe.res >= 0 && again(completion));
            break;
        case Operation::send:
            CHECK((completion.offset < turn_ ? sends_due_ : sends_queued_) > 0);
            --(completion.offset < turn_ ? sends_due_ : sends_queued_);
            break;
        case Operation::read:
        case Operation::poll:
        case Operation::sync:
            break;
        case Operation::none:
            CHECK(false);
    }
    deliver(completion, {.result = cqe.res, .more = more});
}

void UringBackend::on_recv(Completion& completion, const io_uring_cqe& cqe) {
    bool more = (cqe.flags & IORING_CQE_F_MORE) != 0;
    if (cqe.res == -ENOBUFS && !more) {
        // Not the owner's business: it waits here until others have given their buffers back.
        if (completion.cancelled) return deliver(completion, {.result = -ECANCELED});
        completion.backend_word = in_starved;
        buffers_returned_ = 0;
        return starved_.push_back(completion);
    }
    if (cqe.res == -EINTR && !more && again(completion)) return;
    more = more || (cqe.res > 0 && again(completion));
    Outcome outcome{.result = cqe.res, .more = more};
    if ((cqe.flags & IORING_CQE_F_BUFFER) == 0) return deliver(completion, outcome);
    const auto buffer = static_cast<std::uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
    if (cqe.res > 0) outcome.data = {buffers_.data(buffer), static_cast<std::size_t>(cqe.res)};
    deliver(completion, outcome);
    buffers_.give_back(buffer);
    ++buffers_returned_;
}

// The kernel may end a multishot at any time for reasons of its own. Armed again before the owner
// hears of the outcome.
bool UringBackend::again(Completion& completion) {
    if (completion.cancelled) return false;
    start(completion);
    return true;
}

// As many as there are buffers: all of them at once would only run dry again, a thousand requests
// for every few answered.
void UringBackend::rearm_starved() {
    const bool buffers_back =
        io_uring_cq_ready(ring_.get()) == 0 || buffers_returned_ >= buffers_.count() / 2;
    if (!buffers_back) return;
    for (std::uint32_t i = 0; i < buffers_.count(); ++i) {
        Completion* completion = starved_.pop_front();
        if (completion == nullptr) return;
        start(*completion);
    }
}

void UringBackend::deliver_ended() {
    CompletionList ended;
    ended.swap(ended_);
    while (Completion* completion = ended.pop_front())
        deliver(*completion, {.result = static_cast<std::int32_t>(completion->offset)});
}

void UringBackend::end_here(Completion& completion, std::int32_t result) {
    completion.backend_word = in_ended;
    completion.offset = static_cast<std::uint32_t>(result);
    ended_.push_back(completion);
}

void UringBackend::deliver(Completion& completion, const Outcome& outcome) {
    if (!outcome.more) count_finished(completion.descriptor);
    ++outcomes_;
    completion.deliver(outcome);
}

void UringBackend::run_on_wake() {
    if (on_wake) on_wake();
}

}  // namespace logwisp
