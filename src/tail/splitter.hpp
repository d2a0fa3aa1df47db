// Bytes to whole lines, across reads, bounded. Pure: the bytes come from one file in order, whoever
// reads them. One per file.
//
// Lines end at LF; one CR before it goes; empty lines and NULs at the beginning of a line (a hole
// that copytruncate left) are skipped. A line longer than line_bytes_max is cut to that, never
// inside a UTF-8 sequence, and the rest of it is passed over. A byte order mark in front of the
// file's first line goes. What has no LF yet is held; never more than line_bytes_max of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tail/carry.hpp"

namespace logwisp {

struct SplitLine {
    std::string_view bytes;            // at least line_padding_bytes readable bytes follow
    std::uint64_t original_bytes = 0;  // not 0: `bytes` is only the beginning of a line of so many
};

// Where a splitter stands, as a value: another one goes on there.
struct HeldLine {
    std::string bytes;             // of the line whose LF has not come yet
    std::uint64_t line_bytes = 0;  // of it so far, also those not held
    bool last_is_cr = false;
    bool first_line = true;
    bool passing_over = false;
};

class Splitter {
  public:
    Splitter(std::uint32_t line_bytes_max, CarryPool& pool)
        : pool_(&pool), line_bytes_max_(line_bytes_max) {}
    ~Splitter() { pool_->release(carry_); }
    Splitter(const Splitter&) = delete;
    Splitter& operator=(const Splitter&) = delete;

    // Takes bytes off the front of `chunk` until a line is whole (true; `line` is valid until the
    // next call) or the chunk is used up (false). REQUIRES: line_padding_bytes readable bytes
    // behind `chunk`.
    bool next(std::string_view& chunk, SplitLine& line);
    // Gives what is held of a line without LF, if anything. What follows of the line then counts as
    // another one.
    bool take_partial(SplitLine& line);
    [[nodiscard]] bool holding() const { return line_bytes_ != 0 && !done_; }

    // What follows begins another file: nothing is held, a byte order mark may come. REQUIRES:
    // !holding().
    void begin_file();
    // What follows begins in the middle of a file, at a line's start or (pass_over) inside a line
    // nobody wants.
    void begin_inside(bool pass_over);
    // Takes over what `other` holds. REQUIRES: this holds nothing.
    void take_over(Splitter& other);
    // Gives up what is held, for go_on_with() of another one.
    [[nodiscard]] HeldLine take_held();
    // REQUIRES: nothing came yet.
    void go_on_with(const HeldLine& line);
    // As if `bytes` NULs had come. Only where NULs are not kept: see skips_nuls().
    void pass_hole(std::uint64_t bytes);
    // At a line's start, or in a part of a line that is passed over.
    [[nodiscard]] bool skips_nuls() const {
        return line_bytes_ == 0 || done_ || passing_over_ || line_bytes_ > line_bytes_max_;
    }

    // Of the line whose LF has not come yet, held or not.
    [[nodiscard]] std::uint64_t line_bytes() const { return done_ ? 0 : line_bytes_; }
    // Inside a line whose beginning was given or that nobody wants, up to its LF.
    [[nodiscard]] bool passing_over() const { return passing_over_; }

    // NULs skipped since the last call.
    std::uint64_t take_skipped_nul_bytes();

  private:
    void hold(std::string_view piece);
    void skip_nuls(std::string_view& chunk);
    void finish(std::string_view bytes, bool last_is_cr, SplitLine& line);
    void forget_line();
    [[nodiscard]] std::size_t held_bytes_max() const;

    CarryPool* pool_;
    Carry carry_;
    std::uint64_t line_bytes_ = 0;  // of the line so far, also those not held
    std::uint64_t skipped_nul_bytes_ = 0;
    std::uint32_t line_bytes_max_;
    bool last_is_cr_ = false;
    bool first_line_ = true;     // of the file
    bool passing_over_ = false;  // up to the next LF
    bool done_ = false;          // the line given last was in carry_
};

// The longest prefix of at most `bytes_max` bytes that ends at the end of a UTF-8 sequence (or at
// bytes_max when it is not UTF-8).
std::string_view cut_text(std::string_view text, std::size_t bytes_max);

}  // namespace logwisp
