// One followed file, and the paths it is known by. Home core's thread; owned by Tail::State, which
// does all the work: here is only what is remembered between two looks. An idle follower holds no
// buffer and no line.
//
// A path names one file after another (rotation); a file may have several paths (hard links,
// symbolic links) or none any more (rotated away, deleted). So the two are kept apart:
// FollowedPath.current is the file last seen under the path, Follower.primary the path the file is
// looked for under, Follower.origin the path its entries are told to come from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tail/content_mark.hpp"
#include "tail/file_event.hpp"
#include "tail/file_system.hpp"
#include "tail/position.hpp"
#include "tail/retry_list.hpp"
#include "tail/splitter.hpp"

namespace logwisp {

struct Follower;
struct ReadSlot;

struct FollowedPath {
    const std::string* key = nullptr;  // its own in TailState::paths
    std::uint32_t target = 0;          // index; its options count
    std::uint16_t source_begin = 0;    // the source is the path from here
    bool existed_at_start = false;     // then `from` says where its first file begins
    bool had_file = false;             // the next one is a rotation
    bool refused = false;              // not a regular file, or see `refusal`; said so
    bool told_refusal = false;         // ever
    bool told_error = false;           // said once until it works again
    bool leads_nowhere = false;        // a symbolic link to nothing
    bool other_name = false;           // of a file that is read under another one
    int error = 0;                     // why it cannot be looked at or opened
    std::uint64_t size_at_start = 0;   // bytes that were there when following began
    std::uint32_t followers = 0;       // that have it as origin or primary
    Follower* current = nullptr;       // see set_current()
    std::uint64_t rotations = 0;
    std::unique_ptr<RotationHistory> last_rotations;  // once there was one
    std::int64_t last_read_us = 0;
    std::unique_ptr<std::string> refusal;  // why the path is not followed to a file
    Retry retry;

    [[nodiscard]] const std::string& path() const { return *key; }
    [[nodiscard]] std::string_view source() const {
        return std::string_view(path()).substr(source_begin);
    }
};

struct Follower {
    Follower(std::uint32_t line_bytes_max, CarryPool& pool) : splitter(line_bytes_max, pool) {}

    FileIdentity identity;
    FollowedPath* primary = nullptr;
    FollowedPath* origin = nullptr;
    int file = -1;                 // -1: closed to save a descriptor; opened again by `primary`
    int watch = -1;                // -1: no events, checked periodically
    std::uint32_t index = 0;       // in the list of all
    std::uint32_t number = 0;      // in the ledger; 0: none yet
    std::uint32_t current_of = 0;  // so many paths
    ContentMark mark;              // its position() is how far was read
    Splitter splitter;
    std::uint64_t known_size_bytes = 0;  // when last looked at
    std::uint64_t entries = 0;           // published from this file
    std::int64_t modified_ns = 0;
    std::int64_t born_ns = 0;
    Notice notice;
    // What had been read before the last truncation: recognises the copy that copytruncate made.
    std::unique_ptr<ContentMark> before_truncation;

    Follower* next_queued = nullptr;
    ReadSlot* slot = nullptr;       // its bytes are being read or split
    Follower* waits_for = nullptr;  // is read to its end first
    Follower* successor = nullptr;  // waits for this
    std::uint64_t end_bytes =
        0;  // retired: the size it had then; once read so far, the successor begins
    std::uint64_t changed_ms =
        0;  // last time something was read or looked for in vain while retired or in doubt
    std::uint64_t held_since_ms = 0;  // since when the partial line is held
    std::uint64_t seen_ns =
        0;  // when it was seen to have what is not being read yet; 0: it has not
    std::int64_t event_us = 0;  // when `last_event` was, by the wall clock
    Retry retry;
    int error = 0;

    FileEvent last_event = FileEvent::found;
    bool queued : 1 = false;
    bool just_read : 1 = false;      // and not looked at since
    bool on_disk : 1 = false;        // what comes next, unless this is the end
    bool again : 1 = false;          // look once more when the slot is done
    bool retired : 1 = false;        // no path names it: read on until idle
    bool finishing : 1 = false;      // publish what is held, then close
    bool flush_partial : 1 = false;  // publish what is held, then go on
    bool maybe_copy : 1 =
        false;  // its first bytes decide whether it is a copy of a file that was read already
    bool at_start : 1 = false;  // nothing of it was read: its first bytes decide whether it is text
    bool refused : 1 = false;   // compressed: left alone
    bool told_error : 1 = false;
    bool recently_used : 1 = false;   // for the choice of descriptors to close
    bool time_went_back : 1 = false;  // the modification time did, and nothing was read since
    bool in_holding : 1 = false;
    bool gone_unread : 1 = false;   // deleted while closed, with something to read
    bool recorded : 1 = false;      // the ledger knows its number and its names
    bool position_due : 1 = false;  // the ledger is to be told where it stands
    bool searching : 1 = false;     // packed files are looked into for what follows on it
    bool unpacking : 1 = false;     // its text comes out of a packed file
    bool renamed : 1 =
        false;  // `origin` follows `primary` once everything written under the old name was read
    std::uint16_t recorded_source_bytes = 0;  // of the source that the ledger knows

    // It was read as far as `mark` says, and goes on there.
    void go_on(bool pass_over) {
        splitter.begin_inside(pass_over);
        at_start = false;
    }
    [[nodiscard]] bool at_end() const { return mark.position() >= known_size_bytes; }
    // What is lost if nothing more of it can be read.
    [[nodiscard]] Loss unread() const {
        return {at_end() ? 0 : known_size_bytes - mark.position(), true};
    }
};

// With its two paths and the maps' nodes an idle follower stays below 1 KiB.
static_assert(sizeof(Follower) <= 448);

}  // namespace logwisp
