// What a Tail wants its inotify watches for, and what it was told by them. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tail/follower.hpp"
#include "tail/place.hpp"

namespace logwisp {

// An event as it is kept until the end of the turn's events.
struct NotedEvent {
    int watch;
    std::uint32_t mask;
    std::string name;
};

// Who wants to know of a directory's names.
struct NamesUse {
    std::vector<Place*> places;
    // Paths whose symbolic links lead through this directory, with the name there.
    std::vector<std::pair<std::string, std::string>> links;
    bool missing_root = false;  // nearest existing ancestor of a root that is not there

    [[nodiscard]] bool empty() const { return places.empty() && links.empty() && !missing_root; }
};

// Whoever uses a watch of this Tail: for nearly all of them one file.
struct WatchUse {
    Follower* follower = nullptr;
    std::unique_ptr<NamesUse> names;  // from the first time somebody wants to know them

    [[nodiscard]] bool empty() const {
        return follower == nullptr && (names == nullptr || names->empty());
    }
};

}  // namespace logwisp
