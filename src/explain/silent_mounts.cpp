#include "explain/silent_mounts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_look.hpp"
#include "base/path.hpp"
#include "tail/hanging_mounts.hpp"

namespace logwisp {

bool SilentMounts::answers(const Target& target, const std::function<void()>& look) {
    return answers(hanging_mounts_of(target, mounts_, read_real_link), look);
}

bool SilentMounts::answers(const std::string& path, const std::function<void()>& look) {
    std::vector<Mount> may_hang;
    if (const Mount* const mount = mounts_.reach(absolute_path(path), read_real_link).hanging)
        may_hang.push_back(*mount);
    return answers(may_hang, look);
}

bool SilentMounts::answers(const StreamConfig& stream, const std::function<void()>& look) {
    std::vector<Mount> may_hang;
    for (const Target& target : stream.monitor.targets)
        for (const Mount& mount : hanging_mounts_of(target, mounts_, read_real_link))
            if (std::find(may_hang.begin(), may_hang.end(), mount) == may_hang.end())
                may_hang.push_back(mount);
    return answers(may_hang, look);
}

bool SilentMounts::answers(const std::vector<Mount>& may_hang, const std::function<void()>& look) {
    suspects_.clear();
    for (const Mount& mount : may_hang)
        suspects_ +=
            fmt::format("{}{} ({})", suspects_.empty() ? "" : ", ", mount.point, mount.type);
    const bool known = std::any_of(may_hang.begin(), may_hang.end(), [&](const Mount& mount) {
        return std::find(silent_.begin(), silent_.end(), mount) != silent_.end();
    });
    if (known) return false;
    if (comes_to_an_end(look)) return true;
    if (may_hang.size() == 1) silent_.push_back(may_hang.front());
    return false;
}

}  // namespace logwisp
