#include "history/old_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.hpp"
#include "base/hash.hpp"
#include "stream/ledger_records.hpp"
#include "tail/targets.hpp"

namespace logwisp {

namespace {
// What is wanted, and what its mark is made of.
constexpr std::size_t plain_window_bytes = OldFile::wanted_bytes_max + ledger_mark_bytes;
// Unpacked text cannot be read again where it stands: half a window is kept behind the newest.
constexpr std::size_t packed_window_bytes = 2 * plain_window_bytes;
constexpr std::size_t input_bytes = 32 * 1024;
// A turn unpacks no more of a file than this: a few bytes of a bomb are a gigabyte of text.
constexpr std::size_t unpacked_bytes_per_turn = 256 * 1024;
constexpr int gzip_only = 16 + MAX_WBITS;
}  // namespace

OldFile::OldFile(Reactor& reactor, FileSystem& files, OldFileOwner& owner)
    : reactor_(reactor), files_(files), owner_(owner) {
    read_.bind<&OldFile::on_read>(*this);
}

OldFile::~OldFile() {
    CHECK(idle());
    if (unpacker_ != nullptr) ::inflateEnd(unpacker_.get());
    if (file_ >= 0) files_.close(file_);
}

Result<void> OldFile::open(const std::string& path, const LinkRule& rule) {
    CHECK(file_ < 0);
    const auto opened = files_.open_guarded(path, rule);
    if (!opened) return tl::unexpected(opened.error());
    file_ = *opened;
    const auto status = files_.status(file_);
    if (!status) return tl::unexpected(status.error());
    if (status->kind != FileKind::regular) return failure(EINVAL, "not a regular file", path);
    identity_ = status->identity;
    char head[ledger_head_bytes];
    const auto got = files_.read_at(file_, head, 0);
    if (!got) return tl::unexpected(got.error());
    const std::string_view bytes(head, *got);
    packed_ = is_compressed(bytes);
    if (packed_ && !bytes.starts_with("\x1F\x8B"))
        return failure(ENOTSUP, "compressed by something else than gzip", path);
    if (!packed_ && bytes.size() == ledger_head_bytes) head_hash_ = hash_more(hash_seed, bytes);
    return {};
}

OldFile::Got OldFile::want(std::uint64_t begin, std::uint64_t end) {
    CHECK(begin <= end && end - begin <= plain_window_bytes);
    if (!idle()) return Got::waiting;
    if (window_ == nullptr) {
        const std::size_t bytes = packed_ ? packed_window_bytes : plain_window_bytes;
        window_ = std::make_unique_for_overwrite<char[]>(bytes + line_padding_bytes);
    }
    if (has(begin, end)) return Got::ready;
    return packed_ ? want_packed(begin, end) : want_plain(begin);
}

OldFile::Got OldFile::want_plain(std::uint64_t begin) {
    if (!reading_ || begin != window_begin_) {
        window_begin_ = begin;
        window_bytes_ = 0;
    } else if (ended_) {
        reading_ = false;  // asked again, it looks whether there is more by then
        return Got::nothing;
    }
    reading_ = true;
    return read(window_.get() + window_bytes_, plain_window_bytes - window_bytes_,
                window_begin_ + window_bytes_);
}

OldFile::Got OldFile::read(char* buffer, std::size_t bytes, std::uint64_t offset) {
    reactor_.read(read_, file_, {buffer, bytes}, offset);
    return Got::waiting;
}

void OldFile::on_read(const Outcome& outcome) {
    const auto bytes = static_cast<std::size_t>(std::max(outcome.result, 0));
    ended_ = bytes == 0 && outcome.result != -EINTR;
    if (packed_) {
        unpacker_->next_in = reinterpret_cast<Bytef*>(input_.get());
        unpacker_->avail_in = static_cast<uInt>(bytes);
        input_end_ += bytes;
    } else {
        window_bytes_ += bytes;
    }
    owner_.on_file_read();
}

// --- gzip. ---

OldFile::Got OldFile::want_packed(std::uint64_t begin, std::uint64_t end) {
    if (unpacker_ == nullptr || begin < window_begin_) unpack_from_start();
    std::size_t unpacked = 0;
    while (!has(begin, end)) {
        if (unpacker_->avail_in == 0) {
            if (ended_) return Got::nothing;
            return read(input_.get(), input_bytes, input_end_);
        }
        if (unpacked >= unpacked_bytes_per_turn) return Got::again;
        const std::uint64_t before = window_begin_ + window_bytes_;
        if (!unpack()) return Got::nothing;
        unpacked += window_begin_ + window_bytes_ - before;
    }
    return Got::ready;
}

void OldFile::unpack_from_start() {
    if (unpacker_ == nullptr) {
        unpacker_ = std::make_unique<z_stream>();
        input_ = std::make_unique_for_overwrite<char[]>(input_bytes);
        CHECK(::inflateInit2(unpacker_.get(), gzip_only) == Z_OK);
    } else {
        CHECK(::inflateReset(unpacker_.get()) == Z_OK);
    }
    unpacker_->avail_in = 0;
    window_begin_ = 0;
    window_bytes_ = 0;
    input_end_ = 0;
    ended_ = false;
}

// Some more of the input. False: it is damaged.
bool OldFile::unpack() {
    if (window_bytes_ == packed_window_bytes) make_room();
    const std::size_t room = packed_window_bytes - window_bytes_;
    unpacker_->next_out = reinterpret_cast<Bytef*>(window_.get() + window_bytes_);
    unpacker_->avail_out = static_cast<uInt>(room);
    const int result = ::inflate(unpacker_.get(), Z_NO_FLUSH);
    const std::size_t before = window_bytes_;
    window_bytes_ += room - unpacker_->avail_out;
    if (window_begin_ == 0 && before < ledger_head_bytes && window_bytes_ >= ledger_head_bytes)
        head_hash_ = hash_more(hash_seed, text(0, ledger_head_bytes));
    // Another member may follow.
    if (result == Z_STREAM_END) return ::inflateReset(unpacker_.get()) == Z_OK;
    return result == Z_OK || (result == Z_BUF_ERROR && unpacker_->avail_in == 0);
}

void OldFile::make_room() {
    const std::size_t gone = packed_window_bytes - plain_window_bytes;
    std::memmove(window_.get(), window_.get() + gone, plain_window_bytes);
    window_begin_ += gone;
    window_bytes_ = plain_window_bytes;
}

}  // namespace logwisp
