// The text of a gzip file, piece by piece from its beginning. Input comes through the reactor; every
// piece is small, so that the owner decides how much of it one turn may cost. Whether the file is
// whole is known at its end only: each member's check is compared there. Home core's thread. The
// descriptor is the owner's.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "reactor/reactor.hpp"

namespace logwisp {

class PackedTextOwner {
  public:
    // A read has ended: ask again.
    virtual void on_packed_read() = 0;

  protected:
    ~PackedTextOwner() = default;
};

class PackedText {
  public:
    static constexpr std::size_t piece_bytes_max = 64 * 1024;

    PackedText(Reactor& reactor, PackedTextOwner& owner, int file);
    ~PackedText();  // REQUIRES: idle()
    PackedText(const PackedText&) = delete;
    PackedText& operator=(const PackedText&) = delete;

    enum class Got : std::uint8_t {
        text,     // `piece` has some
        waiting,  // on_packed_read() comes
        end,      // that was all, and its checks are right
        cut,      // the file ends in the middle: still being written, or never written to its end
        damaged,  // not gzip, or its checks are wrong
        failed,   // cannot be read: error()
    };
    // `piece` is good until the next call.
    [[nodiscard]] Got next(std::string_view& piece);
    [[nodiscard]] int error() const { return error_; }
    // Seconds since 1970, when the text was last changed, as whoever packed it wrote down; 0: not.
    [[nodiscard]] std::uint64_t written_seconds() const {
        return header_.done == 1 ? header_.time : 0;
    }

    void cancel() { reactor_.cancel(read_); }
    [[nodiscard]] bool idle() const { return !read_.in_flight(); }

  private:
    void on_read(const Outcome& outcome);
    [[nodiscard]] Got input_ended() const;

    Reactor& reactor_;
    PackedTextOwner& owner_;
    Completion read_;
    int file_;
    int error_ = 0;
    std::uint64_t input_end_ = 0;
    bool ended_ = false;        // the last read brought nothing
    bool member_over_ = false;  // what comes next, if anything, is another member
    bool text_over_ = false;
    bool output_left_ = false;  // there may be more text without more input
    z_stream unpacker_{};
    gz_header header_{};
    std::unique_ptr<char[]> input_;
    std::unique_ptr<char[]> piece_;
};

}  // namespace logwisp
