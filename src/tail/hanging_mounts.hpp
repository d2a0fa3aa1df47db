// Which mounts that may hang a target leads onto, decided without asking any of them. Pure but for
// the links it is given.
#pragma once

#include <vector>

#include "base/mounts.hpp"
#include "logwisp/config.hpp"

namespace logwisp {

// By the target's own path and the links in it, and by the mounts below it that its globs, or
// recursion, lead into. Not by links that only a listing finds.
std::vector<Mount> hanging_mounts_of(const Target& target, const MountTable& mounts,
                                     const ReadLink& read_link);

}  // namespace logwisp
