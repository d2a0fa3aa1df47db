// Generations of a log that came and went between two looks, found under their rotated names.
#include <algorithm>

#include "tail/state.hpp"

namespace logwisp {

// Generations between `old` and the file the path names now, found under rotated names, oldest
// first. They were born after the old one and written after it: a copy that copytruncate made
// earlier was not.
Follower& TailState::recover_generations(FollowedPath& entry, Follower& old) {
    Follower* last = &old;
    auto found_siblings = rotated_siblings(entry.path);
    if (!found_siblings) return old;
    auto& siblings = *found_siblings;
    std::erase_if(siblings, [&](const Sibling& sibling) {
        const FileStatus& status = sibling.status;
        return find(status.identity) != nullptr || remembered.contains(status.identity) ||
               status.born_ns == 0 || status.born_ns <= old.born_ns ||
               (status.modified_ns < old.modified_ns && status.born_ns < old.modified_ns) ||
               followed_by_pattern(sibling.path);
    });
    std::sort(siblings.begin(), siblings.end(), [](const Sibling& a, const Sibling& b) {
        return a.status.born_ns < b.status.born_ns;
    });
    for (const Sibling& sibling : siblings) {
        Follower* const found = open_sibling(sibling, entry);
        if (found == nullptr) continue;
        const ContentMark* const before = old.before_truncation.get();
        const Likeness now = old.mark.compare(files(), found->file);
        const Likeness earlier =
            before != nullptr ? before->compare(files(), found->file) : Likeness::different;
        if (now == Likeness::unreadable || earlier == Likeness::unreadable) {
            counters.read_errors.add();
            log_warn("{}: {}: cannot be read: left alone, it may be a copy of what was read",
                     stream_name, sibling.path);
            destroy(*found);
            continue;
        }
        if (now == Likeness::same || earlier == Likeness::same) {
            // A copy of what was read.
            destroy(*found);
            continue;
        }
        rotated(*found, RotationReason::inode_change, {});
        after(*last, *found);
        last = found;
    }
    return *last;
}

Follower* TailState::open_sibling(const Sibling& sibling, FollowedPath& origin) {
    const auto opened = open_file(sibling.path);
    if (!opened) return nullptr;
    const auto status = files().status(*opened);
    if (!status || status->kind != FileKind::regular || find(status->identity) != nullptr) {
        close_file(*opened);
        return nullptr;
    }
    Follower& follower = add_follower(make_follower(), *status, *opened);
    set_origin(follower, &origin);
    follower.at_start = true;
    follower.retired = true;
    follower.changed_ms = now_ms();
    follower.end_bytes = status->size_bytes;
    retired.push_back(&follower);
    watch_file(follower, sibling.path);
    return &follower;
}

Result<std::vector<Sibling>> TailState::rotated_siblings(const std::string& path) {
    const std::string directory(directory_name(path));
    const std::string_view original = base_name(path);
    std::vector<std::string> names;
    const auto listed = list_directory(directory, [&](std::string_view name, FileKind kind) {
        if (kind == FileKind::regular && names.size() < siblings_max &&
            is_rotated_name(original, name))
            names.emplace_back(name);
    });
    std::vector<Sibling> siblings;
    if (!listed) return tl::make_unexpected(listed.error());
    for (const std::string& name : names) {
        Sibling sibling{join_path(directory, name), {}};
        const auto status = files().status(sibling.path);
        if (!status || status->kind != FileKind::regular) continue;
        sibling.status = *status;
        siblings.push_back(std::move(sibling));
    }
    return siblings;
}

bool TailState::followed_by_pattern(const std::string& path) {
    const std::string name(base_name(path));
    const auto [first, last] = places_by_path.equal_range(std::string(directory_name(path)));
    for (auto at = first; at != last; ++at) {
        const Place& place = *at->second;
        const TargetPlan& plan = plans[place.target];
        if (place.part < plan.parts().size()) {
            if (place.part + 1 == plan.parts().size() && plan.part_matches(place.part, name))
                return true;
        } else if (plan.wants(name, std::string_view(path).substr(place.base_bytes))) {
            return true;
        }
    }
    return false;
}

Result<void> TailState::open_under_rotated_name(Follower& follower) {
    const auto siblings = rotated_siblings(follower.origin->path);
    if (!siblings) return tl::make_unexpected(siblings.error());
    for (const Sibling& sibling : *siblings) {
        if (sibling.status.identity != follower.identity) continue;
        const auto opened = open_file(sibling.path);
        if (!opened) return tl::make_unexpected(opened.error());
        follower.file = *opened;
        return {};
    }
    return failure(ENOENT, "open", follower.origin->path);
}

}  // namespace logwisp
