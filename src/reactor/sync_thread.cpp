#include "reactor/sync_thread.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace logwisp {

namespace {

std::int32_t sync_now(int descriptor) {
    int failed = 0;
    do {
        failed = ::fdatasync(descriptor);
    } while (failed != 0 && errno == EINTR);
    return failed == 0 ? 0 : -errno;
}

}  // namespace

SyncThread::~SyncThread() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

int SyncThread::add(Completion& completion) {
    if (!thread_.joinable()) {
        if (const int error = start(); error != 0) return error;
    }
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(completion);
    }
    changed_.notify_one();
    return 0;
}

bool SyncThread::withdraw(Completion& completion) {
    const std::lock_guard lock(mutex_);
    for (Completion* waiting = waiting_.front(); waiting != nullptr; waiting = waiting->next) {
        if (waiting != &completion) continue;
        waiting_.unlink(completion);
        return true;
    }
    return false;
}

CompletionList SyncThread::take_finished() {
    CompletionList taken;
    const std::lock_guard lock(mutex_);
    taken.swap(finished_);
    return taken;
}

int SyncThread::start() {
    // A thread inherits the mask: signals are the control thread's.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = 0;
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& failed) {
        error = failed.code().value();
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return error;
}

void SyncThread::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        Completion& completion = *waiting_.pop_front();
        const int descriptor = completion.descriptor;
        lock.unlock();
        const std::int32_t result = sync_now(descriptor);
        lock.lock();
        completion.offset = static_cast<std::uint32_t>(result);
        finished_.push_back(completion);
        lock.unlock();
        on_finished_();
        lock.lock();
    }
}

}  // namespace logwisp
