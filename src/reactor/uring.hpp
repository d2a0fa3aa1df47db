// The io_uring backend. One ring per reactor thread; multishot accept and recv; everything a turn
// submits goes to the kernel in the one call that also waits.
//
// A Completion's address is its user_data: it stays in flight, and so may not go away, until its
// last outcome. Where an operation is (Completion::backend_word) is always one of: in the kernel,
// waiting for a free submission entry, waiting for receive buffers, or ended here with its result
// known. A multishot that the kernel ended without an error is armed again in one place, again(),
// before its outcome is delivered: owners only ever see `more`.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "reactor/completion_list.hpp"
#include "reactor/kernel_backend.hpp"
#include "reactor/uring_ring.hpp"

namespace logwisp {

class UringBackend final : public KernelBackend {
  public:
    explicit UringBackend(const UringFeatures& features) : features_(features) {}

    Result<void> open(const UringSizes& sizes);

    [[nodiscard]] std::string_view name() const override { return "io_uring"; }
    [[nodiscard]] bool restricted() const override { return restricted_; }
    void start_on_this_thread() override;
    void submit(Completion& completion) override;
    void cancel(Completion& completion) override;
    void hand_over() override;
    std::size_t turn(std::int64_t wait_ns) override;
    void wake(Backend& target) override;

  private:
    void on_closing(int) override {}

    // --- To the kernel ---
    // A free submission entry; when there is none, what is there is submitted first. nullptr: the
    // kernel does not take it now.
    io_uring_sqe* take_entry();
    void start(Completion& completion);
    void prepare(io_uring_sqe& sqe, Completion& completion);
    void prepare_cancel(Completion& completion);
    void submit_left_over();
    void arm_wake_poll();
    void enter(std::int64_t wait_ns);
    void note_sends_begun();

    // --- From the kernel ---
    void reap();
    void on_completion(const io_uring_cqe& cqe);
    void on_outcome(Completion& completion, const io_uring_cqe& cqe);
    void on_recv(Completion& completion, const io_uring_cqe& cqe);
    bool again(Completion& completion);
    void rearm_starved();
    void deliver_ended();
    void end_here(Completion& completion, std::int32_t result);
    void deliver(Completion& completion, const Outcome& outcome);
    void run_on_wake();

    UringFeatures features_;
    RecvBuffers buffers_;
    Ring ring_;  // closed before its buffers are unmapped

    CompletionList left_over_;      // not yet in the submission queue
    CompletionList to_cancel_;      // in the kernel; their cancel request found no submission entry
    CompletionList starved_;        // recv that found no buffer
    CompletionList ended_;          // result in Completion::offset
    std::size_t outcomes_ = 0;      // in this turn
    std::size_t sends_queued_ = 0;  // since sends last went to the kernel
    std::size_t sends_due_ = 0;     // submitted before: each is to be delivered in this turn
    std::uint32_t buffers_returned_ = 0;  // since a recv last found none
    std::uint64_t turn_ = 1;
    bool started_ = false;
    bool handed_over_ = false;  // since the last turn, and no wake behind it
    bool restricted_ = false;
    bool wake_poll_armed_ = false;
    std::atomic<bool> message_pending_{false};  // a wake by message is under way to this ring
};

}  // namespace logwisp
