#include "history/ledger_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string_view>
#include <utility>

namespace logwisp {

namespace {

// Newest first. ".new" is in use while it is being put on the disk; then it becomes the ledger, and
// the ledger the old one.
constexpr const char* endings[] = {".ledger.new", ".ledger", ".ledger.old"};
// Of one slot; more, and the ledger is damaged.
constexpr std::uint64_t text_slots_max = 1024;

std::size_t read_at(int file, void* bytes, std::size_t count, std::uint64_t offset) {
    for (;;) {
        const ssize_t got = ::pread(file, bytes, count, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        return got < 0 ? 0 : static_cast<std::size_t>(got);
    }
}

bool holds_entries(const LedgerSlot& slot) {
    return (slot.kind == LedgerKind::run || slot.kind == LedgerKind::notice) && slot.entries != 0;
}

// The sequence of the entry behind what this slot is about.
std::uint64_t end_of(const LedgerSlot& slot) {
    return slot.sequence + (holds_entries(slot) ? slot.entries : 0);
}

}  // namespace

LedgerReader::~LedgerReader() {
    if (file_ >= 0) ::close(file_);
}

// -1: it is not there, or not one of ours.
int LedgerReader::open(const char* ending, LedgerHeader& header) {
    const int file = ::open((path_ + ending).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ran_out_ = ran_out_ || (file < 0 && (errno == EMFILE || errno == ENFILE));
    if (file < 0) return -1;
    LedgerSlot first;
    if (read_at(file, &first, sizeof(first), 0) == sizeof(first)) header = ledger_header(first);
    if (header.version == 0 && ledger_mend(first, 0, 0)) header = ledger_header(first);
    if (header.version == ledger_version) return file;
    ::close(file);
    return -1;
}

void LedgerReader::use(int file, const LedgerHeader& header) {
    if (file_ >= 0) ::close(file_);
    file_ = file;
    header_ = header;
    place_ = 1;
    chunk_slots_ = 0;
}

// The ledger in which entry `sequence` was recorded, or the oldest there is.
bool LedgerReader::open_for(std::uint64_t sequence) {
    ran_out_ = false;
    int found = -1;
    LedgerHeader found_header;
    for (const char* const ending : endings) {
        LedgerHeader header;
        const int file = open(ending, header);
        if (file < 0) continue;
        // One that begins behind the one that took its place is of another numbering.
        if (found >= 0 && header.first_sequence > found_header.first_sequence) {
            ::close(file);
            break;
        }
        if (found >= 0) ::close(found);
        found = file;
        found_header = header;
        if (header.first_sequence <= sequence) break;
    }
    if (found < 0) return false;
    use(found, found_header);
    return true;
}

// The ledger behind the one in use. Looked for once more if it leaves a hole: two may have taken
// each other's place meanwhile. If not, the end of the one in use was lost, and the hole stays.
bool LedgerReader::open_next() {
    ran_out_ = false;
    const std::uint64_t left = header_.salt;
    if (!take_next()) return false;
    if (header_.first_sequence <= sequence_) return true;
    if (!open_for(sequence_)) return false;
    return header_.salt != left || take_next();
}

bool LedgerReader::take_next() {
    for (std::size_t at = std::size(endings); at-- > 0;) {
        LedgerHeader header;
        const int file = open(endings[at], header);
        if (file < 0) continue;
        // Of two that begin with the same entry the later one was made later.
        const bool newer =
            header.salt != header_.salt && std::pair(header.first_sequence, header.made_us) >
                                               std::pair(header_.first_sequence, header_.made_us);
        if (newer) {
            use(file, header);
            return true;
        }
        ::close(file);
    }
    return false;
}

std::uint64_t LedgerReader::slots() const {
    struct stat status {};
    if (file_ < 0 || ::fstat(file_, &status) != 0) return 0;
    return static_cast<std::uint64_t>(status.st_size) / ledger_slot_bytes;
}

bool LedgerReader::read_slot(std::uint64_t place, LedgerSlot& slot) const {
    return read_at(file_, &slot, sizeof(slot), place * ledger_slot_bytes) == sizeof(slot) &&
           ledger_valid(slot, header_.salt, place);
}

bool LedgerReader::mend(LedgerSlot& slot, std::uint64_t place) {
    // Of the zeros that a power failure leaves there may be many; they cost nothing.
    if (slot == LedgerSlot{} || mends_left_ == 0) return false;
    --mends_left_;
    return ledger_mend(slot, header_.salt, place);
}

// By halving: the first place that is not before the entry. Text counts as what stands behind it.
std::uint64_t LedgerReader::place_of(std::uint64_t sequence) const {
    std::uint64_t low = 1;
    std::uint64_t high = slots();
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        std::uint64_t place = middle;
        LedgerSlot slot;
        const std::uint64_t end = std::min(high, middle + text_slots_max);
        while (place < end && (!read_slot(place, slot) || slot.kind == LedgerKind::text)) ++place;
        if (place < end && end_of(slot) <= sequence)
            low = place + 1;
        else
            high = middle;
    }
    return low;
}

bool LedgerReader::seek(std::uint64_t sequence) {
    if (!open_for(sequence)) return false;
    sequence_ = sequence;
    place_ = place_of(sequence);
    return true;
}

// The next valid one; nullptr when nothing valid follows (yet): then place_ stays where it was.
const LedgerSlot* LedgerReader::next_slot() {
    for (std::uint64_t place = place_;; ++place) {
        const std::uint64_t at = place - chunk_place_;
        if (place < chunk_place_ || at >= chunk_slots_) {
            chunk_place_ = place;
            const std::size_t bytes =
                read_at(file_, chunk_.data(), sizeof(chunk_), place * ledger_slot_bytes);
            chunk_slots_ = bytes / ledger_slot_bytes;
            if (chunk_slots_ == 0) return nullptr;
            --place;
            continue;
        }
        LedgerSlot& slot = chunk_[at];
        if (!ledger_valid(slot, header_.salt, place) && !mend(slot, place)) continue;
        place_ = place + 1;
        return &slot;
    }
}

std::optional<PastRun> LedgerReader::run() {
    for (;;) {
        const LedgerSlot* const slot = next_slot();
        if (slot == nullptr) {
            // What is there of the chunk may be older than what is on the disk by now.
            chunk_slots_ = 0;
            if (!open_next()) return std::nullopt;
            place_ = place_of(sequence_);
            continue;
        }
        if (!holds_entries(*slot) || end_of(*slot) <= sequence_) continue;
        sequence_ = end_of(*slot);
        return PastRun{*slot};
    }
}

std::optional<RecordedFile> LedgerReader::file_of(const PastRun& run) {
    LedgerSlot head;
    std::uint64_t place = run.slot.file_place;
    const bool read = read_slot(place, head) || mend(head, place);
    if (!read || head.kind != LedgerKind::file || head.file != run.slot.file) return std::nullopt;
    std::string all;
    for (std::size_t left = head.text_slots(); left > 0; --left) {
        LedgerSlot text;
        ++place;
        if (!read_slot(place, text) && !mend(text, place)) return std::nullopt;
        if (text.kind != LedgerKind::text) return std::nullopt;
        all.append(ledger_text(text));
    }
    RecordedFile file;
    read_file_slot(head, all, file);
    return file;
}

// The first slot that holds entries, at `place` or behind it. What stands between may be much: its
// sequence leads over it.
bool LedgerReader::find_run(std::uint64_t& place, LedgerSlot& slot) const {
    for (const std::uint64_t end = slots(); place < end; ++place) {
        if (!read_slot(place, slot) || slot.kind == LedgerKind::text) continue;
        if (holds_entries(slot)) return true;
        place = std::max(place, place_of(slot.sequence) - 1);
    }
    return false;
}

std::optional<std::uint64_t> LedgerReader::first_since_here(std::int64_t time_us) const {
    std::optional<std::uint64_t> found;
    std::uint64_t low = 1;
    std::uint64_t high = slots();
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        std::uint64_t place = middle;
        LedgerSlot slot;
        const bool known = find_run(place, slot);
        if (known && slot.time_us < time_us) {
            low = place + 1;
        } else {
            if (known) found = slot.sequence;
            high = middle;
        }
    }
    return found;
}

std::optional<std::uint64_t> LedgerReader::first() {
    if (!open_for(0)) return std::nullopt;
    std::uint64_t place = 1;
    LedgerSlot slot;
    return find_run(place, slot) ? slot.sequence : header_.first_sequence;
}

std::optional<std::uint64_t> LedgerReader::first_since(std::int64_t time_us) {
    ran_out_ = false;
    std::optional<std::uint64_t> found;
    std::uint64_t newer_first = UINT64_MAX;
    for (const char* const ending : endings) {
        LedgerHeader header;
        const int file = open(ending, header);
        if (file < 0) continue;
        if (header.first_sequence > newer_first) {  // of another numbering
            ::close(file);
            break;
        }
        newer_first = header.first_sequence;
        use(file, header);
        if (const auto here = first_since_here(time_us)) found = here;
        if (header.made_us < time_us) break;
    }
    return found;
}

}  // namespace logwisp
