// What a path leads to, as whoever asks sees it: the names it has, the kind of file, and whether it
// could be opened and read. Looks at the file system through the eyes of following.
#pragma once

#include <string>

#include "tail/file_system.hpp"

namespace logwisp {

struct PathFacts {
    std::string given;     // as it was asked for
    std::string absolute;  // the same from the root, without "." and doubled slashes
    // The directory without symbolic links, and the name in it; empty: there is no such directory.
    std::string resolved;
    std::string
        link_to;  // it is a symbolic link, and this is the file at its end, or what it names
    Result<FileStatus> status = failure(0, "");  // of what it leads to
    std::string kind;                            // "regular file", "directory", "FIFO"
    int open_error = 0;                          // of a regular file
    bool compressed = false;
    bool polled = false;  // its file system gives no events
    // Its file system does not answer: nothing but the first two is known.
    bool silent = false;
    std::string suspects;  // "/mnt/logs (nfs4)", as far as known which that is

    [[nodiscard]] bool exists() const { return status.has_value(); }
    [[nodiscard]] bool missing() const {
        return !status && (status.error().code == ENOENT || status.error().code == ENOTDIR);
    }
};

PathFacts facts_of(FileSystem& files, const std::string& path);
// Without asking it.
PathFacts silent_facts(const std::string& path, const std::string& suspects);

// Without symbolic links; empty when it is not there.
std::string real_path(const std::string& path);
// "root (user 0)": as whom it was tried.
std::string present_user();

}  // namespace logwisp
