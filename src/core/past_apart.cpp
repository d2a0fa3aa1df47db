#include "core/past_apart.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "core/core.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

namespace {

PastEnds ends_of(PastReader& reader) { return {reader.past_end(), reader.memory_begins()}; }

Message message_of(Message::Task task) {
    Message message;
    message.kind = Message::Kind::task;
    message.task = std::make_unique<Message::Task>(std::move(task));
    return message;
}

}  // namespace

// --- Where the reader is. ---

void PastAsker::post(std::size_t home, Message::Task task) {
    fabric_.post(core_index_, home, message_of(std::move(task)));
}

void PastAsker::begin(PastReader& reader, const PastSource& source, std::uint64_t next) {
    CHECK(reader.place.source == nullptr);
    const std::uint64_t id = ++last_id_;
    reader.place = {};
    reader.place.source = &source;
    reader.place.ticket = id;
    Errand& errand = errands_[id];
    errand.reader = &reader;
    errand.source = source;
    errand.next = next;
    queues_[*source.read_by].waiting.push_back(id);
    begin_those_who_wait(*source.read_by);
}

void PastAsker::begin_those_who_wait(std::size_t home) {
    Queue& queue = queues_[home];
    while (queue.begun < past_errands_max && !queue.waiting.empty()) {
        const std::uint64_t id = queue.waiting.front();
        queue.waiting.pop_front();
        const auto found = errands_.find(id);
        if (found == errands_.end()) continue;  // has left
        Errand& errand = found->second;
        const PastEnds ends = ends_of(*errand.reader);
        errand.begun = true;
        errand.rests = false;
        errand.asked_to = ends.past_end;
        ++queue.begun;
        post(home, [id, ends, asker = core_index_, source = errand.source, next = errand.next](
                       Core& core) { core.past_giver().begin(asker, id, source, next, ends); });
    }
}

void PastAsker::ask_for_more(std::uint64_t id, Errand& errand) {
    const PastEnds ends = ends_of(*errand.reader);
    errand.rests = false;
    errand.asked_to = ends.past_end;
    post(*errand.source.read_by,
         [id, ends, asker = core_index_](Core& core) { core.past_giver().more(asker, id, ends); });
}

void PastAsker::go_on(PastReader& reader) {
    const auto found = errands_.find(reader.place.ticket);
    CHECK(found != errands_.end());
    if (found->second.rests && reader.takes_past()) ask_for_more(found->first, found->second);
}

void PastAsker::end(PastReader& reader) {
    const std::uint64_t id = reader.place.ticket;
    reader.place = {};
    const auto found = errands_.find(id);
    CHECK(found != errands_.end());
    const std::size_t home = *found->second.source.read_by;
    const bool begun = found->second.begun;
    errands_.erase(found);
    if (begun)
        post(home, [id, asker = core_index_](Core& core) { core.past_giver().end(asker, id); });
    else
        // Only its number is left there, and not many of those.
        std::erase(queues_[home].waiting, id);
}

// False: the reader has left.
bool PastAsker::give(std::uint64_t id, const PastPiece& piece) {
    for (const PastPiece::Item& item : piece.items) {
        const auto found = errands_.find(id);
        if (found == errands_.end()) return false;
        found->second.next = item.last + 1;
        if (item.json.empty())
            found->second.reader->on_past_gap(item.first, item.last);
        else
            found->second.reader->on_past_entry(item.first, item.json);
    }
    return errands_.contains(id);
}

void PastAsker::on_piece(std::uint64_t id, const PastPiece& piece) {
    if (!give(id, piece)) return;
    if (piece.done) return on_done(id, piece.next);
    Errand& errand = errands_.at(id);
    errand.rests = true;
    if (errand.reader->takes_past()) ask_for_more(id, errand);
}

void PastAsker::on_done(std::uint64_t id, std::uint64_t next) {
    Errand& errand = errands_.at(id);
    const std::size_t home = *errand.source.read_by;
    PastReader& reader = *errand.reader;
    --queues_[home].begun;
    // It ends early when something could not be read: then what memory has is enough.
    const std::uint64_t end = next < errand.asked_to ? reader.memory_begins() : reader.past_end();
    if (next < end) {  // meanwhile more has come
        errand.begun = false;
        errand.next = next;
        queues_[home].waiting.push_back(id);
    } else {
        errands_.erase(id);
        reader.place = {};
        reader.on_past_end(next);
    }
    begin_those_who_wait(home);
}

void PastAsker::on_ended(std::size_t home) {
    --queues_[home].begun;
    begin_those_who_wait(home);
}

// --- Where the files are. ---

void PastGiver::post(std::uint32_t asker, Message::Task task) {
    fabric_.post(core_index_, asker, message_of(std::move(task)));
}

void PastGiver::begin(std::uint32_t asker, std::uint64_t errand, const PastSource& source,
                      std::uint64_t next, const PastEnds& ends) {
    auto& reader = readers_[{asker, errand}];
    CHECK(reader == nullptr);
    reader = std::make_unique<Reader>();
    reader->source = source;
    reader->ends = ends;
    history_.begin(*reader, reader->source, next);
}

void PastGiver::more(std::uint32_t asker, std::uint64_t errand, const PastEnds& ends) {
    const auto found = readers_.find({asker, errand});
    if (found == readers_.end()) return;  // it stops
    Reader& reader = *found->second;
    reader.piece_owed = true;
    if (reader.piece.done) return;
    reader.ends = ends;
    history_.go_on(reader);
}

void PastGiver::end(std::uint32_t asker, std::uint64_t errand) {
    const auto found = readers_.find({asker, errand});
    if (found != readers_.end()) {
        history_.end(*found->second);
        readers_.erase(found);
    }
    post(asker, [home = core_index_](Core& core) { core.past_asker().on_ended(home); });
}

void PastGiver::on_turn_end() {
    for (auto at = readers_.begin(); at != readers_.end();) {
        Reader& reader = *at->second;
        const auto [asker, errand] = at->first;
        const bool due = reader.piece_owed && (!reader.piece.items.empty() || reader.piece.done);
        if (!due) {
            ++at;
            continue;
        }
        auto piece = std::make_shared<PastPiece>(std::exchange(reader.piece, {}));
        reader.piece_owed = false;
        reader.piece_bytes = 0;
        at = piece->done ? readers_.erase(at) : std::next(at);
        post(asker, [errand = errand, piece = std::move(piece)](Core& core) {
            core.past_asker().on_piece(errand, *piece);
        });
    }
}

void PastGiver::end_all() {
    for (const auto& [key, reader] : readers_) history_.end(*reader);
    readers_.clear();
}

bool PastGiver::Reader::takes_past() { return piece_owed && piece_bytes < past_queue_bytes_max; }

std::uint64_t PastGiver::Reader::memory_begins() {
    return std::min(ends.memory_begins, ends.past_end);
}

void PastGiver::Reader::on_past_entry(std::uint64_t sequence, std::string_view json) {
    piece_bytes += json.size();
    piece.items.push_back({sequence, sequence, std::string(json)});
}

void PastGiver::Reader::on_past_gap(std::uint64_t first, std::uint64_t last) {
    piece.items.push_back({first, last, {}});
}

void PastGiver::Reader::on_past_end(std::uint64_t next) {
    piece.done = true;
    piece.next = next;
}

}  // namespace logwisp
