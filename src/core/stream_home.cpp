#include "core/stream_home.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/ledger_positions.hpp"
#include "core/watchers_json.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

StreamHome::StreamHome(std::shared_ptr<StreamInfo> info, Stream& stream, TailParts parts,
                       Fabric& fabric, std::uint32_t core_index)
    : info_(std::move(info)),
      stream_(stream),
      fabric_(fabric),
      core_index_(core_index),
      files_(parts.files),
      // One is being filled, one published; each other core may have as many as fit on the way to it.
      pool_(std::min<std::size_t>(2 + (fabric.cores() - 1) * (batches_in_flight_max + 1),
                                  batches_at_start_max)),
      recorder_(parts.reactor, parts.files),
      sent_to_(fabric.cores(), 0),
      tail_(parts, info_->config.name, info_->config.monitor, *this) {}

void StreamHome::take_over(StreamHome& before) {
    CHECK(before.stopped());
    stream_.take_over(before.stream_);
    info_->monitor.next_sequence.set(stream_.next());
    // One that never started hands on what it was given.
    positions_ =
        before.positions_ != nullptr ? std::move(before.positions_) : before.tail_.take_positions();
    recorder_.keep(before.recorder_.give_away());
    if (before.info_->ledger != nullptr) info_->ledger = std::move(before.info_->ledger);
}

void StreamHome::start() {
    if (info_->ledger != nullptr) {
        if (const auto found = info_->ledger->take_found())
            positions_ = positions_of(*found, files_);
        recorder_.keep(std::move(info_->ledger));
    }
    tail_.start(std::move(positions_));
}

Batch* StreamHome::batch() {
    if (open_ == nullptr) open_ = &pool_.take();
    if (open_->full() || open_->entries() >= stream_.batch_entries()) {
        refused_ = true;
        return nullptr;
    }
    return open_;
}

bool StreamHome::publish() {
    if (recorded_ != nullptr && recorder_.settled()) give_out(*std::exchange(recorded_, nullptr));
    if (recorded_ == nullptr && !nothing_to_publish()) {
        Batch& batch = *std::exchange(open_, nullptr);
        stream_.number(batch);
        recorder_.record(batch.first_sequence, batch.entries());
        if (recorder_.settled())
            give_out(batch);
        else
            recorded_ = &batch;
    }
    for (std::uint32_t core = 0; core < sent_to_.size(); ++core)
        if (sent_to_[core] != 0 && sent_to_[core] != stream_.next()) catch_up(core);
    if (!refused_ || (open_ != nullptr && !open_->empty())) return false;
    refused_ = false;
    tail_.on_sink_ready();
    return recorded_ == nullptr && open_ != nullptr && !open_->empty();
}

void StreamHome::keep_books() {
    if (nothing_to_publish() && !tail_.closed()) recorder_.begin_anew_if_due(tail_);
    copy_counters();
}

void StreamHome::give_out(Batch& batch) {
    if (!batch.empty()) {
        stream_.append(batch);
        info_->monitor.next_sequence.set(stream_.next());
        for (std::uint32_t core = 0; core < sent_to_.size(); ++core)
            if (sent_to_[core] == batch.first_sequence && post(batch, core))
                sent_to_[core] = stream_.next();
    }
    batch.release();
}

void StreamHome::end_record() {
    if (!std::exchange(record_ended_, true)) recorder_.stop();
}

bool StreamHome::post(Batch& batch, std::uint32_t core) {
    if (!fabric_.has_room_for_batch(core_index_, core)) return false;
    batch.hold();
    Message message;
    message.kind = Message::Kind::batch;
    message.stream_id = info_->id;
    message.batch = &batch;
    fabric_.post(core_index_, core, std::move(message));
    return true;
}

void StreamHome::attach(std::uint32_t core) {
    const Ring& ring = stream_.lines().ring();
    Message message;
    message.kind = Message::Kind::attached;
    message.stream_id = info_->id;
    message.sequence = ring.first();
    message.until = ring.next();
    fabric_.post(core_index_, core, std::move(message));
    sent_to_[core] = ring.first();
    catch_up(core);
}

// Sends again, from the ring, what a core lacks: the history when its readers come, and what did not fit while its mailbox was full. What
// the ring has lost meanwhile is a hole in the sequences, and its readers are told the exact number.
void StreamHome::catch_up(std::uint32_t core) {
    const Ring& ring = stream_.lines().ring();
    std::uint64_t& sequence = sent_to_[core];
    if (sequence < ring.first()) {
        info_->monitor.unposted_entries.add(ring.first() - sequence);
        sequence = ring.first();
    }
    while (sequence < ring.next() && fabric_.has_room_for_batch(core_index_, core)) {
        Batch& batch = pool_.take();
        batch.first_sequence = sequence;
        batch.seen_ns = stream_.seen_ns(sequence);
        while (sequence < ring.next() && !batch.full() &&
               batch.entries() < stream_.batch_entries()) {
            const std::span<const char> line = ring.frame(sequence++);
            const std::size_t json_bytes = line.size() - 1;
            std::memcpy(batch.open_entry(json_bytes), line.data(), json_bytes);
            batch.close_entry(json_bytes);
        }
        CHECK(post(batch, core));
        batch.release();
    }
}

bool StreamHome::lagging() const {
    for (const std::uint64_t sequence : sent_to_)
        if (sequence != 0 && sequence != stream_.next()) return true;
    return false;
}

bool StreamHome::tell_end() {
    bool all_told = true;
    for (std::uint32_t core = 0; core < sent_to_.size(); ++core) {
        if (sent_to_[core] == 0) continue;
        if (sent_to_[core] != stream_.next()) {
            all_told = false;
            continue;
        }
        Message message;
        message.kind = Message::Kind::ended;
        message.stream_id = info_->id;
        fabric_.post(core_index_, core, std::move(message));
        sent_to_[core] = 0;
    }
    return all_told;
}

void StreamHome::give_up() { std::fill(sent_to_.begin(), sent_to_.end(), 0); }

void StreamHome::detach(std::uint32_t core) { sent_to_[core] = 0; }

bool StreamHome::idle() {
    if (open_ != nullptr && open_->empty()) std::exchange(open_, nullptr)->release();
    return pool_.idle();
}

void StreamHome::copy_counters() {
    const TailCounters& from = tail_.counters();
    MonitorCounters& to = info_->monitor;
    to.watchers.set(from.files.get());
    to.entries.set(from.entries.get());
    to.bytes.set(from.bytes.get());
    to.rotations.set(from.rotations);
    to.lost_bytes.set(from.lost_bytes.get());
    to.unknown_losses.set(from.unknown_losses.get());
    to.skipped_nul_bytes.set(from.skipped_nul_bytes.get());
    to.truncated_lines.set(from.truncated_lines.get());
    to.read_errors.set(from.read_errors.get());
    to.refused_links.set(from.refused_links.get());
    to.ready.store(tail_.ready(), std::memory_order_relaxed);
    if (const LedgerFile* const ledger = recorder_.ledger(); ledger != nullptr)
        to.recording.store(ledger->recording(), std::memory_order_relaxed);
}

WatchersJson StreamHome::watchers_json(const StatusQuestion& question) const {
    return logwisp::watchers_json(
        tail_.watchers({question.path, question.inode, status_watchers_max}));
}

}  // namespace logwisp
