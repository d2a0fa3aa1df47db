// inotify, simulated: watches on inodes, one bounded queue per instance, identical neighbours
// merged, overflow told once. An event that happens to a file is told to the file's own watch and,
// with its name, to its directory's. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "inode.hpp"
#include "world.hpp"

namespace logwisp::sim {

struct NotifyEvent {
    int watch = -1;
    std::uint32_t mask = 0;
    std::uint32_t cookie = 0;
    std::string name;
    friend bool operator==(const NotifyEvent&, const NotifyEvent&) = default;
};

class NotifyInstance : public Object {
  public:
    explicit NotifyInstance(World& world) : world_(world) {}
    [[nodiscard]] std::uint32_t readiness() const override;
    void on_closed() override { watches_.clear(); }

    Result<int> add(const std::shared_ptr<Inode>& inode, std::uint32_t mask);
    bool remove(int watch);
    // Whatever this instance watches of `inode` hears of it, if it asked for that.
    void happened(const Inode& inode, std::uint32_t mask, const std::string& name,
                  std::uint32_t cookie);
    // The inode is no more.
    void forget(const Inode& inode);
    // Everything queued; empties the queue.
    std::deque<NotifyEvent> take();
    [[nodiscard]] std::size_t watches() const { return watches_.size(); }

  private:
    struct Watch {
        std::shared_ptr<Inode> inode;
        std::uint32_t mask = 0;
    };
    void queue(NotifyEvent event);
    [[nodiscard]] std::map<int, Watch>::iterator find(const Inode& inode);

    World& world_;
    std::map<int, Watch> watches_;
    std::deque<NotifyEvent> queue_;
    int last_ = 0;
};

}  // namespace logwisp::sim
