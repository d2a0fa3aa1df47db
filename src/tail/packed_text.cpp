#include "tail/packed_text.hpp"

#include <algorithm>
#include <cerrno>

#include "base/check.hpp"

namespace logwisp {

namespace {
constexpr std::size_t input_bytes = 32 * 1024;
constexpr int gzip_only = 16 + MAX_WBITS;
constexpr char gzip_first_byte = '\x1F';
}  // namespace

PackedText::PackedText(Reactor& reactor, PackedTextOwner& owner, int file)
    : reactor_(reactor),
      owner_(owner),
      file_(file),
      input_(std::make_unique_for_overwrite<char[]>(input_bytes)),
      piece_(std::make_unique_for_overwrite<char[]>(piece_bytes_max)) {
    read_.bind<&PackedText::on_read>(*this);
    CHECK(::inflateInit2(&unpacker_, gzip_only) == Z_OK);
    CHECK(::inflateGetHeader(&unpacker_, &header_) == Z_OK);
}

PackedText::~PackedText() {
    CHECK(idle());
    ::inflateEnd(&unpacker_);
}

PackedText::Got PackedText::next(std::string_view& piece) {
    if (!idle()) return Got::waiting;
    for (;;) {
        if (text_over_) return Got::end;
        if (unpacker_.avail_in == 0 && !output_left_) {
            if (error_ != 0) return Got::failed;
            if (ended_) return input_ended();
            reactor_.read(read_, file_, {input_.get(), input_bytes}, input_end_);
            return Got::waiting;
        }
        if (member_over_) {
            // What follows the last member is padding, as gzip itself takes it.
            text_over_ = *unpacker_.next_in != static_cast<Bytef>(gzip_first_byte);
            if (text_over_) continue;
            CHECK(::inflateReset(&unpacker_) == Z_OK);
            member_over_ = false;
        }
        unpacker_.next_out = reinterpret_cast<Bytef*>(piece_.get());
        unpacker_.avail_out = static_cast<uInt>(piece_bytes_max);
        const int result = ::inflate(&unpacker_, Z_NO_FLUSH);
        member_over_ = result == Z_STREAM_END;
        output_left_ = !member_over_ && unpacker_.avail_out == 0;
        const bool no_progress = result == Z_BUF_ERROR && unpacker_.avail_in == 0;
        if (result != Z_OK && !member_over_ && !no_progress) return Got::damaged;
        const std::size_t bytes = piece_bytes_max - unpacker_.avail_out;
        if (bytes == 0) continue;
        piece = {piece_.get(), bytes};
        return Got::text;
    }
}

PackedText::Got PackedText::input_ended() const { return member_over_ ? Got::end : Got::cut; }

void PackedText::on_read(const Outcome& outcome) {
    error_ = outcome.result < 0 && outcome.result != -EINTR ? -outcome.result : 0;
    const auto bytes = static_cast<std::size_t>(std::max(outcome.result, 0));
    ended_ = outcome.result == 0;
    unpacker_.next_in = reinterpret_cast<Bytef*>(input_.get());
    unpacker_.avail_in = static_cast<uInt>(bytes);
    input_end_ += bytes;
    owner_.on_packed_read();
}

}  // namespace logwisp
