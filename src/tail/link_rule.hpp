// Which names are believed on the way to a file. A value.
//
// Whoever may write to a directory on the way can plant a name there that leads to a file which only
// this process may read. So by default ("owned") a name counts only when it lets nobody read what
// they could not read themselves:
//
//   - A symbolic link of root, or of the user this process runs as, is followed.
//   - Another user's is followed where it lies in a directory of that user, and only to a file (or
//     directory) of that user.
//   - A file with several names (hard links), and a trusted user's link with several names, is left
//     alone in a directory where somebody else than the file's owner and the trusted may make names.
//
// All links on the way count, those of links, and those of directories that the target itself names.
// Whatever the rule is, nothing leads to the file systems by which the kernel shows itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "logwisp/config.hpp"

namespace logwisp {

// What to do when a name is not believed and should be. A hard link has no owner of its own, and with "none" no link's owner counts.
inline std::string_view advice_for_refused(FollowSymlinks follow, std::string_view why) {
    if (why.find("link") == why.npos) return {};  // where the kernel shows itself nothing helps
    if (follow == FollowSymlinks::owned && why.find("symbolic") != why.npos)
        return "name the file itself as a target, let root own the link, or set follow_symlinks = "
               "\"all\"";
    return "name the file itself as a target, or set follow_symlinks = \"all\"";
}

struct LinkRule {
    FollowSymlinks follow = FollowSymlinks::owned;
    // Links that have led here already are this user's, and so must be what is opened.
    std::optional<std::uint32_t> owner = std::nullopt;
};

}  // namespace logwisp
