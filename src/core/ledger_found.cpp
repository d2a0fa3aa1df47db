// What a start finds of a ledger on the disk, and how far it can be believed.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/hash.hpp"
#include "core/ledger_file.hpp"

namespace logwisp {

namespace {
constexpr std::size_t slots_per_read = 4096;
}

// False: it is none.
Result<bool> LedgerFile::read(int file, const std::string& path, LedgerHeader& header,
                              LedgerState& state, std::uint64_t slots_max) {
    auto slots = std::make_unique<std::array<LedgerSlot, slots_per_read>>();
    std::uint64_t place = 0;
    for (;;) {
        char* const bytes = reinterpret_cast<char*>(slots->data());
        std::size_t filled = 0;
        while (filled < sizeof(*slots)) {
            const ssize_t got = ::pread(file, bytes + filled, sizeof(*slots) - filled,
                                        static_cast<off_t>(place * ledger_slot_bytes + filled));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return failure(errno, "cannot be read", path);
            if (got == 0) break;
            filled += static_cast<std::size_t>(got);
        }
        const std::size_t count =
            std::min<std::uint64_t>(filled / ledger_slot_bytes, slots_max - place);
        if (place == 0) {
            LedgerSlot first = slots->front();
            if (count != 0) header = ledger_header(first);
            if (count != 0 && header.version == 0 && ledger_mend(first, 0, 0))
                header = ledger_header(first);
            if (header.version == 0) return false;
            if (header.version > ledger_version) return true;
        }
        state.read({slots->data(), count}, header.salt, place);
        place += count;
        if (count < slots->size()) break;
    }
    state.finish();
    return true;
}

// An error is told by the next sync of what is kept on with.
void LedgerFile::sync_file(const char* suffix) const {
    const int file =
        ::openat(directory_->descriptor(), name(suffix).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return;
    (void)::fdatasync(file);
    ::close(file);
}

// What was to be replaced was not: the one before it is not there any more.
void LedgerFile::drop_second_name() {
    const int directory = directory_->descriptor();
    struct stat now;
    struct stat old;
    if (::fstatat(directory, name(".ledger").c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 &&
        ::fstatat(directory, name(".ledger.old").c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0 &&
        now.st_dev == old.st_dev && now.st_ino == old.st_ino)
        (void)::unlinkat(directory, name(".ledger.old").c_str(), 0);
}

// Whatever is forced to the disk later: that there is this ledger, and that it is not stopped any more, is on it before an entry is given
// out. A power failure would else bring back the end of an earlier run, whose next ids had been given out since.
bool LedgerFile::sync_beginning() {
    sync_began();
    if (::fdatasync(file_) != 0) return false;
    sync_ended();
    // A file system may have nothing to sync in a directory.
    return ::fsync(directory_->descriptor()) == 0 || errno == EINVAL;
}

// Every entry that was given out is in it, as far as can be seen.
bool LedgerFile::is_complete(const LedgerHeader& header, const LedgerState& state, int file) const {
    if (state.damaged_slots != 0 || header.incomplete) return false;
    // The stream ended, and some of it is not there any more.
    if (header.stopped_slots > state.valid_slots) return false;
    if (header.boot != directory_->boot())
        return header.synced || (header.stopped_slots != 0 && state.stopped);
    // A process that is killed leaves whole slots: only a page that it had begun to write is cut. Half ones come from a power failure, or from
    // whatever else may happen to a file.
    struct stat status;
    return ::fstat(file, &status) == 0 &&
           static_cast<std::uint64_t>(status.st_size) == state.valid_slots * ledger_slot_bytes;
}

}  // namespace logwisp
