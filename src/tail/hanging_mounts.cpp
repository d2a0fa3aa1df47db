#include "tail/hanging_mounts.hpp"

#include <string_view>

#include "base/path.hpp"
#include "tail/targets.hpp"

namespace logwisp {

namespace {

// Whether `below`, a directory's path from where part `part` of the plan is looked for, is looked
// into.
bool looks_into(const TargetPlan& plan, std::size_t part, std::string_view below) {
    for (;;) {
        if (part == plan.parts().size()) return plan.may_be_directory() && plan.target().recursive;
        const std::size_t slash = below.find('/');
        if (!plan.part_matches(part, below.substr(0, slash))) return false;
        if (slash == below.npos) return true;
        below.remove_prefix(slash + 1);
        ++part;
    }
}

}  // namespace

std::vector<Mount> hanging_mounts_of(const Target& target, const MountTable& mounts,
                                     const ReadLink& read_link) {
    if (mounts.hanging().empty()) return {};
    const TargetPlan plan(target);
    // As far as it has no globs. One that is nowhere yet is where it would be.
    std::string path = absolute_path(plan.root());
    std::size_t part = 0;
    while (part < plan.parts().size() && !has_glob(plan.parts()[part]))
        path += "/" + plan.parts()[part++];
    const MountTable::Reached reached = mounts.reach(path, read_link);
    if (reached.hanging != nullptr) return {*reached.hanging};
    std::vector<Mount> found;
    const std::size_t cut = reached.path == "/" ? 1 : reached.path.size() + 1;
    for (const Mount& mount : mounts.hanging())
        if (mount.point != reached.path && lies_in(mount.point, reached.path) &&
            looks_into(plan, part, std::string_view(mount.point).substr(cut)))
            found.push_back(mount);
    return found;
}

}  // namespace logwisp
