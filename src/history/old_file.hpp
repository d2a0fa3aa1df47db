// A log file as it is read for the past, plain or gzip'd: a window of its text at any offset.
//
// Plain text is read through the reactor into the window. gzip'd text is unpacked from the file's
// beginning, a bounded piece at a time; going back means beginning again. Core thread. Its owner
// destroys it only when idle().
#pragma once

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "logwisp/limits.hpp"
#include "reactor/reactor.hpp"
#include "tail/file_system.hpp"

namespace logwisp {

class OldFileOwner {
  public:
    // A read has ended: ask again.
    virtual void on_file_read() = 0;

  protected:
    ~OldFileOwner() = default;
};

class OldFile {
  public:
    // So much can be wanted at a time.
    static constexpr std::size_t wanted_bytes_max = read_bytes_max;

    OldFile(Reactor& reactor, FileSystem& files, OldFileOwner& owner);
    ~OldFile();  // REQUIRES: idle()
    OldFile(const OldFile&) = delete;
    OldFile& operator=(const OldFile&) = delete;

    // Opens what `path` names now; not a regular file: EINVAL.
    [[nodiscard]] Result<void> open(const std::string& path, const LinkRule& rule);
    [[nodiscard]] const FileIdentity& identity() const { return identity_; }
    [[nodiscard]] bool packed() const { return packed_; }

    enum class Got : std::uint8_t {
        ready,    // text() has it
        waiting,  // on_file_read() comes
        again,    // ask again next turn: this turn has done enough
        nothing,  // the file does not reach so far, or cannot be read
    };
    // [begin, end) of the text. REQUIRES: end - begin <= wanted_bytes_max.
    [[nodiscard]] Got want(std::uint64_t begin, std::uint64_t end);
    // REQUIRES: want() said ready for it. line_padding_bytes readable bytes follow. Good until the
    // next want().
    [[nodiscard]] std::string_view text(std::uint64_t begin, std::uint64_t end) const {
        return {window_.get() + (begin - window_begin_), static_cast<std::size_t>(end - begin)};
    }
    // Hash of the first ledger_head_bytes of the text, as ledger_mark() wants it; 0: not known
    // (yet), or the text is shorter.
    [[nodiscard]] std::uint64_t head_hash() const { return head_hash_; }
    // Offset of the first byte at or behind `offset` that is not in a hole.
    [[nodiscard]] std::uint64_t next_data(std::uint64_t offset) {
        return packed_ ? offset : files_.next_data(file_, offset);
    }

    void cancel() { reactor_.cancel(read_); }
    [[nodiscard]] bool idle() const { return !read_.in_flight(); }

  private:
    [[nodiscard]] bool has(std::uint64_t begin, std::uint64_t end) const {
        return begin >= window_begin_ && end <= window_begin_ + window_bytes_;
    }
    Got read(char* buffer, std::size_t bytes, std::uint64_t offset);
    void on_read(const Outcome& outcome);
    Got want_plain(std::uint64_t begin);
    Got want_packed(std::uint64_t begin, std::uint64_t end);
    void unpack_from_start();
    [[nodiscard]] bool unpack();
    void make_room();

    Reactor& reactor_;
    FileSystem& files_;
    OldFileOwner& owner_;
    Completion read_;
    FileIdentity identity_;
    int file_ = -1;
    bool packed_ = false;
    std::uint64_t head_hash_ = 0;

    std::unique_ptr<char[]> window_;
    std::uint64_t window_begin_ = 0;
    std::size_t window_bytes_ = 0;
    bool reading_ = false;  // plain: the window is being filled from its beginning on
    bool ended_ = false;    // the last read brought nothing

    // Packed only.
    std::unique_ptr<z_stream> unpacker_;
    std::unique_ptr<char[]> input_;
    std::uint64_t input_end_ = 0;  // offset in the file behind what is in input_
};

}  // namespace logwisp
