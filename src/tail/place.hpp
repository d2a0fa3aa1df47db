// Directories that are looked into, as they stand between two turns. Owned by TailState, which does
// the work (places.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tail/file_system.hpp"

namespace logwisp {

struct IdentityHash {
    std::size_t operator()(const FileIdentity& identity) const {
        return (identity.inode * 0x9E3779B97F4A7C15ULL) ^ identity.generation ^ identity.device;
    }
};

// A directory in a role: it holds names for part `part` of a target's path, or (part == number of
// parts) files chosen by pattern.
struct Place {
    std::string path;
    FileIdentity identity;
    std::uint32_t target = 0;
    std::uint32_t part = 0;
    std::uint32_t depth = 0;           // below the directory the target names
    std::uint32_t base_bytes = 0;      // length of that directory's path
    int watch = -1;                    // -1: polled
    int error = 0;                     // why it could not be listed; said
    std::uint64_t rests_until_ms = 0;  // without events: is not listed again before
    bool to_scan = false;
    bool scan_is_told = false;
};

// A directory that a link leads to which is not followed; looked at again and again.
struct RefusedDirectory {
    std::uint32_t target = 0;
    std::string why;
};

// The names of a place that are still to be looked at.
struct Listing {
    Place* place = nullptr;  // nullptr: none
    std::vector<std::string> names;
    std::size_t next = 0;
    bool told = false;
};

}  // namespace logwisp
