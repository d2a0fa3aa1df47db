#include "history/old_files.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.hpp"
#include "stream/ledger_records.hpp"
#include "tail/identity.hpp"
#include "tail/targets.hpp"

namespace logwisp {

namespace {
// Names looked at beside the one a file had.
constexpr std::size_t siblings_max = 4096;
// Of the copies that were modified before a line was read, the newest: each may have to be unpacked.
constexpr std::size_t older_copies_max = 8;
// A file system's clock and ours, and copies that keep whole seconds.
constexpr std::int64_t clock_slack_ns = 2'000'000'000;

std::uint64_t mark_begin(const PastRun& run) {
    return run.slot.end - std::min<std::uint64_t>(run.slot.end, ledger_mark_bytes);
}

// Small enough to be read at once, together with what its mark is made of.
bool fits_window(const PastRun& run) {
    return run.slot.end - run.slot.begin <= OldFile::wanted_bytes_max;
}
}  // namespace

void OldFiles::look_for(const PastRun& run, const RecordedFile& recorded, std::uint64_t salt,
                        FollowSymlinks links) {
    run_ = run;
    links_ = links;
    recorded_ = recorded;
    salt_ = salt;
    listed_ = false;
    ran_out_ = false;
    overwritten_ = false;
    candidates_.clear();
    // Most probably the file the run before was in.
    for (auto known = known_.rbegin(); known != known_.rend(); ++known)
        if (known->salt == salt && known->number == run.slot.file)
            candidates_.push_back({known->path, std::nullopt, known->file.get()});
}

OldFile::Got OldFiles::look() {
    for (;;) {
        if (candidates_.empty()) {
            if (std::exchange(listed_, true)) return OldFile::Got::nothing;
            list_candidates(recorded_);
            continue;
        }
        Candidate& candidate = candidates_.front();
        if (candidate.open == nullptr) candidate.open = open(candidate);
        if (candidate.open != nullptr) {
            const OldFile::Got got = compare(*candidate.open);
            if (got == OldFile::Got::ready) keep(*candidate.open);
            if (got != OldFile::Got::nothing) return got;
            if (listed_) known_.pop_back();  // opened for this alone
        }
        candidates_.erase(candidates_.begin());
    }
}

// ready: it holds the run.
OldFile::Got OldFiles::compare(OldFile& file) {
    const std::uint64_t before = mark_begin(run_);
    const std::uint64_t begin = fits_window(run_) ? std::min(before, run_.slot.begin) : before;
    const OldFile::Got got = file.want(begin, run_.slot.end);
    if (got != OldFile::Got::ready) return got;
    const std::uint64_t head = run_.slot.end >= ledger_head_bytes ? file.head_hash() : 0;
    const bool same = ledger_mark(head, file.text(before, run_.slot.end)) == run_.slot.mark;
    const FileIdentity identity{recorded_.device, recorded_.inode, recorded_.generation};
    overwritten_ = overwritten_ || (!same && file.identity() == identity);
    return same ? OldFile::Got::ready : OldFile::Got::nothing;
}

// Where it may be now: the file itself by whatever name it has, then copies of it, then packed ones.
void OldFiles::list_candidates(const RecordedFile& recorded) {
    const FileIdentity identity{recorded.device, recorded.inode, recorded.generation};
    // Where links of a user lead only that user's files count.
    using Owner = std::optional<std::uint32_t>;
    enum Rank : std::uint8_t { itself, copy, packed_where_it_was, packed_copy, older };
    struct Ranked {
        Rank rank;
        FileIdentity identity;
        std::int64_t modified_ns;
        std::string path;
        Owner owner;
    };
    std::vector<Ranked> ranked;
    // A copy, packed or not, was modified last when the last line in it was written: seldom long
    // before that was read.
    const std::int64_t read_ns = run_.slot.time_us * 1000 - clock_slack_ns;
    const auto consider = [&](const std::string& path, const Owner& owner) {
        const bool packed = is_packed_name(path);
        const auto status = files_.status(path);
        if (!status || status->kind != FileKind::regular) return;
        if (!packed && status->size_bytes < run_.slot.end) return;
        Rank rank = packed ? packed_copy : copy;
        if (status->identity == identity || packed_identity(status->identity) == identity)
            rank = itself;
        else if (packed && unpacked_name(path) == recorded.path)
            rank = packed_where_it_was;
        else if (status->modified_ns < read_ns)
            rank = older;
        ranked.push_back({rank, status->identity, status->modified_ns, path, owner});
    };
    std::vector<std::pair<std::string, Owner>> origins{{recorded.origin, std::nullopt}};
    if (!recorded.path.empty() && recorded.path != recorded.origin)
        origins.insert(origins.begin(), {recorded.path, std::nullopt});
    // Where links lead a log is rotated at the far end.
    for (std::size_t at = 0, count = origins.size(); at < count; ++at)
        if (const auto far = files_.far_end(origins[at].first, {links_}); far && !far->path.empty())
            origins.emplace_back(far->path, far->owner);
    for (const auto& [origin, owner] : origins) {
        consider(origin, owner);
        const std::string_view original = base_name(origin);
        const std::string directory(directory_name(origin));
        std::vector<std::string> names;
        const auto each = [&, original = original](std::string_view name, FileKind kind) {
            const std::string_view plain = unpacked_name(name);
            const bool kin =
                plain == original ? name != original : is_rotated_name(original, plain);
            if (kind == FileKind::regular && kin && names.size() < siblings_max)
                names.emplace_back(name);
        };
        const auto listed = files_.list_guarded(directory, {links_}, each);
        if (!listed) continue;
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) consider(join_path(directory, name), owner);
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
        if (a.rank != b.rank || a.rank != older) return a.rank < b.rank;
        return a.modified_ns > b.modified_ns;
    });
    // Two paths may lead to one file: that counts once.
    std::size_t older_files = 0;
    FileIdentity last;
    for (Ranked& one : ranked) {
        if (one.rank == older && one.identity != last && ++older_files > older_copies_max) break;
        last = one.identity;
        if (std::none_of(candidates_.begin(), candidates_.end(),
                         [&](const Candidate& other) { return other.path == one.path; }))
            candidates_.push_back({std::move(one.path), one.owner});
    }
}

OldFile* OldFiles::open(const Candidate& candidate) {
    const std::string& path = candidate.path;
    auto file = std::make_unique<OldFile>(reactor_, files_, owner_);
    if (const auto opened = file->open(path, {links_, candidate.owner}); !opened) {
        ran_out_ = ran_out_ || opened.error().code == EMFILE || opened.error().code == ENFILE;
        return nullptr;
    }
    if (known_.size() >= past_files_per_slot) {
        CHECK(known_.front().file->idle());
        known_.erase(known_.begin());
    }
    known_.push_back({std::move(file), salt_, run_.slot.file, path});
    return known_.back().file.get();
}

void OldFiles::keep(const OldFile& file) {
    const auto at = std::find_if(known_.begin(), known_.end(),
                                 [&](const Known& known) { return known.file.get() == &file; });
    std::rotate(at, at + 1, known_.end());
}

bool OldFiles::any_packed() const {
    return std::any_of(known_.begin(), known_.end(),
                       [](const Known& known) { return known.file->packed(); });
}

void OldFiles::cancel() {
    for (const Known& known : known_) known.file->cancel();
}

bool OldFiles::idle() const {
    return std::all_of(known_.begin(), known_.end(),
                       [](const Known& known) { return known.file->idle(); });
}

void OldFiles::close_all() {
    CHECK(idle());
    known_.clear();
    candidates_.clear();
}

}  // namespace logwisp
