#include "core/ledger_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <tuple>
#include <utility>

#include "base/check.hpp"

namespace logwisp {

namespace {

constexpr std::uint64_t try_again_ms = 1000;
constexpr std::uint64_t look_again_ms = 1000;
// Short, for it is in every id, and enough that no two of a stream are the same.
constexpr std::uint64_t epoch_mask = 0xFFFF'FFFF'FFFF;

std::uint64_t random_salt() {
    std::random_device device;
    const std::uint64_t salt = (std::uint64_t{device()} << 32) | device();
    return salt != 0 ? salt : 1;
}

bool write_all(int file, const void* bytes, std::size_t count, std::uint64_t offset) {
    const char* at = static_cast<const char*>(bytes);
    while (count != 0) {
        const ssize_t written = ::pwrite(file, at, count, static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written == 0) errno = ENOSPC;
        if (written <= 0) return false;
        at += written;
        offset += static_cast<std::uint64_t>(written);
        count -= static_cast<std::size_t>(written);
    }
    return true;
}

// By the sandbox, by permissions, or by a unit that leaves the system read-only: its manager makes the directory at the start.
bool is_forbidden(int error) { return error == EACCES || error == EPERM || error == EROFS; }

bool is_full(int error) { return error == ENOSPC || error == EDQUOT; }

}  // namespace

LedgerFile::LedgerFile(std::shared_ptr<StateDirectory> directory, std::string stream,
                       const StateConfig& config)
    : directory_(std::move(directory)),
      stream_(std::move(stream)),
      config_(config),
      file_name_(state_file_name(stream_)),
      whole_path_(path(".ledger")) {}

LedgerFile::~LedgerFile() {
    if (file_ >= 0) ::close(file_);
    leave_old();
    give_up_spare();
    if (claimed_) directory_->release(file_name_);
}

std::string LedgerFile::name(const char* suffix) const { return file_name_ + suffix; }
std::string LedgerFile::path(const char* suffix) const {
    return directory_->path() + "/" + name(suffix);
}

Result<std::unique_ptr<LedgerFile>> LedgerFile::open(std::shared_ptr<StateDirectory> directory,
                                                     std::string stream, const StateConfig& config,
                                                     std::int64_t wall_us) {
    std::unique_ptr<LedgerFile> ledger(
        new LedgerFile(std::move(directory), std::move(stream), config));
    if (!ledger->directory_->claim(ledger->file_name_))
        return failure(
            0, "its ledger is still in use by the stream that is being closed: reload again",
            ledger->stream_);
    ledger->claimed_ = true;
    if (auto recovered = ledger->recover(wall_us); !recovered)
        return tl::unexpected(recovered.error());
    if (ledger->keeping_ && !ledger->sync_beginning()) ledger->failed(errno);
    ledger->keep_spare();
    return ledger;
}

// --- What is there. ---

Result<void> LedgerFile::recover(std::int64_t wall_us) {
    const int directory = directory_->descriptor();
    // A new one that was whole when the process ended takes its place. After a power failure it may be of any age, and no entry was given out
    // on its word alone, unless it had begun to take its place.
    const int half_new =
        ::openat(directory, name(".ledger.new").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (half_new >= 0) {
        LedgerHeader header;
        LedgerState state;
        const auto whole = read(half_new, path(".ledger.new"), header, state);
        ::close(half_new);
        const bool replacing =
            ::faccessat(directory, name(".ledger").c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0;
        if (whole && *whole && header.version == ledger_version && state.damaged_slots == 0 &&
            (header.boot == directory_->boot() || replacing)) {
            begun_anew_ = true;
            // As the recorder would have done it.
            sync_file(".ledger");
            sync_file(".ledger.new");
            finish_anew();
        } else {
            set_aside(".ledger.new", "was not finished", wall_us);
        }
    }
    drop_second_name();
    const int file = ::openat(directory, name(".ledger").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0 && errno != ENOENT) return failure(errno, "cannot be opened", path(".ledger"));
    LedgerHeader header;
    auto state = std::make_unique<LedgerState>();
    bool found = false;
    if (file >= 0) {
        const auto looked = read(file, path(".ledger"), header, *state);
        if (!looked) {
            ::close(file);
            return tl::unexpected(looked.error());
        }
        found = *looked;
        if (!found) {
            ::close(file);
            set_aside(".ledger", "is not a ledger, or its beginning is damaged", wall_us);
            set_aside(".ledger.old", "belongs to it", wall_us);
        }
    }
    if (!found) {
        is_new_ = true;
        begin_epoch();
        auto begun = begin_file(".ledger", wall_us, nullptr);
        if (begun || !is_full(begun.error().code)) return begun;
        // As when the disk becomes full later. Half of one would be taken for a foreign file.
        if (file_ >= 0) ::close(std::exchange(file_, -1));
        (void)::unlinkat(directory, name(".ledger").c_str(), 0);
        failed(begun.error().code);
        return {};
    }
    if (header.version > ledger_version) {
        ::close(file);
        return failure(0,
                       fmt::format("is of format {}, and this logwisp knows {}: run the newer one, "
                                   "or move the file away",
                                   header.version, ledger_version),
                       path(".ledger"));
    }
    // The power failed while the end was on its way to the disk. What is left of it behind the first hole is not believed: positions there
    // say that lines were given out of which nobody knows any more.
    const bool torn = header.boot != directory_->boot() && state->sure_slots < state->valid_slots;
    if (torn) {
        const std::uint64_t sure_slots = state->sure_slots;
        state = std::make_unique<LedgerState>();
        if (const auto again = read(file, path(".ledger"), header, *state, sure_slots); !again) {
            ::close(file);
            return tl::unexpected(again.error());
        }
    }
    next_sequence_ = state->next_sequence;
    epochs_ = state->epochs;
    places_ = state->places;
    made_us_ = header.made_us;
    first_sequence_ = header.first_sequence;
    salt_ = header.salt;
    const bool damaged = state->damaged_slots != 0;
    const bool complete = !torn && is_complete(header, *state, file);
    if (!complete)
        log_warn("{}: the last entries before the stop may not be in the ledger", stream_);
    begin_epoch();
    if (damaged) {
        log_error("{}: {} of {} slots of its ledger are damaged: what they said is unknown",
                  stream_, state->damaged_slots, state->valid_slots);
        // What its other slots say is still good for those who read the past, and for another start until all of it is in a new one.
        const std::string kept = aside_name(".ledger", wall_us);
        if (::linkat(directory, name(".ledger").c_str(), directory, kept.c_str(), 0) == 0)
            log_error("{}: {} is damaged: it is kept as {}", stream_, whole_path_, kept);
        set_aside(".ledger.old", "is older than that", wall_us);
        replace_ = true;
    }
    file_ = file;
    told_synced_ = place_ = state->valid_slots;
    write_mended(state->mended);
    found_ = std::move(state);
    // A torn end was never published.
    if (::ftruncate(file_, static_cast<off_t>(place_ * ledger_slot_bytes)) != 0)
        return failure(errno, "cannot be written", path(".ledger"));
    // The header may say that everything is on the disk: not before it is.
    if (!sync_beginning())
        failed(errno);
    else if (!write_header(false))
        return failure(errno, "cannot be written", path(".ledger"));
    LedgerRecords records;
    add_epoch(records, epochs_.back());
    // On a full disk it is said, and goes on as when the disk becomes full later.
    (void)append(records, next_sequence_, 0);
    return {};
}

// With every start, for nobody can see of a ledger that it is the last one: it may be a backup, or a file system may have lost its end. Ids
// that were given out after what it says are then of an epoch that it does not know, or behind the end of one that it does. Not made of the
// time: clocks are set back, and streams start at the same moment.
void LedgerFile::begin_epoch() {
    epochs_.push_back({fmt::format("{:012x}", random_salt() & epoch_mask), next_sequence_});
}

// If they cannot be written they are mended again by whoever reads them.
void LedgerFile::write_mended(std::span<const std::pair<std::uint64_t, LedgerSlot>> mended) {
    if (mended.empty()) return;
    for (const auto& [place, slot] : mended)
        (void)write_all(file_, &slot, sizeof(slot), place * ledger_slot_bytes);
    log_warn("{}: {} slots of its ledger were damaged, each in one byte: mended", stream_,
             mended.size());
}

Result<std::unique_ptr<LedgerState>> LedgerFile::look(const std::string& directory,
                                                      const std::string& stream) {
    const std::string path = directory + "/" + state_file_name(stream) + ".ledger";
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0 && errno == ENOENT) return nullptr;
    if (file < 0) return failure(errno, "cannot be opened", path);
    LedgerHeader header;
    auto state = std::make_unique<LedgerState>();
    const auto found = read(file, path, header, *state);
    ::close(file);
    if (!found) return tl::unexpected(found.error());
    if (!*found || header.version != ledger_version)
        return failure(0, "is not a ledger of this version", path);
    return state;
}

// Files and clients take every descriptor there is.
void LedgerFile::keep_spare() {
    if (spare_ < 0) spare_ = ::fcntl(directory_->descriptor(), F_DUPFD_CLOEXEC, 0);
}

void LedgerFile::give_up_spare() {
    if (spare_ >= 0) ::close(std::exchange(spare_, -1));
}

// Nothing that was kept is replaced, also where a start follows the other within a second. The directory is this process's alone.
std::string LedgerFile::aside_name(const char* suffix, std::int64_t wall_us) const {
    const std::string first = fmt::format("{}.aside-{}", name(suffix), wall_us / 1'000'000);
    std::string free = first;
    for (int number = 2;
         ::faccessat(directory_->descriptor(), free.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
         ++number)
        free = fmt::format("{}-{}", first, number);
    return free;
}

// The name it is kept under; empty: it is not there.
std::string LedgerFile::set_aside(const char* suffix, const char* why, std::int64_t wall_us) {
    const std::string from = name(suffix);
    std::string to = aside_name(suffix, wall_us);
    const int directory = directory_->descriptor();
    if (::renameat(directory, from.c_str(), directory, to.c_str()) != 0) return {};
    log_error("{}: {}/{} {}: it is kept as {}", stream_, directory_->path(), from, why, to);
    return to;
}

// --- Writing. ---

bool LedgerFile::write_header(bool incomplete, std::uint64_t stopped_slots) {
    LedgerHeader header;
    header.salt = salt_;
    header.boot = directory_->boot();
    header.made_us = made_us_;
    header.first_sequence = first_sequence_;
    header.incomplete = incomplete;
    header.stopped_slots = stopped_slots;
    header.synced = config_.sync == StateSync::batch;
    const LedgerSlot slot = ledger_header_slot(header);
    return write_all(file_, &slot, sizeof(slot), 0);
}

void LedgerFile::add_epoch(LedgerRecords& records, const LedgerEpoch& epoch) const {
    LedgerSlot slot;
    slot.kind = LedgerKind::epoch;
    // Sealing adds the first sequence of the batch.
    records.add(0, slot, epoch.text);
    records.last_sequence(epoch.first_sequence - next_sequence_);
}

// Empty but for the header, the epochs and `everything`, which may be nullptr. The header comes last: where it is, everything is, unless the
// power has failed.
Result<void> LedgerFile::begin_file(const char* suffix, std::int64_t wall_us,
                                    LedgerRecords* everything) {
    const int file = ::openat(directory_->descriptor(), name(suffix).c_str(),
                              O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (file < 0) return failure(errno, "cannot be made", directory_->path() + "/" + name(suffix));
    if (file_ >= 0) ::close(file_);
    file_ = file;
    salt_ = random_salt();
    made_us_ = wall_us;
    first_sequence_ = next_sequence_;
    place_ = 1;
    syncing_ = synced_ = 0;
    told_synced_ = place_;
    places_.clear();
    LedgerRecords records;
    for (const LedgerEpoch& epoch : epochs_) add_epoch(records, epoch);
    keeping_ = true;
    if (!write_records(records, next_sequence_) ||
        (everything != nullptr && !write_records(*everything, next_sequence_)) ||
        !write_header(false))
        return failure(errno, "cannot be written", directory_->path() + "/" + name(suffix));
    return {};
}

bool LedgerFile::append(LedgerRecords& records, std::uint64_t first_sequence,
                        std::uint32_t entries) {
    next_sequence_ = first_sequence + entries;
    if (!keeping_) return false;
    if (write_records(records, first_sequence)) return true;
    failed(errno);
    return false;
}

bool LedgerFile::write_records(LedgerRecords& records, std::uint64_t first_sequence) {
    if (records.empty()) return true;
    const bool synced_before = synced_ >= told_synced_;
    const auto slots = records.seal(first_sequence, salt_, place_, places_, synced_before);
    if (!write_all(file_, slots.data(), slots.size_bytes(), place_ * ledger_slot_bytes))
        return false;
    if (synced_before) told_synced_ = place_;
    place_ += slots.size();
    return true;
}

void LedgerFile::failed(int error) {
    ++failures_;
    // One that could not be synced does not take the old one's place; another is begun.
    begun_anew_ = false;
    if (!std::exchange(keeping_, false)) return;
    if (!needs_restart_)
        log_error(
            "{}: its ledger cannot be written: {}: entries go on, but a restart will not know of "
            "them; tried again every second",
            stream_, Error{error, "write", {}}.text());
    // Ids that are given out from now on are not in here. In place: needs no room.
    (void)write_header(true);
}

// Or its directory. Whoever cleans up may not know what it was for.
void LedgerFile::notice_removal(std::uint64_t now_ms) {
    if (!keeping_ || removed_ || begun_anew_ || now_ms < look_again_ms_) return;
    look_again_ms_ = now_ms + look_again_ms;
    removed_ = is_removed();
    if (removed_)
        log_error("{}: {} was removed: a new one is begun; what only it told of is no history",
                  stream_, whole_path_);
}

bool LedgerFile::is_removed() const {
    struct stat status {};
    if (::fstat(file_, &status) == 0 && status.st_nlink == 0) return true;
    return ::stat(whole_path_.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool LedgerFile::anew_due(std::uint64_t now_ms, std::int64_t wall_us) const {
    if (begun_anew_) return false;
    if (!keeping_) return now_ms >= try_again_ms_;
    if (removed_ || replace_) return now_ms >= try_again_ms_;
    // What is known of very many files fills more than half: then it is begun anew when it has doubled, not at once again.
    if (bytes() >= std::max(config_.bytes_max / 2, 2 * begun_bytes_)) return true;
    const std::int64_t age_max_us = config_.age_hours_max * 3'600'000'000LL;
    return age_max_us != 0 && wall_us - made_us_ >= age_max_us / 2;
}

void LedgerFile::begin_anew(LedgerRecords& everything, std::uint64_t now_ms, std::int64_t wall_us) {
    const int old_file = std::exchange(file_, -1);
    const std::uint64_t old_synced = synced_;
    leave_old();
    const auto old = std::tuple(salt_, place_, syncing_, synced_, told_synced_, made_us_,
                                first_sequence_, places_, keeping_);
    try_again_ms_ = now_ms + try_again_ms;
    give_up_spare();
    Result<void> begun = directory_->make_again_if_gone();
    const bool may_not = !begun && is_forbidden(begun.error().code);
    if (begun) begun = begin_file(".ledger.new", wall_us, &everything);
    if (begun) {
        begun_bytes_ = bytes();
        if (!std::get<bool>(old)) log_info("{}: its ledger is kept again", stream_);
        old_file_ = old_file;
        if (!std::get<bool>(old) || std::get<1>(old) == old_synced) leave_old();
        begun_anew_ = true;
        removed_ = false;
        replace_ = false;
        needs_restart_ = false;
        return;
    }
    if (may_not && !std::exchange(needs_restart_, true))
        log_error(
            "{}: its state directory was removed and cannot be made again ({}): entries go on, but "
            "a "
            "restart will not know of them; restart the service soon (SANDBOX in logwisp(1))",
            stream_, begun.error().text());
    int code = begun.error().code;
    if (code == 0) code = EBUSY;  // another process has the directory by now
    if (file_ >= 0) ::close(file_);
    (void)::unlinkat(directory_->descriptor(), name(".ledger.new").c_str(), 0);
    file_ = old_file;
    keep_spare();
    std::tie(salt_, place_, syncing_, synced_, told_synced_, made_us_, first_sequence_, places_,
             keeping_) = old;
    if (keeping_ && !removed_ && bytes() < std::max(config_.bytes_max, 4 * begun_bytes_))
        return;  // there is room in the old one yet
    failed(code);
}

void LedgerFile::leave_old() {
    if (old_file_ >= 0) ::close(std::exchange(old_file_, -1));
    keep_spare();
}

void LedgerFile::finish_anew() {
    if (!std::exchange(begun_anew_, false)) return;
    const int directory = directory_->descriptor();
    // Where it is not, it has its other name already, or was removed: what is there is all that is left of the past.
    if (::faccessat(directory, name(".ledger").c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        // One of them has the name at any time, whatever of this a power failure leaves.
        (void)::unlinkat(directory, name(".ledger.old").c_str(), 0);
        if (::linkat(directory, name(".ledger").c_str(), directory, name(".ledger.old").c_str(),
                     0) != 0)
            (void)::renameat(directory, name(".ledger").c_str(), directory,
                             name(".ledger.old").c_str());
    }
    if (::renameat(directory, name(".ledger.new").c_str(), directory, name(".ledger").c_str()) != 0)
        log_error("{}: {}", stream_,
                  Error{errno, "rename", directory_->path() + "/" + name(".ledger.new")}.text());
}

void LedgerFile::stop(std::int64_t wall_us) {
    finish_anew();
    LedgerSlot stop;
    stop.kind = LedgerKind::stop;
    stop.time_us = wall_us;
    LedgerRecords records;
    records.add(0, stop);
    if (append(records, next_sequence_, 0)) (void)write_header(false, place_);
}

}  // namespace logwisp
