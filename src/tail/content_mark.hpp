// How far a file was read, and what stood there: enough to see that what was read is not what the
// file holds now. One per file.
//
// The marker (the last bytes before the position) is compared with every read and catches a file
// that was truncated and has grown past the old position; with the head it recognises a copy of the
// file (copytruncate's) as already read.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.hpp"
#include "logwisp/limits.hpp"
#include "stream/ledger_records.hpp"
#include "tail/file_system.hpp"

namespace logwisp {

// A copy is recognised by so many bytes at its beginning and by the marker.
inline constexpr std::size_t content_head_bytes = ledger_head_bytes;

// Whether a file holds what was read. A file that cannot be read just now must not be taken for
// another one: it would be read a second time.
enum class Likeness : std::uint8_t { same, different, unreadable };

class ContentMark {
  public:
    [[nodiscard]] std::uint64_t position() const { return position_; }
    // The bytes right before the position, at most tail_marker_bytes.
    [[nodiscard]] std::string_view marker() const { return {marker_, marker_bytes_}; }

    // As the ledger has it: ledger_mark(); 0: none.
    [[nodiscard]] std::uint64_t hash() const;
    // Of the file's first bytes as far as `end`, for ledger_mark().
    [[nodiscard]] std::uint64_t head_before(std::uint64_t end) const {
        return end >= ledger_head_bytes ? head_hash_ : 0;
    }

    // These bytes come next in the file.
    void advance(std::string_view bytes);
    // So many NULs come next.
    void advance_over_hole(std::uint64_t bytes);
    void reset() { *this = ContentMark(); }
    // Begins at `position` of a file that nobody has read: reads its head and the marker.
    Result<void> begin_at(FileSystem& files, int file, std::uint64_t position);

    // Begins at `position`, of which only the hash of the bytes before it is known (ledger_mark()).
    // Good for matches(); marker() is empty until begin_at() has seen the bytes.
    void begin_by_hash(std::uint64_t position, std::uint64_t hash);
    [[nodiscard]] bool by_hash() const { return by_hash_; }
    // Begins at `position` without knowing what stands before it.
    void begin_unmarked(std::uint64_t position) {
        reset();
        position_ = position;
    }

    // The file is `size_bytes` long, shorter than what was read here: is it the beginning of that?
    // A copy made before the last lines were written. Told by its head and by the newest part mark
    // that lies within it; `different` when there is none.
    [[nodiscard]] Likeness compare_part(FileSystem& files, int file,
                                        std::uint64_t size_bytes) const;
    // The file begins as this one did (as far as both reach) and, when it reaches that far, has the
    // same bytes before the position.
    [[nodiscard]] Likeness compare_head(FileSystem& files, int file,
                                        std::uint64_t size_bytes) const;
    [[nodiscard]] Likeness compare(FileSystem& files, int file) const;
    // The same, of a text that is not in a file: its first bytes (content_head_bytes of them, or all
    // as far as the position) and the bytes right before the position (tail_marker_bytes or all).
    [[nodiscard]] bool holds(std::string_view head, std::string_view before) const;
    // The bytes before the position are (still) what was read.
    [[nodiscard]] Likeness compare_marker(FileSystem& files, int file) const;

  private:
    // What stood before two earlier positions, newest first; 0: none. The older lies between a
    // quarter and a half of the position, or is where the first bytes ended.
    std::uint64_t part_positions_[2] = {};
    std::uint32_t part_hashes_[2] = {};
    std::uint64_t position_ = 0;
    std::uint64_t head_hash_ = hash_seed;
    std::uint16_t head_bytes_ = 0;
    std::uint8_t marker_bytes_ = 0;
    bool by_hash_ = false;  // the hash is in marker_
    char marker_[tail_marker_bytes] = {};
};

}  // namespace logwisp
