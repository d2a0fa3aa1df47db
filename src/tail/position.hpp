// Where following stands, in a form that outlives the Tail: what another Tail of the same stream needs to go on at the next byte. Values
// only; made and used on the home core's thread.
//
// A line that is held half goes along as it is, for the file may not hold it any more. What was read and not split is read again: the
// position is the end of what was split.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/counters.hpp"
#include "logwisp/config.hpp"
#include "stream/rotation_history.hpp"
#include "tail/content_mark.hpp"
#include "tail/file_system.hpp"
#include "tail/notice.hpp"
#include "tail/splitter.hpp"

namespace logwisp {

struct FilePosition {
    std::uint32_t number = 0;  // in the ledger; 0: none yet
    std::string path;          // the file is looked for under; empty: no path names it any more
    std::string origin;        // its entries are told to come from
    FileIdentity identity;
    std::int64_t born_ns = 0;
    std::int64_t modified_ns = 0;
    std::uint64_t known_size_bytes = 0;  // when last looked at
    std::uint64_t entries = 0;           // published from it
    bool to_be_read = false;             // whatever its size and time are
    bool refused = false;
    ContentMark mark;            // mark.position(): everything before it was split
    HeldLine line;               // and this is not published yet
    bool flush_partial = false;  // it is published before anything else
    bool finishing = false;      // and nothing comes after it
    bool maybe_copy = false;
    bool renamed = false;
    Notice notice;
    std::optional<ContentMark> before_truncation;
    int file = -1;       // still open; -1 once somebody took it
    int waits_for = -1;  // index of the file that is read to its end first
};

// What is known of a path beside the file it names now.
struct PathHistory {
    std::string path;
    bool had_file = false;
    bool existed_at_start = false;  // see FollowedPath
    std::uint64_t size_at_start = 0;
    std::uint64_t rotations = 0;
    RotationHistory last_rotations;
    std::int64_t last_read_us = 0;
};

struct TailCounters {
    Counter files;    // followed now; not what is left alone (compressed, not a regular file)
    Counter entries;  // published, synthetic ones included
    Counter bytes;    // read
    RotationCounters rotations;
    Counter lost_bytes;  // seen to be there, and destroyed before they could be read
    // Times that more than these may have been destroyed: a truncation hides what came right before.
    Counter unknown_losses;
    Counter skipped_nul_bytes;
    Counter truncated_lines;
    Counter read_errors;
    Counter refused_links;  // times a name led somewhere and was not followed
};

struct TailPositions {
    explicit TailPositions(FileSystem& file_system) : files_open_in(file_system) {}
    ~TailPositions() {
        for (const FilePosition& position : files)
            if (position.file >= 0) files_open_in.close(position.file);
    }
    TailPositions(const TailPositions&) = delete;
    TailPositions& operator=(const TailPositions&) = delete;

    FileSystem& files_open_in;
    TailCounters counters;
    std::uint32_t file_number_max = 0;
    // TargetPlan::text() of what was followed: files that are new there are read from their first byte.
    std::vector<std::string> targets;
    // Of each, by the wall clock: what was born later, under a name that had no file yet, nobody has seen.
    std::vector<std::int64_t> seen_until_us;
    std::vector<FilePosition> files;
    std::vector<PathHistory> paths;
    std::vector<std::pair<FileIdentity, ContentMark>> remembered;
    // Of what was recorded a part is damaged: other targets may have been followed, too; and files that are known by what they hold only.
    bool damaged = false;
    std::vector<ContentMark> unnamed;
    FollowSymlinks follow_symlinks = FollowSymlinks::owned;  // by which the open files were opened
};

}  // namespace logwisp
