// What following tells of files when it is asked: a row for every file it has, and a row with the
// reason for everything that a target names and that is not read. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "stream/rotation_history.hpp"
#include "tail/file_event.hpp"
#include "tail/file_system.hpp"

namespace logwisp {

// A row of /status "watchers".
struct WatcherStatus {
    std::string path;
    std::string target_path;               // of the target that wants it, as configured
    std::string target_pattern;            // the same
    std::optional<FileIdentity> identity;  // absent: there is no file
    std::int64_t born_ns = 0;              // 0: not known
    std::uint64_t size_bytes = 0;
    std::uint64_t position = 0;
    std::uint64_t entries = 0;
    std::uint64_t rotations = 0;
    RotationHistory last_rotations;
    std::int64_t last_read_us = 0;  // wall clock; 0: never
    std::optional<FileEvent> last_event;
    std::int64_t last_event_us = 0;  // wall clock
    bool polled = false;             // no events for it: checked every check_interval_ms
    bool draining = false;           // rotated away, followed on until idle
    std::string error;               // why it is not read now; empty: it is
};

// Which rows are wanted: all, or those of a path or of an inode (either will do).
struct WatcherQuestion {
    std::string path;  // empty: none in particular
    std::optional<std::uint64_t> inode;
    std::size_t rows_max = std::numeric_limits<std::size_t>::max();

    [[nodiscard]] bool wants(const std::string& row_path, const FileIdentity* identity) const {
        if (path.empty() && !inode) return true;
        return (!path.empty() && row_path == path) ||
               (inode && identity != nullptr && identity->inode == *inode);
    }
};

struct Watchers {
    std::vector<WatcherStatus> rows;
    std::uint64_t not_shown = 0;  // rows beyond rows_max
};

}  // namespace logwisp
