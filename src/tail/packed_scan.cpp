#include "tail/packed_scan.hpp"

#include <algorithm>
#include <numeric>

namespace logwisp {

bool PackedFile::holds_mark(std::uint32_t index) const {
    return std::find(holds.begin(), holds.end(), index) != holds.end();
}

PackedScan::PackedScan(const std::vector<ContentMark>& marks)
    : marks_(marks), by_position_(marks.size()) {
    std::iota(by_position_.begin(), by_position_.end(), 0u);
    std::sort(by_position_.begin(), by_position_.end(), [&](std::uint32_t a, std::uint32_t b) {
        return marks[a].position() < marks[b].position();
    });
    // Before its first byte every text is the same.
    while (next_ < by_position_.size() && marks[by_position_[next_]].position() == 0) ++next_;
}

void PackedScan::take(std::string_view piece) {
    if (head_.size() < content_head_bytes)
        head_.append(piece.substr(0, content_head_bytes - head_.size()));
    const std::uint64_t begin = end_.position();
    const std::string before_piece(end_.marker());
    for (; next_ < by_position_.size(); ++next_) {
        const std::uint32_t index = by_position_[next_];
        const ContentMark& mark = marks_[index];
        if (mark.position() > begin + piece.size()) break;
        const std::string_view text = piece.substr(0, mark.position() - begin);
        const bool held = text.size() >= tail_marker_bytes
                              ? mark.holds(head_, text)
                              : mark.holds(head_, before_piece + std::string(text));
        if (held) holds_.push_back(index);
    }
    end_.advance(piece);
}

}  // namespace logwisp
