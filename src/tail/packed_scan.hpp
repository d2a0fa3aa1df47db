// What a packed file holds, as far as following wants to know: its text is run past the marks of
// what was read, and nothing of it is kept but its first bytes and the mark of its end. Pure but for
// the pieces it is fed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tail/content_mark.hpp"
#include "tail/file_system.hpp"

namespace logwisp {

struct PackedFile {
    enum class State : std::uint8_t { unknown, whole, cut, damaged, unreadable };

    std::string path;
    FileStatus status;  // of the packed file, not of its text
    State state = State::unknown;
    std::int64_t written_ns = 0;       // its text was, as far as times tell
    ContentMark end;                   // of its whole text
    std::vector<std::uint32_t> holds;  // the marks, by index, that its text holds
    std::uint64_t seen_bytes = 0;      // its size when it was found cut
    std::uint64_t changed_ms = 0;      // and since when that has been its size
    [[nodiscard]] std::uint64_t text_bytes() const { return end.position(); }
    [[nodiscard]] bool holds_mark(std::uint32_t index) const;
};

class PackedScan {
  public:
    // Keeps the reference.
    explicit PackedScan(const std::vector<ContentMark>& marks);
    void take(std::string_view piece);
    [[nodiscard]] const ContentMark& end() const { return end_; }
    [[nodiscard]] std::vector<std::uint32_t> take_holds() { return std::move(holds_); }

  private:
    const std::vector<ContentMark>& marks_;
    std::vector<std::uint32_t> by_position_;
    std::size_t next_ = 0;  // in by_position_
    std::string head_;
    ContentMark end_;
    std::vector<std::uint32_t> holds_;
};

}  // namespace logwisp
