// Which packed files hold what was not read. A packed file has lost everything that tells files
// apart but its content, its name and its times, so:
//
//   - what holds at the recorded position what was read there is the file that was read. It is
//     believed at once, whatever its name and times are;
//   - what was never seen is taken for a later generation only when content, name and time all say
//     so: it is nothing that was read, its name comes after the old file's, and it was written after
//     the old file was.
//
// What content and name say and time does not is undecided. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tail/packed_scan.hpp"

namespace logwisp {

struct PackedQuestion {
    std::string original;  // the name that was rotated away
    // The old file, after which the generations came. Its mark is the first one of the scan.
    bool rest_is_packed =
        false;  // it is not there as it was: where is what follows on its position?
    std::uint64_t rest_position = 0;
    std::optional<FileIdentity> rest_identity;  // known to be in this packed file
    std::string plain_name;       // what it is called now; empty: nothing that is known
    std::int64_t written_ns = 0;  // it was written or read last
    bool generations = false;     // are there such?
};

struct PackedChoice {
    std::optional<std::size_t> rest;
    std::vector<std::size_t> generations;  // oldest first
    std::vector<std::size_t> undecided;
};

// Oldest first: by name where all names count alike, else by time.
void sort_packed(std::string_view original, std::vector<PackedFile>& files);

// REQUIRES: `files` are sorted. `marks` are what they were scanned for; the second one and those
// after it are of other files that were read, to their end as far as is known. `read` tells of each
// file what else speaks for its having been read.
PackedChoice choose_packed(const PackedQuestion& question, const std::vector<PackedFile>& files,
                           const std::vector<ContentMark>& marks, const std::vector<bool>& read);

}  // namespace logwisp
