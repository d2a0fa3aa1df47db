// The thread that syncs files for the epoll backend: fdatasync(2) blocks for milliseconds and has no
// readiness, so it must not run on the reactor's thread. One file after the other, in the order of
// add().
//
// Owned by the backend; started by the first add(), joined by the destructor, which waits for the
// sync that is under way and begins no other. Everything but the thread itself is the reactor's. A
// Completion lent to it is on one of its lists, or in the thread's hand: only `next`, `previous`,
// `descriptor` and `offset` are touched here.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "reactor/completion_list.hpp"

namespace logwisp {

class SyncThread {
  public:
    // `on_finished` is called on the thread each time a result is there to be taken.
    explicit SyncThread(std::function<void()> on_finished) : on_finished_(std::move(on_finished)) {}
    SyncThread(const SyncThread&) = delete;
    SyncThread& operator=(const SyncThread&) = delete;
    ~SyncThread();

    // 0, or an errno when there can be no thread; the completion is then not taken.
    int add(Completion& completion);
    // Takes back what has not begun. False: too late, its result is to come.
    bool withdraw(Completion& completion);
    // Results (0 or -errno) are in Completion::offset.
    CompletionList take_finished();

  private:
    int start();
    void run();

    std::function<void()> on_finished_;
    std::mutex mutex_;
    std::condition_variable changed_;
    CompletionList waiting_;   // mutex_
    CompletionList finished_;  // mutex_
    bool stopping_ = false;    // mutex_
    std::thread thread_;
};

}  // namespace logwisp
