// A stream's past as it lies on the disk: log files and the ledger that says what was read of them, written by hand, so that a test knows
// every entry.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "base/hash.hpp"
#include "stream/ledger_records.hpp"
#include "stream/ledger_state.hpp"
#include "tail/identity.hpp"

namespace logwisp::test {

struct Directory {
    Directory() {
        char name[] = "/tmp/logwisp-history-XXXXXX";
        CHECK(::mkdtemp(name) != nullptr);
        path = name;
    }
    ~Directory() { std::filesystem::remove_all(path); }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    [[nodiscard]] std::string operator/(std::string_view name) const {
        return path + "/" + std::string(name);
    }
    std::string path;
};

inline void write_file(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// As gzip does it; `members` of them, one behind the other.
inline void write_packed(const std::string& path, std::string_view text, std::size_t members = 1) {
    ::unlink(path.c_str());
    const std::size_t part = text.size() / members + 1;
    for (; !text.empty(); text.remove_prefix(std::min(part, text.size()))) {
        const std::string_view piece = text.substr(0, part);
        gzFile file = ::gzopen(path.c_str(), "ab");
        CHECK(file != nullptr);
        CHECK(::gzwrite(file, piece.data(), static_cast<unsigned>(piece.size())) ==
              static_cast<int>(piece.size()));
        CHECK(::gzclose(file) == Z_OK);
    }
}

class LedgerOnDisk {
  public:
    LedgerOnDisk(const std::string& path, const char* ending, std::uint64_t first_sequence,
                 std::int64_t made_us)
        : file_(::open((path + ending).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)),
          salt_(static_cast<std::uint64_t>(made_us) * 2 + 1) {
        CHECK(file_ >= 0);
        LedgerHeader header;
        header.salt = salt_;
        header.first_sequence = first_sequence;
        header.made_us = made_us;
        const LedgerSlot slot = ledger_header_slot(header);
        CHECK(::pwrite(file_, &slot, sizeof(slot), 0) == sizeof(slot));
    }
    ~LedgerOnDisk() { ::close(file_); }
    LedgerOnDisk(const LedgerOnDisk&) = delete;
    LedgerOnDisk& operator=(const LedgerOnDisk&) = delete;

    void add_file(std::uint32_t number, const std::string& path, std::uint64_t sequence) {
        const auto status = real_status(path);
        CHECK(status.has_value());
        add_file(number, path, sequence, status->identity);
    }
    void add_file(std::uint32_t number, const std::string& path, std::uint64_t sequence,
                  const FileIdentity& identity) {
        LedgerSlot file;
        file.kind = LedgerKind::file;
        file.file = number;
        file.begin = identity.device;
        file.end = identity.inode;
        file.mark = identity.generation;
        std::string text = path;
        text.push_back('\0');
        text.append(path).push_back('\0');
        text.append("app.log").push_back('\0');
        records_.add(0, file, text);
        seal(sequence);
    }
    // `entries` lines of `text` at [begin, end) are entries from `sequence` on.
    void add_run(std::uint32_t number, std::string_view text, std::uint64_t begin,
                 std::uint64_t end, std::uint64_t sequence, std::uint32_t entries,
                 std::int64_t time_us, std::uint8_t flags = 0) {
        const std::uint64_t head =
            end >= ledger_head_bytes ? hash_more(hash_seed, text.substr(0, ledger_head_bytes)) : 0;
        const std::uint64_t before = end - std::min<std::uint64_t>(end, ledger_mark_bytes);
        for (std::uint32_t entry = 0; entry < entries; ++entry)
            records_.line(entry, number, entry == 0 ? begin : end, end, time_us, flags, head,
                          text.substr(before, end - before));
        seal(sequence);
    }
    // Slots that say nothing of entries.
    void add_noise(std::uint64_t sequence, std::string_view text) {
        LedgerSlot path;
        path.kind = LedgerKind::path;
        records_.add(0, path, text);
        seal(sequence);
    }
    void cut(std::uint64_t bytes) {
        CHECK(::ftruncate(file_, static_cast<off_t>(place_ * ledger_slot_bytes - bytes)) == 0);
    }
    [[nodiscard]] std::uint64_t slots() const { return place_; }

  private:
    void seal(std::uint64_t sequence) {
        const auto slots = records_.seal(sequence, salt_, place_, places_);
        CHECK(::pwrite(file_, slots.data(), slots.size_bytes(),
                       static_cast<off_t>(place_ * ledger_slot_bytes)) ==
              static_cast<ssize_t>(slots.size_bytes()));
        place_ += slots.size();
        records_.clear();
    }

    int file_;
    std::uint64_t salt_;
    std::uint64_t place_ = 1;
    LedgerRecords records_;
    LedgerPlaces places_;
};

}  // namespace logwisp::test
