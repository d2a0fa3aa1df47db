// File systems that do not answer, as a command finds them out: what lies on one that is known is not asked again. Control thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/mounts.hpp"
#include "logwisp/config.hpp"

namespace logwisp {

class SilentMounts {
  public:
    // Whether `look` comes to an end. Which mounts it may hang on is known by the names alone; of several nobody can say which it was.
    bool answers(const Target& target, const std::function<void()>& look);
    bool answers(const std::string& path, const std::function<void()>& look);
    // Of all targets of a stream together.
    bool answers(const StreamConfig& stream, const std::function<void()>& look);

    // "/mnt/logs (nfs4)", those of the last look that may hang; empty: none is known.
    [[nodiscard]] const std::string& suspects() const { return suspects_; }

  private:
    bool answers(const std::vector<Mount>& may_hang, const std::function<void()>& look);

    const MountTable mounts_ = MountTable::now();
    std::vector<Mount> silent_;
    std::string suspects_;
};

}  // namespace logwisp
