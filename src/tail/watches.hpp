// One inotify instance per core, shared by the streams whose home it is. Watches are hints: whoever
// is called looks at the file or the directory itself. When inotify cannot be had (instances or
// watches exhausted, forbidden) add() fails and its caller checks periodically instead; that is
// said once. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "reactor/reactor.hpp"
#include "tail/file_system.hpp"

namespace logwisp {

// Who wants to hear of a watch. Several listeners may watch the same inode: each gets the event.
class WatchListener {
  public:
    virtual void on_event(const WatchEvent& event) = 0;
    // Events were lost (queue overflow): look at everything again.
    virtual void on_events_lost() = 0;
    // All events of this turn were told: act now, once.
    virtual void on_events_end() = 0;

  protected:
    ~WatchListener() = default;
};

class Watches {
  public:
    Watches(Reactor& reactor, FileSystem& files);
    ~Watches();  // REQUIRES: closed()
    Watches(const Watches&) = delete;
    Watches& operator=(const Watches&) = delete;

    // Returns the watch; the same inode gives the same number to several listeners.
    Result<int> add(const std::string& path, std::uint32_t mask, WatchListener& listener);
    // The listener hears nothing more of this watch, not even events already queued.
    void remove(int watch, WatchListener& listener);

    void close();
    [[nodiscard]] bool closed() const;
    [[nodiscard]] bool available() const;  // an inotify instance is open

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace logwisp
