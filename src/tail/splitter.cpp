#include "tail/splitter.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::size_t sequence_bytes(unsigned char lead) {
    if (lead >= 0xF0 && lead <= 0xF7) return 4;
    if (lead >= 0xE0) return 3;
    if (lead >= 0xC0) return 2;
    return 1;
}

}  // namespace

std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    for (std::size_t back = 1; back <= std::min<std::size_t>(4, bytes_max); ++back) {
        const std::size_t at = bytes_max - back;
        if ((byte(at) & 0xC0) == 0x80) continue;  // not the first byte of a sequence
        return text.substr(0, sequence_bytes(byte(at)) > back ? at : bytes_max);
    }
    return text.substr(0, bytes_max);
}

bool Splitter::next(std::string_view& chunk, SplitLine& line) {
    if (done_) forget_line();
    while (!chunk.empty()) {
        if (line_bytes_ == 0 && !passing_over_) {
            skip_nuls(chunk);
            if (chunk.empty()) return false;
        }
        const void* found = std::memchr(chunk.data(), '\n', chunk.size());
        if (found == nullptr) {
            hold(chunk);
            chunk = {};
            return false;
        }
        const auto bytes = static_cast<std::size_t>(static_cast<const char*>(found) - chunk.data());
        const std::string_view piece = chunk.substr(0, bytes);
        chunk.remove_prefix(bytes + 1);
        if (passing_over_) {
            passing_over_ = false;
            continue;
        }
        if (line_bytes_ == 0) {
            line_bytes_ = piece.size();
            finish(piece, !piece.empty() && piece.back() == '\r', line);
            line_bytes_ = 0;
        } else {
            hold(piece);
            finish({carry_.bytes.get(), carry_.used}, last_is_cr_, line);
            done_ = true;
            if (line.bytes.empty()) forget_line();
        }
        if (!line.bytes.empty()) return true;
    }
    return false;
}

bool Splitter::take_partial(SplitLine& line) {
    if (done_) forget_line();
    if (line_bytes_ == 0) return false;
    finish({carry_.bytes.get(), carry_.used}, false, line);
    done_ = true;
    passing_over_ = line.original_bytes != 0;
    return !line.bytes.empty();
}

void Splitter::begin_file() {
    if (done_) forget_line();
    CHECK(!holding());
    first_line_ = true;
    passing_over_ = false;
}

void Splitter::begin_inside(bool pass_over) {
    CHECK(!holding());
    first_line_ = false;
    passing_over_ = pass_over;
}

void Splitter::take_over(Splitter& other) {
    if (other.done_) other.forget_line();
    CHECK(!holding());
    std::swap(carry_, other.carry_);
    line_bytes_ = other.line_bytes_;
    last_is_cr_ = other.last_is_cr_;
    first_line_ = other.first_line_;
    passing_over_ = other.passing_over_;
    other.forget_line();
    other.begin_file();
}

HeldLine Splitter::take_held() {
    if (done_) forget_line();
    HeldLine line;
    if (carry_.used != 0) line.bytes.assign(carry_.bytes.get(), carry_.used);
    line.line_bytes = line_bytes_;
    line.last_is_cr = last_is_cr_;
    line.first_line = first_line_;
    line.passing_over = passing_over_;
    forget_line();
    return line;
}

void Splitter::go_on_with(const HeldLine& line) {
    CHECK(line_bytes_ == 0);
    first_line_ = line.first_line;
    passing_over_ = false;
    hold(line.bytes);
    line_bytes_ = line.line_bytes;
    last_is_cr_ = line.last_is_cr;
    passing_over_ = line.passing_over;
}

void Splitter::pass_hole(std::uint64_t bytes) {
    if (done_) forget_line();
    CHECK(skips_nuls());
    if (line_bytes_ == 0)
        skipped_nul_bytes_ += bytes;
    else
        line_bytes_ += bytes;
    last_is_cr_ = false;
}

std::uint64_t Splitter::take_skipped_nul_bytes() { return std::exchange(skipped_nul_bytes_, 0); }

void Splitter::hold(std::string_view piece) {
    if (passing_over_ || piece.empty()) return;
    // Nothing is held behind a part that was not: another splitter may have held less.
    const std::size_t room = carry_.used == line_bytes_ ? held_bytes_max() - carry_.used : 0;
    const std::string_view kept = piece.substr(0, std::min(room, piece.size()));
    if (!kept.empty()) {
        pool_->reserve(carry_, kept.size(), held_bytes_max());
        std::memcpy(carry_.bytes.get() + carry_.used, kept.data(), kept.size());
        carry_.used += static_cast<std::uint32_t>(kept.size());
    }
    line_bytes_ += piece.size();
    last_is_cr_ = piece.back() == '\r';
}

void Splitter::skip_nuls(std::string_view& chunk) {
    const std::size_t text = std::min(chunk.find_first_not_of('\0'), chunk.size());
    skipped_nul_bytes_ += text;
    chunk.remove_prefix(text);
}

void Splitter::finish(std::string_view bytes, bool last_is_cr, SplitLine& line) {
    const bool all_held = bytes.size() == line_bytes_;
    std::uint64_t content = line_bytes_ - (last_is_cr ? 1 : 0);
    if (std::exchange(first_line_, false) && bytes.starts_with(byte_order_mark)) {
        bytes.remove_prefix(byte_order_mark.size());
        content -= byte_order_mark.size();
    }
    const bool whole = all_held && content <= line_bytes_max_;
    // The byte behind the cut tells where a sequence ends.
    const std::size_t cut = std::min<std::size_t>(line_bytes_max_, bytes.size() - 1);
    line.bytes = whole ? bytes.substr(0, content) : cut_text(bytes, cut);
    line.original_bytes = whole ? 0 : content;
}

void Splitter::forget_line() {
    pool_->release(carry_);
    line_bytes_ = 0;
    last_is_cr_ = false;
    done_ = false;
}

// One byte more than a line may have, to see where the cut goes; the first line may have a byte
// order mark besides.
std::size_t Splitter::held_bytes_max() const {
    return line_bytes_max_ + std::size_t{1} + (first_line_ ? byte_order_mark.size() : 0);
}

}  // namespace logwisp
