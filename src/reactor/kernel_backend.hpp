// What the io_uring and the epoll backend have in common: the clock, the socket calls that do not
// wait, the eventfd that wakes the thread, and the count of operations in flight per descriptor
// that close() checks. Reactor's thread, except wake_from_anywhere().
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "reactor/backend.hpp"

namespace logwisp {

class KernelBackend : public Backend {
  public:
    KernelBackend() = default;
    KernelBackend(const KernelBackend&) = delete;
    KernelBackend& operator=(const KernelBackend&) = delete;
    ~KernelBackend() override;

    void wake_from_anywhere() final;
    [[nodiscard]] std::uint64_t now_ns() const final;
    void shutdown_both(int descriptor) final;
    void shutdown_write(int descriptor) final;
    void close(int descriptor) final;
    void configure_accepted(int descriptor) final;
    [[nodiscard]] bool peer_is_gone(int descriptor) final;

  protected:
    Result<void> open_wake_descriptor();
    [[nodiscard]] int wake_descriptor() const { return wake_descriptor_; }
    // Takes the wake: from here on the next wake_from_anywhere() writes again. on_wake must run
    // after this, not before.
    void take_wake();

    void count_submitted(int descriptor);
    void count_finished(int descriptor);
    // Just before close(2).
    virtual void on_closing(int descriptor) = 0;

  private:
    int wake_descriptor_ = -1;
    std::atomic<bool> wake_pending_{false};
    std::vector<std::uint16_t> in_flight_;  // by descriptor
};

}  // namespace logwisp
