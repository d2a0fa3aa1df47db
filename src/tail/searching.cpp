// What was packed before it was read: which packed file holds it. Searches are made one after the
// other; each looks into the packed siblings of one file that were born after it, once, and then
// decides (packed_choice.hpp). Meanwhile everything that comes after that file waits.
#include <algorithm>

#include "base/check.hpp"
#include "tail/identity.hpp"
#include "tail/state.hpp"

namespace logwisp {

namespace {
constexpr std::int64_t second_ns = 1'000'000'000;
}  // namespace

bool TailState::search_packed(Follower& old, bool rest_is_packed) {
    if (search_for(old) != nullptr) return true;
    if (packed_siblings(bounds_of(old, rest_is_packed)).empty()) return false;
    add_search(old, rest_is_packed);
    return true;
}

PackedSearch& TailState::add_search(Follower& old, bool rest_is_packed) {
    auto search = std::make_unique<PackedSearch>();
    search->old = &old;
    search->rest_is_packed = rest_is_packed;
    search->unread = old.queued || !old.at_end();
    old.searching = true;
    searches.push_back(std::move(search));
    return *searches.back();
}

// Not when everything is as it should be: then no packed file was written after the old one.
void TailState::search_generations(Follower& old) {
    if (old.unpacking || !search_packed(old, false)) return;
    search_for(old)->generations = true;
}

PackedSearch* TailState::search_for(const Follower& old) {
    for (const auto& search : searches)
        if (search->old == &old) return search.get();
    return nullptr;
}

PackedBounds TailState::bounds_of(const Follower& old, bool rest_is_packed) {
    PackedBounds bounds{old.origin->path(), old.identity, old.born_ns, 0};
    if (rest_is_packed) return bounds;
    bounds.written_ns = old.modified_ns;
    if (old.file >= 0)
        if (const auto status = files().status(old.file)) bounds.written_ns = status->modified_ns;
    return bounds;
}

// Those that may hold something of a file or of what came after it.
std::vector<PackedFile> TailState::packed_siblings(const PackedBounds& bounds) {
    std::vector<PackedFile> found;
    const auto siblings = rotated_siblings(bounds.original, Form::packed);
    if (!siblings) return found;
    for (const Sibling& sibling : *siblings) {
        const FileStatus& status = sibling.status;
        const bool known = packed_identity(status.identity) == bounds.identity;
        if (!known && status.born_ns != 0 && status.born_ns < bounds.born_ns) continue;
        if (status.modified_ns + second_ns < bounds.written_ns) continue;
        if (std::any_of(unpackings.begin(), unpackings.end(), [&](const auto& unpacking) {
                return unpacking->identity == status.identity;
            }))
            continue;
        // It is being made, or was made beside what it was made of: that one counts.
        const std::string plain(unpacked_name(sibling.path));
        if (const auto beside = files().status(plain);
            beside && beside->kind == FileKind::regular && plain != bounds.original)
            continue;
        PackedFile file;
        file.path = sibling.path;
        file.status = status;
        found.push_back(std::move(file));
    }
    sort_packed(base_name(bounds.original), found);
    if (found.size() > packed_files_max) found.erase(found.begin(), found.end() - packed_files_max);
    return found;
}

// False: not now.
bool TailState::step_search(PackedSearch& search) {
    if (now_ms() < search.again_ms) {
        packed_wake_ms = std::min(packed_wake_ms, search.again_ms);
        return false;
    }
    if (!std::exchange(search.listed, true)) begin_search(search);
    for (; search.at < search.files.size(); ++search.at) {
        PackedFile& file = search.files[search.at];
        if (file.state == PackedFile::State::unknown && !look_into(search, file)) return false;
    }
    if (wait_for_growth(search)) return false;
    end_search(search);
    return true;
}

void TailState::begin_search(PackedSearch& search) {
    const Follower& old = *search.old;
    search.files = packed_siblings(bounds_of(old, search.rest_is_packed));
    search.marks.push_back(old.mark);
    for (const auto& [identity, mark] : remembered)
        if (identity != old.identity) search.marks.push_back(mark);
    for (const auto& follower : followers) {
        if (follower->origin != old.origin) continue;
        if (follower.get() != &old) search.marks.push_back(follower->mark);
        if (follower->before_truncation) search.marks.push_back(*follower->before_truncation);
    }
}

// True when it is known what the file holds.
bool TailState::look_into(PackedSearch& search, PackedFile& file) {
    if (search.text == nullptr) {
        const auto opened = open_file(file.path);
        if (!opened && is_out_of_descriptors(opened.error().code)) {
            search.again_ms = now_ms() + packed_look_again_ms;
            packed_wake_ms = std::min(packed_wake_ms, search.again_ms);
            return false;
        }
        if (!opened) {
            file.state = PackedFile::State::unreadable;
            return true;
        }
        search.file = *opened;
        search.scan = std::make_unique<PackedScan>(search.marks);
        search.text = std::make_unique<PackedText>(parts.reactor, *this, search.file);
    }
    while (packed_left > 0) {
        std::string_view piece;
        switch (search.text->next(piece)) {
            case PackedText::Got::text:
                search.scan->take(piece);
                packed_left -= std::min(packed_left, piece.size());
                break;
            case PackedText::Got::waiting:
                return false;
            case PackedText::Got::end:
                looked_into(search, file, PackedFile::State::whole);
                return true;
            case PackedText::Got::cut:
                looked_into(search, file, PackedFile::State::cut);
                return true;
            case PackedText::Got::damaged:
                looked_into(search, file, PackedFile::State::damaged);
                return true;
            case PackedText::Got::failed:
                counters.read_errors.add();
                looked_into(search, file, PackedFile::State::unreadable);
                return true;
        }
    }
    packed_wake_ms = 0;
    return false;
}

void TailState::looked_into(PackedSearch& search, PackedFile& file, PackedFile::State state) {
    file.state = state;
    file.holds = search.scan->take_holds();
    file.end = search.scan->end();
    if (const auto status = files().status(search.file)) {
        if (status->identity != file.status.identity) file.state = PackedFile::State::unreadable;
        if (file.seen_bytes != status->size_bytes) file.changed_ms = now_ms();
        file.seen_bytes = status->size_bytes;
        file.status = *status;
    }
    // Some tools give what they make the time of its making, and write the other one into it.
    file.written_ns = file.status.modified_ns;
    const auto noted_ns = static_cast<std::int64_t>(search.text->written_seconds()) * second_ns;
    if (noted_ns != 0 && noted_ns + second_ns < file.written_ns) file.written_ns = noted_ns;
    search.text.reset();
    search.scan.reset();
    close_file(std::exchange(search.file, -1));
}

// What ends in the middle may still be written.
bool TailState::wait_for_growth(PackedSearch& search) {
    bool waits = false;
    for (PackedFile& file : search.files) {
        if (file.state != PackedFile::State::cut) continue;
        if (now_ms() - file.changed_ms >= packed_growth_wait_ms) continue;
        file.state = PackedFile::State::unknown;
        waits = true;
    }
    if (!waits) return false;
    search.at = 0;
    search.again_ms = now_ms() + packed_look_again_ms;
    packed_wake_ms = std::min(packed_wake_ms, search.again_ms);
    return true;
}

// A search that is not over may still put something before it.
bool TailState::undecided(const Follower& follower) const {
    for (const Follower* at = &follower; at != nullptr; at = at->waits_for)
        if (at->searching) return true;
    return false;
}

// Whoever goes on from here is to find it under its path: that the path names something else by then
// is what makes it search for generations.
bool TailState::keeps_its_path(const Follower& follower) {
    if (!follower.searching) return false;
    const PackedSearch* const search = search_for(follower);
    return search->generations && !search->is_copy;
}

// The first generations of a path may all be packed by now. A follower of its own stands for the
// oldest, found or not. Nullptr: there is none.
Follower* TailState::search_first(FollowedPath& entry, std::int64_t since_ns) {
    FileStatus status;
    status.identity = packed_identity({});
    status.identity.inode = static_cast<std::uint64_t>(++packed_copies) << 32U;
    status.born_ns = since_ns;
    status.modified_ns = since_ns;
    Follower& first = add_follower(make_follower(), status, -1);
    set_origin(first, &entry);
    first.at_start = true;
    first.retired = true;
    retired.push_back(&first);
    add_search(first, true).generations = true;
    return &first;
}

// What a truncated file held beyond our position may be in a copy that is packed by now. A follower
// of its own stands for that copy, found or not. Nullptr: there is none.
Follower* TailState::search_copy(Follower& follower) {
    FileStatus status;
    status.identity = packed_identity(follower.identity);
    status.identity.inode ^= static_cast<std::uint64_t>(++packed_copies) << 32U;
    status.size_bytes = follower.known_size_bytes;
    status.modified_ns = follower.modified_ns;
    status.born_ns = std::max(follower.modified_ns, follower.origin->last_read_us * 1000);
    if (status.born_ns == 0) return nullptr;
    status.born_ns -= second_ns;
    if (packed_siblings({follower.origin->path(), status.identity, status.born_ns, 0}).empty())
        return nullptr;
    Follower& copy = add_follower(make_follower(), status, -1);
    set_origin(copy, follower.origin);
    copy.mark = *follower.before_truncation;
    copy.go_on(false);
    copy.retired = true;
    retired.push_back(&copy);
    PackedSearch& search = add_search(copy, true);
    search.generations = true;
    search.is_copy = true;
    return &copy;
}

}  // namespace logwisp
