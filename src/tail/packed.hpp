// Work that packed files make, as it stands between two turns. A search looks into the packed
// siblings of one file; what it finds is then unpacked, piece by piece, into a file without a name
// that a follower reads like any other. Owned by TailState, which does the work (searching.cpp,
// unpacking.cpp).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tail/packed_choice.hpp"
#include "tail/packed_scan.hpp"
#include "tail/packed_text.hpp"

namespace logwisp {

struct Follower;
struct TailState;

// Which packed files are looked into.
struct PackedBounds {
    const std::string& original;  // the path that rotation made their names of
    FileIdentity identity;        // of a packed text: that one is
    std::int64_t born_ns = 0;     // not before
    std::int64_t written_ns = 0;  // not long before
};

// For what follows on `old`: its rest, when that is only in a packed file, and the generations that
// came after it. Until it is over `old` is `searching`, and what waits for it waits on.
struct PackedSearch {
    Follower* old = nullptr;
    bool rest_is_packed = false;
    bool generations = false;
    bool unread = false;   // something of it is lost if it is not found
    bool is_copy = false;  // `old` stands for the copy of a file that was truncated
    bool listed = false;
    std::uint64_t again_ms = 0;  // not before
    std::vector<PackedFile> files;
    std::vector<ContentMark> marks;  // the first is old's
    std::size_t at = 0;              // the file that is being looked into
    int file = -1;                   // and is open
    std::unique_ptr<PackedScan> scan;
    std::unique_ptr<PackedText> text;
};

// The text of a packed file on its way to its follower. Offsets are those of the text: what lies
// before the follower's first position is a hole, but for what recognises it.
struct Unpacking {
    Follower* follower = nullptr;
    std::string path;
    FileIdentity identity;  // of the packed file
    std::uint64_t text_bytes = 0;
    std::uint64_t kept_from = 0;  // what lies before is not written
    std::uint64_t position = 0;   // so far it is unpacked
    std::uint64_t freed = 0;      // so far it is read and given back
    std::uint64_t again_ms = 0;   // no descriptor: not before
    bool done = false;
    int file = -1;  // the packed one
    std::unique_ptr<PackedText> text;
};

}  // namespace logwisp
