#include "history/past_slot.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "logwisp/limits.hpp"
#include "tail/notice.hpp"

namespace logwisp {

namespace {
// A run of NULs so long is looked at as a possible hole.
constexpr std::size_t hole_bytes_min = 4096;
// What the ledger says of a run is read too, also of one that is nowhere any more.
constexpr std::size_t run_costs_bytes = 256;
// A directory that was listed, and its files asked for their status.
constexpr std::size_t search_costs_bytes = 16 * 1024;
// Then the file lost longest ago is looked for again.
constexpr std::size_t lost_files_max = 1024;
// An entry that needed more leaves no memory behind.
constexpr std::size_t entry_bytes_kept = 1024 * 1024;
}  // namespace

void PastSlot::begin(PastReader& reader) {
    CHECK(free());
    reader_ = &reader;
    stage_ = Stage::no_run;
    rest_until_ms_ = 0;
    bytes_read_ = 0;
    began_ms_ = tools_.reactor.now_ms();
    sought_ = false;
    links_ = reader.place.source->follow_symlinks;
    ledger_.emplace(reader.place.source->ledger_path);
}

void PastSlot::end() {
    reader_ = nullptr;
    rest_until_ms_ = 0;
    ledger_.reset();
    splitter_.reset();
    files_.cancel();
    if (files_.idle()) files_.close_all();
    if (tools_.entry.capacity() > entry_bytes_kept) std::vector<char>().swap(tools_.entry);
}

PastSlot::Step PastSlot::step() {
    rest_until_ms_ = 0;
    while (reader_ != nullptr) {
        // Where something is missing already the rest comes from memory as soon as it can.
        const std::uint64_t end =
            reader_->place.unreadable ? reader_->memory_begins() : reader_->past_end();
        if (next() >= end) {
            tell_gap();
            return Step::done;
        }
        if (!reader_->takes_past()) return Step::asleep;
        if (tools_.bytes_left == 0) return Step::again;
        Step step = Step::done;  // go on
        if (!sought_) {
            step = begin_ledger();
        } else if (stage_ == Stage::no_run) {
            if (take_run()) continue;
            if (ledger_ && ledger_->ran_out_of_descriptors()) return rest();
            note_gap_before(end);
        } else if (stage_ == Stage::searching) {
            if (next() < run_.first())
                note_gap_before(std::min(end, run_.first()));
            else if (run_.is_notice())
                give_notice();
            else
                step = search();
        } else {
            step = split();
        }
        if (step != Step::done) return step;
    }
    return Step::done;
}

// Where no descriptor is to be had for it, it is tried again: that says nothing of the past.
PastSlot::Step PastSlot::begin_ledger() {
    if (!ledger_->seek(next())) {
        if (ledger_->ran_out_of_descriptors()) return rest();
        ledger_.reset();
    }
    sought_ = true;
    return Step::done;
}

PastSlot::Step PastSlot::rest() {
    rest_until_ms_ = tools_.reactor.now_ms() + past_search_again_ms;
    return Step::waits;
}

// The next run of the ledger; false: it knows of nothing more.
bool PastSlot::take_run() {
    if (!ledger_) return false;
    for (;;) {
        const auto run = ledger_->run();
        if (!run) return false;
        if (run->next() <= next()) continue;
        const auto recorded = ledger_->file_of(*run);
        if (!recorded) continue;
        run_ = *run;
        recorded_ = *recorded;
        break;
    }
    tools_.bytes_left -= std::min(tools_.bytes_left, run_costs_bytes);
    stage_ = Stage::searching;
    searches_ = 0;
    given_ = 0;
    if (!run_.is_notice()) files_.look_for(run_, recorded_, ledger_->salt(), links_);
    return true;
}

void PastSlot::note_gap_before(std::uint64_t end) {
    PastReader::Place& place = reader_->place;
    place.unreadable = true;
    end = std::min(end, std::max(place.next, reader_->memory_begins()));
    if (place.next >= end) return;
    if (place.gap_first == 0) place.gap_first = place.next;
    place.next = end;
}

// One for all runs in a row that are nowhere any more.
void PastSlot::tell_gap() {
    const std::uint64_t first = std::exchange(reader_->place.gap_first, 0);
    if (first != 0) reader_->on_past_gap(first, next() - 1);
}

void PastSlot::tell_entry(std::uint64_t sequence, std::size_t bytes) {
    tell_gap();
    if (reader_ == nullptr) return;
    reader_->place.next = sequence + 1;
    reader_->on_past_entry(sequence, {tools_.entry.data(), bytes});
}

PastSlot::Step PastSlot::search() {
    if (is_lost()) return not_found();
    switch (files_.look()) {
        case OldFile::Got::waiting:
            return Step::waits;
        case OldFile::Got::again:
            tools_.bytes_left = 0;
            return Step::again;
        case OldFile::Got::nothing:
            break;
        case OldFile::Got::ready:
            begin_splitting();
            return Step::done;
    }
    tools_.bytes_left -= std::min(tools_.bytes_left, search_costs_bytes);
    if (files_.was_overwritten() && !files_.ran_out_of_descriptors()) return not_found();
    if (!files_.ran_out_of_descriptors() && ++searches_ >= past_searches_max) {
        lose_file();
        return not_found();
    }
    files_.look_for(run_, recorded_, ledger_->salt(), links_);
    return rest();
}

void PastSlot::begin_splitting() {
    stage_ = Stage::splitting;
    splitter_.reset();
    splitter_.emplace(reader_->place.source->line_bytes_max, tools_.carries);
    given_ = 0;
    at_ = run_.slot.begin;
    if ((run_.slot.flags & ledger_begins_inside) != 0)
        splitter_->begin_inside(true);
    else if (at_ != 0)
        splitter_->begin_inside(false);
}

PastSlot::Step PastSlot::not_found() {
    finish_run();
    return Step::done;
}

// What comes later of this file is not there either, until it is another one's content.
void PastSlot::lose_file() {
    std::vector<PastReader::Lost>& lost = reader_->place.lost;
    if (lost.size() == lost_files_max) lost.erase(lost.begin());
    lost.push_back({ledger_->salt(), run_.slot.file, run_.slot.begin});
}

bool PastSlot::is_lost() const {
    const auto& lost = reader_->place.lost;
    return std::any_of(lost.begin(), lost.end(), [this](const PastReader::Lost& one) {
        return one.file == run_.slot.file && one.ledger == ledger_->salt() &&
               run_.slot.begin >= one.begin;
    });
}

bool PastSlot::has_had_its_share(std::uint64_t now_ms) const {
    const std::uint64_t bytes = files_.any_packed() ? past_packed_bytes_share : past_bytes_share;
    return bytes_read_ >= bytes ||
           (stage_ != Stage::splitting && now_ms - began_ms_ >= past_ms_share);
}

PastSlot::Step PastSlot::split() {
    const std::uint64_t end =
        std::min<std::uint64_t>(run_.slot.end, at_ + OldFile::wanted_bytes_max);
    switch (files_.found().want(at_, end)) {
        case OldFile::Got::waiting:
            return Step::waits;
        case OldFile::Got::again:
            tools_.bytes_left = 0;
            return Step::again;
        case OldFile::Got::nothing:  // truncated just now: it may be in a copy
            stage_ = Stage::searching;
            if (++searches_ >= past_searches_max) return not_found();
            files_.look_for(run_, recorded_, ledger_->salt(), links_);
            return rest();
        case OldFile::Got::ready:
            break;
    }
    const std::string_view text = files_.found().text(at_, end);
    if (text.size() >= hole_bytes_min && splitter_->skips_nuls() &&
        text.find_first_not_of('\0') == text.npos) {
        const std::uint64_t data = std::min(run_.slot.end, files_.found().next_data(end));
        splitter_->pass_hole(data - at_);
        at_ = data;
    } else {
        std::string_view rest = text;
        SplitLine line;
        const bool whole = splitter_->next(rest, line);
        const std::uint64_t used = text.size() - rest.size();
        at_ += used;
        bytes_read_ += used;
        tools_.bytes_left -= std::min<std::uint64_t>(tools_.bytes_left, used);
        if (whole) {
            if (given_ == run_.slot.entries) {  // not what was read then
                finish_run();
                return Step::done;
            }
            give(run_.first() + given_++, line);
            return Step::done;
        }
    }
    if (at_ < run_.slot.end) return Step::done;
    if ((run_.slot.flags & ledger_partial) != 0 && given_ < run_.slot.entries) {
        SplitLine line;
        if (splitter_->take_partial(line)) give(run_.first() + given_++, line);
    }
    if (reader_ != nullptr) finish_run();
    return Step::done;
}

void PastSlot::give(std::uint64_t sequence, const SplitLine& line) {
    if (sequence < next() || sequence >= reader_->past_end()) return;
    Line given;
    given.bytes = line.bytes;
    given.source = recorded_.source;
    given.read_at = {run_.slot.time_us};
    given.original_bytes = line.original_bytes;
    given.partial = (run_.slot.flags & ledger_partial) != 0;
    const std::size_t room = entry_bytes_max(line.bytes.size());
    if (tools_.entry.size() < room) tools_.entry.resize(room);
    tell_entry(sequence, tools_.encoder.encode(given, tools_.entry.data()));
}

void PastSlot::give_notice() {
    Notice notice;
    notice.reason = static_cast<RotationReason>(run_.slot.mark);
    notice.number = run_.slot.begin;
    notice.loss = {run_.slot.end, (run_.slot.flags & ledger_at_least) != 0};
    if (tools_.entry.size() < notice_bytes_max) tools_.entry.resize(notice_bytes_max);
    const std::size_t bytes = encode_notice(tools_.encoder, notice, {run_.slot.time_us},
                                            recorded_.source, tools_.entry.data());
    stage_ = Stage::no_run;
    tell_entry(run_.first(), bytes);
}

// What it should have held and did not is told.
void PastSlot::finish_run() {
    stage_ = Stage::no_run;
    note_gap_before(std::min(run_.next(), reader_->past_end()));
}

}  // namespace logwisp
