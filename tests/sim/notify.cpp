#include "notify.hpp"

#include <poll.h>
#include <sys/inotify.h>

#include <algorithm>
#include <utility>

namespace logwisp::sim {

namespace {
constexpr std::size_t queue_events_default = 16384;
}

std::uint32_t NotifyInstance::readiness() const {
    return queue_.empty() ? 0 : static_cast<std::uint32_t>(POLLIN | POLLRDNORM);
}

std::map<int, NotifyInstance::Watch>::iterator NotifyInstance::find(const Inode& inode) {
    return std::find_if(watches_.begin(), watches_.end(),
                        [&](const auto& entry) { return entry.second.inode.get() == &inode; });
}

Result<int> NotifyInstance::add(const std::shared_ptr<Inode>& inode, std::uint32_t mask) {
    if (const auto found = find(*inode); found != watches_.end()) {
        const std::uint32_t old = (mask & IN_MASK_ADD) != 0 ? found->second.mask : 0;
        found->second.mask = mask | old;
        return found->first;
    }
    const std::size_t most = world_.faults.watches_max;
    if (most != 0 && watches_.size() >= most) return failure(ENOSPC, "inotify_add_watch");
    int number = last_ + 1;
    if (world_.faults.notify_reuses_numbers) {
        number = 1;
        while (watches_.contains(number)) ++number;
    }
    last_ = std::max(last_, number);
    watches_[number] = {inode, mask};
    return number;
}

bool NotifyInstance::remove(int watch) {
    if (watches_.erase(watch) == 0) return false;
    queue({.watch = watch, .mask = IN_IGNORED, .cookie = 0, .name = {}});
    return true;
}

void NotifyInstance::happened(const Inode& inode, std::uint32_t mask, const std::string& name,
                              std::uint32_t cookie) {
    const auto found = find(inode);
    if (found == watches_.end()) return;
    if ((found->second.mask & mask & IN_ALL_EVENTS) == 0) return;
    queue({.watch = found->first, .mask = mask, .cookie = cookie, .name = name});
}

void NotifyInstance::forget(const Inode& inode) {
    const auto found = find(inode);
    if (found == watches_.end()) return;
    const int watch = found->first;
    if ((found->second.mask & IN_DELETE_SELF) != 0)
        queue({.watch = watch, .mask = IN_DELETE_SELF, .cookie = 0, .name = {}});
    remove(watch);
}

void NotifyInstance::queue(NotifyEvent event) {
    const std::size_t limit = world_.faults.notify_queue_max;
    const std::size_t most = limit != 0 ? limit : queue_events_default;
    if (!queue_.empty() && queue_.back() == event) return;
    if (queue_.size() < most) {
        queue_.push_back(std::move(event));
        return;
    }
    const bool told = queue_.size() > most;
    if (!told) queue_.push_back({.watch = -1, .mask = IN_Q_OVERFLOW, .cookie = 0, .name = {}});
}

std::deque<NotifyEvent> NotifyInstance::take() { return std::exchange(queue_, {}); }

}  // namespace logwisp::sim
