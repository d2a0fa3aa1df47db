// What last happened to a followed file: told by the kernel, or found by looking. A value.
#pragma once

#include <cstdint>
#include <string_view>

namespace logwisp {

enum class FileEvent : std::uint8_t {
    found,         // and opened for the first time
    continued,     // taken over from before a reload or a restart
    written,       // the kernel told
    attributes,    // the kernel told: times, permissions, number of names
    moved,         // the kernel told
    deleted,       // the kernel told
    unwatched,     // the kernel tells no more: unmounted, or the watch was dropped
    changed,       // found by checking, without events
    truncated,     // it holds less than was read, or something else
    renamed,       // found under another name
    rotated_away,  // no followed name leads to it any more
    failed,        // it could not be opened or read
};

constexpr std::string_view event_name(FileEvent event) {
    switch (event) {
        case FileEvent::found:
            return "found";
        case FileEvent::continued:
            return "continued";
        case FileEvent::written:
            return "written";
        case FileEvent::attributes:
            return "attributes";
        case FileEvent::moved:
            return "moved";
        case FileEvent::deleted:
            return "deleted";
        case FileEvent::unwatched:
            return "unwatched";
        case FileEvent::changed:
            return "changed";
        case FileEvent::truncated:
            return "truncated";
        case FileEvent::renamed:
            return "renamed";
        case FileEvent::rotated_away:
            return "rotated away";
        case FileEvent::failed:
            return "failed";
    }
    return "";
}

}  // namespace logwisp
