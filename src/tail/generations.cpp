// Generations of a log that came and went between two looks, found under their rotated names.
//
// They are put between the file that was followed and the next one. Which is later is told by when
// they were born; a file system's clock is coarse (4 ms), and of files born within one tick the one
// with the smaller number (app.log.1, app.log.2) is the later one. Names are passed on while they
// are looked at: what counts is which file it is.
#include <algorithm>
#include <charconv>
#include <tuple>

#include "tail/state.hpp"

namespace logwisp {

namespace {
// A rename between two steps of a listing may hide a file from it, or show it twice.
constexpr int listings_max = 8;
constexpr int openings_max = 4;

// Whether the first is the later generation. False also when it cannot be told.
bool is_later(const Generation& one, const Generation& other) {
    if (one.born_ns != other.born_ns) return one.born_ns > other.born_ns;
    return one.number >= 0 && other.number >= 0 && one.number < other.number;
}

// A longer one is a date.
constexpr std::ptrdiff_t number_digits_max = 5;

// app.log.2 is the second before app.log; -1: not such a name.
int number_of(std::string_view original, std::string_view name) {
    if (name.size() < original.size() + 2 || !name.starts_with(original)) return -1;
    const char* const begin = name.data() + original.size() + 1;
    const char* const end = name.data() + name.size();
    if (end - begin > number_digits_max) return -1;
    int number = -1;
    const auto parsed = std::from_chars(begin, end, number);
    return parsed.ec == std::errc() && parsed.ptr == end ? number : -1;
}

bool same_files(const std::vector<Sibling>& one, const std::vector<Sibling>& other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](const Sibling& a, const Sibling& b) {
                          return a.path == b.path && a.status.identity == b.status.identity;
                      });
}

void sort_oldest_first(std::vector<Sibling>& siblings) {
    std::sort(siblings.begin(), siblings.end(), [](const Sibling& a, const Sibling& b) {
        return std::tie(a.status.born_ns, b.number, a.path) <
               std::tie(b.status.born_ns, a.number, b.path);
    });
}

const Sibling* find_file(const std::vector<Sibling>& siblings, const FileIdentity& identity) {
    const auto found = std::find_if(siblings.begin(), siblings.end(), [&](const Sibling& sibling) {
        return sibling.status.identity == identity;
    });
    return found == siblings.end() ? nullptr : &*found;
}
}  // namespace

// A file that nobody knows has a rotated name. What became of the log itself is looked at first: in a
// quick chain of renames the file is a generation of it that nobody saw under its own name, and it
// comes before the next one.
void TailState::look_for_generations(const std::string& path) {
    const std::string directory(directory_name(path));
    for (const std::string& name : original_names(base_name(path))) {
        const std::string original = join_path(directory, name);
        const FollowedPath* known = path_at(original);
        if (known == nullptr || known->current == nullptr) continue;
        look(original, known->target);
        FollowedPath* const now = path_at(original);
        if (now == nullptr || now->current == nullptr || files().link_status(original)) continue;
        // Renamed, and the next one is not there yet.
        set_current(*now, &recover_generations(*now, *now->current, nullptr));
    }
}

// Generations between `old` and the file the path names now (`next`, if there is one), oldest first.
// They were born after the old one and written after it: a copy that copytruncate made earlier was
// not. The last of them, or `old`.
Follower& TailState::recover_generations(FollowedPath& entry, Follower& old, const Follower* next) {
    Follower* last = &old;
    search_generations(old);
    auto found_siblings = rotated_siblings(entry.path());
    if (!found_siblings) return old;
    auto& siblings = *found_siblings;
    const auto generation = [&](const Follower& follower, int number_otherwise) {
        const Sibling* const sibling = find_file(siblings, follower.identity);
        return Generation{follower.born_ns,
                          sibling != nullptr ? sibling->number : number_otherwise};
    };
    const Generation first = generation(old, -1);
    const Generation end = next != nullptr ? generation(*next, 0) : Generation{};
    std::erase_if(siblings, [&](const Sibling& sibling) {
        const FileStatus& status = sibling.status;
        return find(status.identity) != nullptr || remembered.contains(status.identity) ||
               status.born_ns == 0 || !is_later(sibling.generation(), first) ||
               (next != nullptr && !is_later(end, sibling.generation())) ||
               (status.modified_ns < old.modified_ns && status.born_ns < old.modified_ns);
    });
    sort_oldest_first(siblings);
    for (const Sibling& sibling : siblings) {
        Follower* const found = open_sibling(sibling, entry);
        if (found == nullptr) continue;
        const ContentMark* const before = old.before_truncation.get();
        const Likeness now = old.mark.compare(files(), found->file);
        const Likeness earlier =
            before != nullptr ? before->compare(files(), found->file) : Likeness::different;
        if (now == Likeness::unreadable || earlier == Likeness::unreadable) {
            counters.read_errors.add();
            log_warn("{}: {}: cannot be read: left alone, it may be a copy of what was read",
                     stream_name, sibling.path);
            destroy(*found);
            continue;
        }
        if (now == Likeness::same || earlier == Likeness::same) {
            // A copy. It is known from here on: should its name be followed, it is no new file.
            found->mark = now == Likeness::same ? old.mark : *before;
            found->go_on(false);
            continue;
        }
        // renamecopy makes its copy when the new file is already there: it may be in the making.
        if (likeness_so_far(sibling.status, found->file, old) == Likeness::same) {
            found->maybe_copy = true;
            suspects.push_back(found);
            generations_in_doubt.emplace_back(found, &old);
            continue;
        }
        rotated(*found, RotationReason::inode_change, {});
        after(*last, *found);
        last = found;
    }
    return *last;
}

// A path that had no file yet may have had several that nobody saw under it: the directory was looked
// into, and they were born after that. Those before `next`, the file it names now, if there is one;
// the last of them, or nullptr.
Follower* TailState::first_generations(const std::string& path, std::uint32_t target,
                                       const Follower* next) {
    auto siblings = rotated_siblings(path);
    if (!siblings) return nullptr;
    std::erase_if(*siblings, [&](const Sibling& sibling) {
        const FileStatus& status = sibling.status;
        return find(status.identity) != nullptr || remembered.contains(status.identity) ||
               !was_born_unseen(status, target) ||
               (next != nullptr && status.born_ns > next->born_ns);
    });
    const std::int64_t since_ns = seen_until_ns[target] - birth_tick_ns;
    const bool may_be_packed = !packed_siblings({path, {}, since_ns, since_ns}).empty();
    if (siblings->empty() && !may_be_packed) return nullptr;
    sort_oldest_first(*siblings);
    FollowedPath& entry = entry_for(path, target);
    Follower* last = may_be_packed ? search_first(entry, since_ns) : nullptr;
    for (const Sibling& sibling : *siblings) {
        Follower* const found = open_sibling(sibling, entry);
        if (found == nullptr) continue;
        if (last != nullptr) {
            rotated(*found, RotationReason::inode_change, {});
            after(*last, *found);
        } else {
            record_due(*found);
            schedule(*found);
        }
        last = found;
    }
    if (last == nullptr) return nullptr;
    entry.had_file = true;
    if (next == nullptr) set_current(entry, last);
    return last;
}

// Told by the names that most rotations give; others are told by events and listings.
bool TailState::has_unseen_sibling(const FollowedPath& entry) {
    for (const char* suffix : {".1", ".0"})
        if (const auto status = files().status(entry.path() + suffix);
            status && was_born_unseen(*status, entry.target))
            return true;
    return false;
}

bool TailState::was_born_unseen(const FileStatus& status, std::uint32_t target) const {
    const std::int64_t since_ns = seen_until_ns[target] - birth_tick_ns;
    // What is copied or unpacked with its old time holds nothing new.
    return status.born_ns != 0 && status.born_ns >= since_ns && status.modified_ns >= since_ns;
}

// Something was forgotten that tells what was read from what was not.
void TailState::all_seen_until_now() {
    std::fill(seen_until_ns.begin(), seen_until_ns.end(), files().wall_us() * 1000);
}

Follower* TailState::open_sibling(const Sibling& sibling, FollowedPath& origin) {
    const auto opened = open_rotated(sibling, origin.path());
    if (!opened) {
        if (opened.error().code == ENOENT) return nullptr;
        counters.read_errors.add();
        counters.unknown_losses.add();
        log_warn("{}: {}: left alone, what it holds of {} may be lost", stream_name,
                 opened.error().text(), origin.path());
        return nullptr;
    }
    const auto status = files().status(*opened);
    if (!status || status->kind != FileKind::regular || find(status->identity) != nullptr) {
        close_file(*opened);
        return nullptr;
    }
    Follower& follower = add_follower(make_follower(), *status, *opened);
    set_origin(follower, &origin);
    follower.at_start = true;
    follower.retired = true;
    follower.changed_ms = now_ms();
    follower.end_bytes = status->size_bytes;
    retired.push_back(&follower);
    watch_file(follower, sibling.path);
    return &follower;
}

// That file, whatever its name is by now.
Result<int> TailState::open_rotated(const Sibling& sibling, const std::string& original) {
    std::string path = sibling.path;
    for (int opening = 0; opening < openings_max; ++opening) {
        auto opened = open_file(path);
        if (!opened && opened.error().code != ENOENT) return opened;
        if (opened) {
            const auto status = files().status(*opened);
            if (status && status->identity == sibling.status.identity) return opened;
            close_file(*opened);
        }
        const auto siblings = rotated_siblings(original);
        if (!siblings) return tl::make_unexpected(siblings.error());
        const Sibling* const now = find_file(*siblings, sibling.status.identity);
        if (now == nullptr) break;
        path = now->path;
    }
    return failure(ENOENT, "open", path);
}

// Looked at until it was the same twice.
Result<std::vector<Sibling>> TailState::rotated_siblings(const std::string& path, Form form) {
    auto siblings = list_siblings(path, form);
    for (int listing_number = 1; siblings && listing_number < listings_max; ++listing_number) {
        auto again = list_siblings(path, form);
        if (again && same_files(*siblings, *again)) break;
        siblings = std::move(again);
    }
    return siblings;
}

// In the order of their names: beside the path, and where its links lead beside the file.
Result<std::vector<Sibling>> TailState::list_siblings(const std::string& path, Form form) {
    std::vector<Sibling> siblings;
    const auto list = [&](const std::string& original, const std::optional<std::uint32_t>& owner) {
        const std::string directory(directory_name(original));
        const std::string_view base = base_name(original);
        std::vector<std::string> names;
        auto listed = list_directory(directory, [&](std::string_view name, FileKind kind) {
            if (kind != FileKind::regular || names.size() == siblings_max) return;
            std::string_view plain = name;
            if (form == Form::packed_otherwise) plain = name_before_unknown_packing(name);
            if (form == Form::packed) plain = unpacked_name(name);
            if (is_packed_name(name) == (form == Form::packed) &&
                (is_rotated_name(base, plain) || (form != Form::plain && plain == base)))
                names.emplace_back(name);
        });
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            Sibling sibling{join_path(directory, name), number_of(base, unpacked_name(name)), {}};
            const auto status = files().status(sibling.path);
            if (!status || status->kind != FileKind::regular) continue;
            // Whoever opens it compares its identity: it is this one, and its owner's.
            if (owner && status->owner != *owner) continue;
            sibling.status = *status;
            siblings.push_back(std::move(sibling));
        }
        return listed;
    };
    auto listed = list(path, std::nullopt);
    if (const auto far = files().far_end(path, links()); listed && far && !far->path.empty())
        listed = list(far->path, far->owner);
    if (!listed) return tl::make_unexpected(listed.error());
    return siblings;
}

Result<void> TailState::open_under_rotated_name(Follower& follower) {
    const std::string& original = follower.origin->path();
    const auto siblings = rotated_siblings(original);
    if (!siblings) return tl::make_unexpected(siblings.error());
    const Sibling* const sibling = find_file(*siblings, follower.identity);
    if (sibling == nullptr) return failure(ENOENT, "open", original);
    const auto opened = open_rotated(*sibling, original);
    if (!opened) return tl::make_unexpected(opened.error());
    follower.file = *opened;
    return {};
}

}  // namespace logwisp
