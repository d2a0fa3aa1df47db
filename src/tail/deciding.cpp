// The end of a search: what the packed files are taken for, who reads them, and what is told of those
// that nobody reads.
#include <algorithm>

#include "tail/identity.hpp"
#include "tail/state.hpp"

namespace logwisp {

namespace {
bool holds_text_of(FileSystem& files, const PackedFile& file, const Follower& follower) {
    return follower.file >= 0 && file.text_bytes() != 0 &&
           file.end.compare(files, follower.file) == Likeness::same;
}
}  // namespace

PackedQuestion TailState::question_of(const PackedSearch& search) {
    const Follower& old = *search.old;
    PackedQuestion question;
    question.original = base_name(old.origin->path());
    question.rest_is_packed = search.rest_is_packed;
    question.rest_position = old.mark.position();
    for (const PackedFile& file : search.files)
        if (packed_identity(file.status.identity) == old.identity)
            question.rest_identity = file.status.identity;
    question.generations = search.generations;
    question.written_ns = std::max(old.modified_ns, old.born_ns);
    if (old.modified_ns == 0)
        question.written_ns = std::max(question.written_ns, old.origin->last_read_us * 1000);
    if (search.rest_is_packed || old.file < 0) return question;
    if (const auto status = files().status(old.file)) question.written_ns = status->modified_ns;
    if (const auto siblings = rotated_siblings(old.origin->path()))
        for (const Sibling& sibling : *siblings)
            if (sibling.status.identity == old.identity)
                question.plain_name = base_name(sibling.path);
    return question;
}

void TailState::end_search(PackedSearch& search) {
    Follower& old = *search.old;
    const PackedQuestion question = question_of(search);
    std::vector<bool> read;
    for (const PackedFile& file : search.files)
        read.push_back(std::any_of(followers.begin(), followers.end(), [&](const auto& follower) {
            return follower->origin == old.origin && holds_text_of(files(), file, *follower);
        }));
    const PackedChoice choice = choose_packed(question, search.files, search.marks, read);
    const bool unread = search.unread;
    const std::vector<PackedFile> found = std::move(search.files);
    std::erase_if(searches, [&](const auto& one) { return one.get() == &search; });
    old.searching = false;
    names_changed(old);
    if (!old.retired) return schedule(old);  // it came back under its name
    if (choice.rest) {
        begin_unpacking(old, found[*choice.rest]);
    } else if (question.rest_is_packed) {
        for (std::size_t index = 0; index < found.size(); ++index)
            if (found[index].state != PackedFile::State::whole &&
                std::find(choice.undecided.begin(), choice.undecided.end(), index) ==
                    choice.undecided.end())
                told_undecided(old, found[index]);
        gone(old, unread);
        if (unread) add_loss(old, old.unread());
    }
    add_generations(old, found, choice);
    schedule(old);
}

// Between `old` and what waits for it; behind what is older than they are.
void TailState::add_generations(Follower& old, const std::vector<PackedFile>& files,
                                const PackedChoice& choice) {
    Follower* last = &old;
    for (const std::size_t index : choice.generations) {
        const PackedFile& file = files[index];
        FileStatus status = file.status;
        status.identity = packed_identity(status.identity);
        status.size_bytes = file.text_bytes();
        status.born_ns = file.written_ns;
        if (find(status.identity) != nullptr) continue;
        Follower& made = add_follower(make_follower(), status, -1);
        set_origin(made, old.origin);
        made.at_start = true;
        made.retired = true;
        made.changed_ms = now_ms();
        retired.push_back(&made);
        while (last->successor != nullptr && last->successor->retired &&
               last->successor->modified_ns < file.written_ns)
            last = last->successor;
        made.successor = std::exchange(last->successor, &made);
        made.waits_for = last;
        if (made.successor != nullptr) made.successor->waits_for = &made;
        if (last->file >= 0 && !last->unpacking)
            if (const auto now = this->files().status(last->file))
                last->end_bytes = now->size_bytes;
        begin_unpacking(made, file);
        rotated(made, RotationReason::inode_change, {});
        last = &made;
    }
    number_notices(old);
    for (const std::size_t index : choice.undecided) {
        told_undecided(old, files[index]);
        add_loss(old, {0, true});
    }
}

// Made in another order than they are told.
void TailState::number_notices(Follower& first) {
    std::vector<Follower*> told;
    for (Follower* at = &first; at != nullptr; at = at->successor)
        if (at->notice.reason != RotationReason::none && at->origin == first.origin)
            told.push_back(at);
    std::uint64_t number = first.origin->rotations;
    for (auto at = told.rbegin(); at != told.rend(); ++at) (*at)->notice.number = number--;
}

void TailState::told_undecided(Follower& old, const PackedFile& file) {
    counters.unknown_losses.add();
    const char* why = "it is not known whether it was read";
    if (file.state == PackedFile::State::cut) why = "it ends in the middle";
    if (file.state == PackedFile::State::damaged) why = "it is damaged, or not gzip";
    if (file.state == PackedFile::State::unreadable) why = "it cannot be read";
    log_warn("{}: {}: may hold unread lines of {} and is left alone: {}", stream_name, file.path,
             old.origin->path(), why);
}

// Neither under its name nor under another one.
void TailState::gone(Follower& follower, bool unread) {
    follower.finishing = true;
    follower.gone_unread = unread;
    const std::string& path = follower.origin->path();
    const std::int64_t read_ns =
        std::max(follower.modified_ns, follower.origin->last_read_us * 1000);
    if (const auto siblings = rotated_siblings(path, Form::packed_otherwise))
        for (const Sibling& sibling : *siblings) {
            if (sibling.status.modified_ns <= read_ns) continue;
            counters.unknown_losses.add();
            log_warn(
                "{}: {}: may hold unread lines of {} and is left alone: only what gzip has "
                "packed is read",
                stream_name, sibling.path, path);
        }
    if (!unread) return;
    counters.unknown_losses.add();
    told_lost(follower, follower.known_size_bytes);
}

// With the next notice, if one is still to come.
void TailState::add_loss(Follower& first, Loss loss) {
    for (Follower* at = first.successor; at != nullptr; at = at->successor) {
        if (at->notice.reason == RotationReason::none) continue;
        at->notice.loss.bytes += loss.bytes;
        at->notice.loss.at_least = at->notice.loss.at_least || loss.at_least;
        return;
    }
}

}  // namespace logwisp
