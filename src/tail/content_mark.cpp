#include "tail/content_mark.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "stream/ledger_records.hpp"

namespace logwisp {

namespace {
std::uint32_t short_hash(std::string_view bytes) {
    return static_cast<std::uint32_t>(hash_more(hash_seed, bytes));
}
}  // namespace

void ContentMark::advance(std::string_view bytes) {
    if (bytes.empty()) return;
    if (head_bytes_ < content_head_bytes && head_bytes_ == position_) {
        const std::string_view head = bytes.substr(0, content_head_bytes - head_bytes_);
        head_hash_ = hash_more(head_hash_, head);
        head_bytes_ = static_cast<std::uint16_t>(head_bytes_ + head.size());
    }
    if (bytes.size() >= tail_marker_bytes) {
        std::memcpy(marker_, bytes.data() + bytes.size() - tail_marker_bytes, tail_marker_bytes);
        marker_bytes_ = tail_marker_bytes;
    } else {
        const std::size_t kept =
            std::min<std::size_t>(marker_bytes_, tail_marker_bytes - bytes.size());
        std::memmove(marker_, marker_ + marker_bytes_ - kept, kept);
        std::memcpy(marker_ + kept, bytes.data(), bytes.size());
        marker_bytes_ = static_cast<std::uint8_t>(kept + bytes.size());
    }
    position_ += bytes.size();
    if (position_ <= 2 * part_positions_[0]) return;
    part_positions_[1] = part_positions_[0];
    part_hashes_[1] = part_hashes_[0];
    part_positions_[0] = position_;
    part_hashes_[0] = short_hash(marker());
}

void ContentMark::advance_over_hole(std::uint64_t bytes) {
    static constexpr char nuls[content_head_bytes] = {};
    const std::uint64_t first = std::min<std::uint64_t>(bytes, sizeof(nuls));
    advance({nuls, first});
    position_ += bytes - first;
}

std::uint64_t ContentMark::hash() const {
    if (by_hash_) {
        std::uint64_t hash = 0;
        std::memcpy(&hash, marker_, sizeof(hash));
        return hash;
    }
    if (marker_bytes_ == 0 && position_ != 0) return 0;
    return ledger_mark(head_before(position_), marker());
}

void ContentMark::begin_by_hash(std::uint64_t position, std::uint64_t hash) {
    reset();
    position_ = position;
    by_hash_ = true;
    std::memcpy(marker_, &hash, sizeof(hash));
}

Result<void> ContentMark::begin_at(FileSystem& files, int file, std::uint64_t position) {
    reset();
    char bytes[content_head_bytes];
    const std::size_t head = std::min<std::uint64_t>(position, content_head_bytes);
    const auto found = files.read_at(file, {bytes, head}, 0);
    if (!found) return tl::make_unexpected(found.error());
    advance({bytes, *found});
    const std::size_t before = std::min<std::uint64_t>(position, tail_marker_bytes);
    const auto marked = files.read_at(file, {bytes, before}, position - before);
    if (!marked) return tl::make_unexpected(marked.error());
    // Shrunk in between: as if nothing had been read, the next look finds it so.
    if (*found != head || *marked != before) return failure(ESTALE, "read");
    std::memcpy(marker_, bytes, before);
    marker_bytes_ = static_cast<std::uint8_t>(before);
    position_ = position;
    return {};
}

Likeness ContentMark::compare_head(FileSystem& files, int file, std::uint64_t size_bytes) const {
    // Nothing speaks against it.
    if (head_bytes_ == 0 || size_bytes < head_bytes_) return Likeness::same;
    char bytes[content_head_bytes];
    const auto found = files.read_at(file, {bytes, head_bytes_}, 0);
    if (!found) return Likeness::unreadable;
    const bool same = *found == head_bytes_ && hash_more(hash_seed, {bytes, *found}) == head_hash_;
    return same ? Likeness::same : Likeness::different;
}

Likeness ContentMark::compare_part(FileSystem& files, int file, std::uint64_t size_bytes) const {
    for (std::size_t part = 0; part < std::size(part_positions_); ++part) {
        const std::uint64_t position = part_positions_[part];
        if (position == 0 || position > size_bytes) continue;
        const Likeness head = compare_head(files, file, size_bytes);
        if (head != Likeness::same) return head;
        char bytes[tail_marker_bytes];
        const std::size_t before = std::min<std::uint64_t>(position, tail_marker_bytes);
        const auto found = files.read_at(file, {bytes, before}, position - before);
        if (!found) return Likeness::unreadable;
        const bool same = *found == before && short_hash({bytes, before}) == part_hashes_[part];
        return same ? Likeness::same : Likeness::different;
    }
    return Likeness::different;
}

Likeness ContentMark::compare(FileSystem& files, int file) const {
    if (position_ == 0) return Likeness::different;
    const Likeness head = compare_head(files, file, position_);
    return head == Likeness::same ? compare_marker(files, file) : head;
}

bool ContentMark::holds(std::string_view head, std::string_view before) const {
    if (position_ == 0 || hash() == 0) return false;
    before.remove_prefix(before.size() - std::min(before.size(), tail_marker_bytes));
    if (!by_hash_)
        return before.ends_with(marker()) && head.size() >= head_bytes_ &&
               hash_more(hash_seed, head.substr(0, head_bytes_)) == head_hash_;
    const bool has_head = position_ >= ledger_head_bytes;
    return ledger_mark(has_head ? hash_more(hash_seed, head) : 0, before) == hash();
}

Likeness ContentMark::compare_marker(FileSystem& files, int file) const {
    char bytes[tail_marker_bytes];
    const std::size_t before =
        by_hash_ ? std::min<std::uint64_t>(position_, tail_marker_bytes) : marker_bytes_;
    const auto found = files.read_at(file, {bytes, before}, position_ - before);
    if (!found) return Likeness::unreadable;
    if (*found != before) return Likeness::different;
    if (!by_hash_)
        return std::string_view(bytes, before) == marker() ? Likeness::same : Likeness::different;
    std::uint64_t head = 0;
    if (position_ >= ledger_head_bytes) {
        char first[ledger_head_bytes];
        const auto read = files.read_at(file, {first, sizeof(first)}, 0);
        if (!read) return Likeness::unreadable;
        head = hash_more(hash_seed, {first, *read});
    }
    return ledger_mark(head, {bytes, before}) == hash() ? Likeness::same : Likeness::different;
}

}  // namespace logwisp
