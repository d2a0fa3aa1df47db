// The text of packed files on its way to their followers: piece by piece into files without names,
// a little ahead of who reads them, and given back behind. A turn unpacks so much and no more.
#include <algorithm>
#include <limits>

#include "base/check.hpp"
#include "tail/state.hpp"

namespace logwisp {

namespace {
constexpr std::uint64_t page_bytes = 4096;
// What was read is given back in steps.
constexpr std::uint64_t freed_step_bytes = 256 * 1024;
constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
}  // namespace

void TailState::on_packed_read() {
    if (!closing) return settle();
    if (!reading()) release_everything();
}

void TailState::on_packed_timer() { settle(); }

void TailState::work_on_packed() {
    if (searches.empty() && unpackings.empty()) return;
    if (std::exchange(packed_turn, parts.reactor.turns()) != parts.reactor.turns())
        packed_left = packed_bytes_per_turn;
    packed_wake_ms = never;
    while (!searches.empty() && step_search(*searches.front())) {
    }
    for (const auto& unpacking : unpackings) step_unpacking(*unpacking);
    if (packed_wake_ms == never) return;
    const std::uint64_t now = now_ms();
    parts.reactor.arm(packed_timer, packed_wake_ms > now ? packed_wake_ms - now : 0);
}

void TailState::begin_unpacking(Follower& follower, const PackedFile& file) {
    auto unpacking = std::make_unique<Unpacking>();
    unpacking->follower = &follower;
    unpacking->path = file.path;
    unpacking->identity = file.status.identity;
    unpacking->text_bytes = file.text_bytes();
    const std::uint64_t before = follower.splitter.line_bytes() + tail_marker_bytes;
    unpacking->kept_from = follower.mark.position() - std::min(follower.mark.position(), before);
    follower.unpacking = true;
    follower.known_size_bytes = unpacking->text_bytes;
    follower.end_bytes = unpacking->text_bytes;
    unpackings.push_back(std::move(unpacking));
    record_due(follower);
    log_info("{}: {}: read from byte {} on, unpacked from {}", stream_name, follower.origin->path(),
             follower.mark.position(), file.path);
}

Unpacking* TailState::unpacking_of(const Follower& follower) {
    for (const auto& unpacking : unpackings)
        if (unpacking->follower == &follower) return unpacking.get();
    return nullptr;
}

bool TailState::has_unpacked(const Follower& follower) {
    return unpacking_of(follower)->position > follower.mark.position();
}

void TailState::step_unpacking(Unpacking& unpacking) {
    Follower& follower = *unpacking.follower;
    if (follower.waits_for != nullptr || follower.finishing) return;
    free_what_was_read(unpacking);
    if (unpacking.text == nullptr && !open_packed(unpacking)) return;
    while (!unpacking.done &&
           unpacking.position < follower.mark.position() + packed_ahead_bytes_max) {
        if (packed_left == 0) {
            packed_wake_ms = 0;
            break;
        }
        std::string_view piece;
        const PackedText::Got got = unpacking.text->next(piece);
        if (got == PackedText::Got::waiting) break;
        if (got == PackedText::Got::end && unpacking.position == unpacking.text_bytes) {
            unpacking.done = true;
        } else if (got == PackedText::Got::text) {
            packed_left -= std::min(packed_left, piece.size());
            if (const auto kept = keep_piece(unpacking, piece); !kept)
                return give_up_unpacking(unpacking, kept.error().text());
        } else {
            return give_up_unpacking(unpacking, "it is not what it was a moment ago");
        }
    }
    if (has_unpacked(follower)) {
        schedule(follower);
    } else if (unpacking.done && follower.slot == nullptr) {
        follower.finishing = true;
        schedule(follower);
    }
}

// Both files are open: the packed one and the one for its text. False: not now.
bool TailState::open_packed(Unpacking& unpacking) {
    if (now_ms() < unpacking.again_ms) {
        packed_wake_ms = std::min(packed_wake_ms, unpacking.again_ms);
        return false;
    }
    auto packed = open_packed_file(unpacking);
    auto text = packed ? files().open_unnamed() : tl::make_unexpected(packed.error());
    if (packed && text) {
        parts.descriptors.opened();
        unpacking.file = *packed;
        unpacking.follower->file = *text;
        unpacking.text = std::make_unique<PackedText>(parts.reactor, *this, unpacking.file);
        return true;
    }
    if (packed) close_file(*packed);
    if (is_out_of_descriptors(text.error().code)) {
        unpacking.again_ms = now_ms() + packed_look_again_ms;
        packed_wake_ms = std::min(packed_wake_ms, unpacking.again_ms);
    } else {
        give_up_unpacking(unpacking, text.error().text());
    }
    return false;
}

// Rotated again meanwhile it has another name.
Result<int> TailState::open_packed_file(Unpacking& unpacking) {
    const auto is_it = [&](const Result<FileStatus>& status) {
        return status && status->identity == unpacking.identity;
    };
    if (!is_it(files().status(unpacking.path))) {
        const auto siblings = rotated_siblings(unpacking.follower->origin->path(), Form::packed);
        if (!siblings) return tl::make_unexpected(siblings.error());
        for (const Sibling& sibling : *siblings)
            if (sibling.status.identity == unpacking.identity) unpacking.path = sibling.path;
    }
    auto opened = open_file(unpacking.path);
    if (!opened || is_it(files().status(*opened))) return opened;
    close_file(*opened);
    return failure(ESTALE, "open", unpacking.path);
}

// What is wanted of it, where it stands in the text, and its first bytes.
Result<void> TailState::keep_piece(Unpacking& unpacking, std::string_view piece) {
    const std::uint64_t begin = unpacking.position;
    const int file = unpacking.follower->file;
    unpacking.position += piece.size();
    if (begin < content_head_bytes && begin < unpacking.kept_from)
        if (auto kept = files().write_at(file, piece.substr(0, content_head_bytes - begin), begin);
            !kept)
            return kept;
    if (unpacking.position <= unpacking.kept_from) return {};
    const std::uint64_t from = std::max(begin, unpacking.kept_from);
    return files().write_at(file, piece.substr(from - begin), from);
}

// But for the first page, with the bytes that recognise it, and for what a mark is made of.
void TailState::free_what_was_read(Unpacking& unpacking) {
    const Follower& follower = *unpacking.follower;
    if (follower.file < 0) return;
    std::uint64_t behind = follower.splitter.line_bytes() + tail_marker_bytes;
    if (follower.slot != nullptr) behind += read_bytes_max;
    const std::uint64_t position = follower.mark.position();
    if (position < behind) return;
    const std::uint64_t begin = std::max(unpacking.freed, page_bytes);
    const std::uint64_t end = (position - behind) / page_bytes * page_bytes;
    if (end < begin + freed_step_bytes) return;
    files().free_bytes(follower.file, begin, end);
    unpacking.freed = end;
}

void TailState::give_up_unpacking(Unpacking& unpacking, std::string_view why) {
    Follower& follower = *unpacking.follower;
    counters.unknown_losses.add();
    log_warn("{}: {}: given up: {}", stream_name, unpacking.path, why);
    told_lost(follower, unpacking.text_bytes);
    add_loss(follower, follower.unread());
    follower.finishing = true;
    schedule(follower);
}

void TailState::close_unpacking(Follower& follower) {
    std::erase_if(unpackings, [&](const auto& unpacking) {
        if (unpacking->follower != &follower) return false;
        if (unpacking->file >= 0) close_file(unpacking->file);
        return true;
    });
}

}  // namespace logwisp
