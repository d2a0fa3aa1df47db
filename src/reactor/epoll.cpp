// The epoll backend: the operations of completion.hpp on readiness.
//
// An operation is on exactly one list: submitted_ (since the last turn), ready_ (to be tried), a
// descriptor's waiting list (tried in vain, registered), with the sync thread (a sync would block
// this one), or done_ (its result is known). Trying
// happens in turn() only, and so do callbacks. Waiting always goes through epoll_ctl, edge
// triggered: the kernel then looks at the descriptor afresh, so nothing that happened between the
// attempt and the registration is missed, and a number that was closed and reused meanwhile is
// noticed. Events carry the descriptor's generation; one that was fetched for a closed descriptor
// is dropped.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "reactor/completion_list.hpp"
#include "reactor/kernel_backend.hpp"
#include "reactor/sync_thread.hpp"
#include "reactor/turn_limits.hpp"

namespace logwisp {

namespace {

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
                  EPOLLHUP == POLLHUP && EPOLLRDHUP == POLLRDHUP,
              "poll masks are handed to epoll as they are");

// Completion::backend_word: which list it is on.
enum Place : std::uint32_t {
    place_submitted,
    place_ready,
    place_waiting,
    place_syncing,
    place_done,
    place_running
};

constexpr std::uint64_t wake_event = std::numeric_limits<std::uint64_t>::max();

struct Descriptor {
    CompletionList waiting;
    std::uint32_t generation = 0;
    bool registered = false;
};

class EpollBackend final : public KernelBackend {
  public:
    EpollBackend() = default;
    ~EpollBackend() override {
        if (epoll_ >= 0) ::close(epoll_);
    }

    Result<void> open();

    [[nodiscard]] std::string_view name() const override { return "epoll"; }
    void start_on_this_thread() override {}
    void submit(Completion& completion) override;
    void cancel(Completion& completion) override;
    void hand_over() override;
    std::size_t turn(std::int64_t wait_ns) override;
    void wake(Backend& target) override { target.wake_from_anywhere(); }

  private:
    void on_closing(int descriptor) override;

    void begin_submitted();
    void begin_sync(Completion& completion);
    void take_synced();
    void send_now(Completion& completion);
    void fetch_events(int timeout_ms);
    void on_ready(int descriptor, std::uint32_t generation, std::uint32_t events);
    void deliver_done();
    void run_ready();
    void attempt(Completion& completion);
    void attempt_accept(Completion& completion);
    void attempt_recv(Completion& completion);
    void attempt_read(Completion& completion);

    void wait_for(Completion& completion, std::uint32_t interest);
    void make_ready(Completion& completion);
    // Delivered later in the same turn.
    void make_done(Completion& completion, std::int32_t result);
    // Delivered now; the last outcome.
    void finish(Completion& completion, std::int32_t result);
    void deliver_more(Completion& completion, const Outcome& outcome);
    Descriptor& descriptor_of(const Completion& completion);

    int epoll_ = -1;
    bool woken_ = false;
    std::size_t outcomes_ = 0;  // in this turn
    CompletionList submitted_;
    CompletionList ready_;
    CompletionList done_;
    std::vector<Descriptor> descriptors_;  // by descriptor
    std::array<epoll_event, events_per_turn_max> events_{};
    std::array<char, recv_bytes_max> received_{};
    std::size_t syncing_ = 0;  // with the sync thread
    SyncThread sync_thread_{[this] { wake_from_anywhere(); }};
};

std::uint32_t interest_of(const Completion& completion) {
    return completion.operation == Operation::poll ? completion.bytes : EPOLLIN;
}

int timeout_from(std::int64_t wait_ns) {
    if (wait_ns <= 0) return wait_ns < 0 ? -1 : 0;
    // Rounded up: rounding down would turn the last part of a millisecond into a busy loop.
    const std::int64_t wait_ms = (wait_ns - 1) / 1'000'000 + 1;
    return static_cast<int>(std::min<std::int64_t>(wait_ms, std::numeric_limits<int>::max()));
}

Result<void> EpollBackend::open() {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) return failure(errno, "epoll_create1");
    if (auto opened = open_wake_descriptor(); !opened) return opened;
    epoll_event event{.events = EPOLLIN, .data = {.u64 = wake_event}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_descriptor(), &event) != 0)
        return failure(errno, "epoll_ctl");
    return {};
}

void EpollBackend::submit(Completion& completion) {
    count_submitted(completion.descriptor);
    completion.backend_word = place_submitted;
    submitted_.push_back(completion);
}

void EpollBackend::cancel(Completion& completion) {
    completion.cancelled = true;
    switch (completion.backend_word) {
        case place_waiting:
            descriptor_of(completion).waiting.unlink(completion);
            return make_ready(completion);
        case place_syncing:
            if (!sync_thread_.withdraw(completion)) return;
            --syncing_;
            return make_done(completion, -ECANCELED);
        default:
            return;  // looked at in the next turn anyway
    }
}

void EpollBackend::hand_over() {
    CompletionList submitted;
    submitted.swap(submitted_);
    while (Completion* completion = submitted.pop_front()) {
        if (completion->operation == Operation::send && !completion->cancelled)
            send_now(*completion);
        else
            submitted_.push_back(*completion);
    }
}

std::size_t EpollBackend::turn(std::int64_t wait_ns) {
    outcomes_ = 0;
    begin_submitted();
    fetch_events(ready_.empty() && done_.empty() ? timeout_from(wait_ns) : 0);
    if (on_waited) on_waited();
    if (woken_) {
        woken_ = false;
        if (on_wake) on_wake();
    }
    take_synced();
    deliver_done();
    run_ready();
    return outcomes_;
}

// Sends go out and polls are registered before the wait; what needs to be tried counts as ready.
void EpollBackend::begin_submitted() {
    while (Completion* completion = submitted_.pop_front()) {
        if (completion->cancelled) {
            make_done(*completion, -ECANCELED);
        } else if (completion->operation == Operation::send) {
            send_now(*completion);
        } else if (completion->operation == Operation::poll) {
            wait_for(*completion, completion->bytes);
        } else if (completion->operation == Operation::sync) {
            begin_sync(*completion);
        } else {
            make_ready(*completion);
        }
    }
}

void EpollBackend::send_now(Completion& completion) {
    ssize_t sent = 0;
    do {
        sent = ::send(completion.descriptor, completion.buffer, completion.bytes,
                      MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    make_done(completion, sent < 0 ? -errno : static_cast<std::int32_t>(sent));
}

void EpollBackend::begin_sync(Completion& completion) {
    completion.backend_word = place_syncing;
    if (const int error = sync_thread_.add(completion); error != 0)
        return make_done(completion, -error);
    ++syncing_;
}

void EpollBackend::take_synced() {
    if (syncing_ == 0) return;
    CompletionList synced = sync_thread_.take_finished();
    while (Completion* completion = synced.pop_front()) {
        --syncing_;
        make_done(*completion, static_cast<std::int32_t>(completion->offset));
    }
}

void EpollBackend::fetch_events(int timeout_ms) {
    const int count =
        ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
    CHECK(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events_[static_cast<std::size_t>(i)];
        if (event.data.u64 == wake_event) {
            take_wake();
            woken_ = true;
        } else {
            on_ready(static_cast<int>(event.data.u64 & 0xffff'ffff),
                     static_cast<std::uint32_t>(event.data.u64 >> 32), event.events);
        }
    }
}

void EpollBackend::on_ready(int number, std::uint32_t generation, std::uint32_t events) {
    Descriptor& descriptor = descriptors_[static_cast<std::size_t>(number)];
    if (descriptor.generation != generation) return;
    Completion* next = nullptr;
    for (Completion* waiting = descriptor.waiting.front(); waiting != nullptr; waiting = next) {
        next = waiting->next;
        const std::uint32_t seen = events & (interest_of(*waiting) | EPOLLERR | EPOLLHUP);
        if (seen == 0) continue;
        descriptor.waiting.unlink(*waiting);
        if (waiting->operation == Operation::poll) {
            make_done(*waiting, static_cast<std::int32_t>(seen));
        } else {
            make_ready(*waiting);
        }
    }
}

void EpollBackend::deliver_done() {
    CompletionList done;
    done.swap(done_);
    while (Completion* completion = done.pop_front())
        finish(*completion, static_cast<std::int32_t>(completion->offset));
}

// Each once: what stays ready is behind the others in the next turn.
void EpollBackend::run_ready() {
    CompletionList running;
    running.swap(ready_);
    while (outcomes_ < outcomes_per_turn_max) {
        Completion* completion = running.pop_front();
        if (completion == nullptr) break;
        attempt(*completion);
    }
    running.append(ready_);
    running.swap(ready_);
}

void EpollBackend::attempt(Completion& completion) {
    if (completion.cancelled) return finish(completion, -ECANCELED);
    completion.backend_word = place_running;
    switch (completion.operation) {
        case Operation::accept:
            return attempt_accept(completion);
        case Operation::recv:
            return attempt_recv(completion);
        case Operation::read:
            return attempt_read(completion);
        case Operation::send:
        case Operation::poll:
        case Operation::sync:
        case Operation::none:
            break;
    }
    CHECK(false);
}

void EpollBackend::attempt_accept(Completion& completion) {
    for (std::uint32_t i = 0; i < accepts_per_turn_max && !completion.cancelled; ++i) {
        const int accepted =
            ::accept4(completion.descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            deliver_more(completion, {.result = accepted, .more = true});
        } else if (errno == EAGAIN) {
            return wait_for(completion, EPOLLIN);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return finish(completion, -errno);
        }
    }
    make_ready(completion);
}

void EpollBackend::attempt_recv(Completion& completion) {
    const ssize_t got =
        ::recv(completion.descriptor, received_.data(), received_.size(), MSG_DONTWAIT);
    if (got > 0) {
        const auto bytes = static_cast<std::size_t>(got);
        deliver_more(completion, {.result = static_cast<std::int32_t>(got),
                                  .more = true,
                                  .data = {received_.data(), bytes}});
        // Registered by edge: the end is only known when the socket says so.
        return make_ready(completion);
    }
    if (got < 0 && errno == EAGAIN) return wait_for(completion, EPOLLIN);
    if (got < 0 && errno == EINTR) return make_ready(completion);
    finish(completion, got == 0 ? 0 : -errno);
}

void EpollBackend::attempt_read(Completion& completion) {
    ssize_t got = 0;
    do {
        got = ::pread(completion.descriptor, completion.buffer, completion.bytes,
                      static_cast<off_t>(completion.offset));
    } while (got < 0 && errno == EINTR);
    finish(completion, got < 0 ? -errno : static_cast<std::int32_t>(got));
}

void EpollBackend::wait_for(Completion& completion, std::uint32_t interest) {
    Descriptor& descriptor = descriptor_of(completion);
    std::uint32_t events = interest | EPOLLET;
    for (Completion* other = descriptor.waiting.front(); other != nullptr; other = other->next)
        events |= interest_of(*other);

    epoll_event event{.events = events,
                      .data = {.u64 = static_cast<std::uint64_t>(descriptor.generation) << 32 |
                                      static_cast<std::uint32_t>(completion.descriptor)}};
    int failed = ::epoll_ctl(epoll_, descriptor.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                             completion.descriptor, &event);
    // The number was closed behind our back and belongs to another file now.
    if (failed != 0 && errno == ENOENT)
        failed = ::epoll_ctl(epoll_, EPOLL_CTL_ADD, completion.descriptor, &event);
    if (failed == 0) {
        descriptor.registered = true;
        completion.backend_word = place_waiting;
        descriptor.waiting.push_back(completion);
    } else if (errno == EPERM && completion.operation == Operation::poll) {
        // A regular file or a directory: always ready.
        make_done(completion, static_cast<std::int32_t>(interest & (EPOLLIN | EPOLLOUT)));
    } else {
        make_done(completion, -errno);
    }
}

void EpollBackend::make_ready(Completion& completion) {
    completion.backend_word = place_ready;
    ready_.push_back(completion);
}

void EpollBackend::make_done(Completion& completion, std::int32_t result) {
    completion.backend_word = place_done;
    completion.offset = static_cast<std::uint32_t>(result);
    done_.push_back(completion);
}

void EpollBackend::finish(Completion& completion, std::int32_t result) {
    count_finished(completion.descriptor);
    ++outcomes_;
    completion.deliver({.result = result, .more = false});
}

void EpollBackend::deliver_more(Completion& completion, const Outcome& outcome) {
    ++outcomes_;
    completion.deliver(outcome);
}

Descriptor& EpollBackend::descriptor_of(const Completion& completion) {
    const auto index = static_cast<std::size_t>(completion.descriptor);
    if (index >= descriptors_.size()) descriptors_.resize(index + index / 2 + 64);
    return descriptors_[index];
}

void EpollBackend::on_closing(int number) {
    const auto index = static_cast<std::size_t>(number);
    if (index >= descriptors_.size()) return;
    Descriptor& descriptor = descriptors_[index];
    CHECK(descriptor.waiting.empty());
    // close(2) alone leaves the registration alive while a copy of the descriptor exists anywhere.
    if (descriptor.registered) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, number, nullptr);
    descriptor.registered = false;
    ++descriptor.generation;
}

}  // namespace

Result<std::unique_ptr<Backend>> make_epoll_backend(const BackendOptions&) {
    auto backend = std::make_unique<EpollBackend>();
    if (auto opened = backend->open(); !opened) return tl::unexpected(opened.error());
    return backend;
}

}  // namespace logwisp
