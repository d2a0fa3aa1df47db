#include "core/stream_home.hpp"

#include <cstring>
#include <utility>

#include "base/clock.hpp"
#include "wire/json.hpp"

namespace logwisp {

StreamHome::StreamHome(std::shared_ptr<StreamInfo> info, Stream& stream, TailParts parts,
                       Fabric& fabric, std::uint32_t core_index)
    : info_(std::move(info)),
      stream_(stream),
      fabric_(fabric),
      core_index_(core_index),
      attached_(fabric.cores(), false),
      tail_(parts, info_->config.name, info_->config.monitor, *this) {}

Batch* StreamHome::batch() {
    if (open_ == nullptr) open_ = &pool_.take();
    if (open_->full() || open_->entries() >= stream_.batch_entries()) {
        refused_ = true;
        return nullptr;
    }
    return open_;
}

bool StreamHome::publish() {
    if (open_ != nullptr && !open_->empty()) {
        Batch& batch = *std::exchange(open_, nullptr);
        stream_.number(batch);
        stream_.append(batch);
        info_->monitor.next_sequence.set(stream_.next());
        for (std::uint32_t core = 0; core < attached_.size(); ++core)
            if (attached_[core]) post(batch, core);
        batch.release();
    }
    copy_counters();
    if (!std::exchange(refused_, false)) return false;
    tail_.on_sink_ready();
    return open_ != nullptr && !open_->empty();
}

void StreamHome::post(Batch& batch, std::uint32_t core) {
    if (!fabric_.has_room_for_batch(core_index_, core)) {
        // Its ring will start anew behind the hole, and its readers are told the exact number.
        info_->monitor.unposted_entries.add(batch.entries());
        return;
    }
    batch.hold();
    Message message;
    message.kind = Message::Kind::batch;
    message.stream_id = info_->id;
    message.batch = &batch;
    fabric_.post(core_index_, core, std::move(message));
}

void StreamHome::attach(std::uint32_t core) {
    attached_[core] = true;
    const Ring& ring = stream_.lines().ring();
    Message message;
    message.kind = Message::Kind::attached;
    message.stream_id = info_->id;
    message.sequence = ring.first();
    message.until = ring.next();
    fabric_.post(core_index_, core, std::move(message));

    std::uint64_t sequence = ring.first();
    while (sequence < ring.next()) {
        Batch& batch = pool_.take();
        batch.first_sequence = sequence;
        while (sequence < ring.next() && !batch.full()) {
            const std::span<const char> line = ring.frame(sequence++);
            const std::size_t json_bytes = line.size() - 1;
            std::memcpy(batch.open_entry(json_bytes), line.data(), json_bytes);
            batch.close_entry(json_bytes);
        }
        post(batch, core);
        batch.release();
    }
}

void StreamHome::detach(std::uint32_t core) { attached_[core] = false; }

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
    to.rotations.set(from.rotations.get());
    to.lost_bytes.set(from.lost_bytes.get());
    to.skipped_nul_bytes.set(from.skipped_nul_bytes.get());
    to.truncated_lines.set(from.truncated_lines.get());
    to.read_errors.set(from.read_errors.get());
    to.ready.store(tail_.ready(), std::memory_order_relaxed);
}

std::string StreamHome::watchers_json() const {
    std::string out;
    JsonWriter json(out);
    json.begin_array();
    for (const WatcherStatus& watcher : tail_.watchers()) {
        json.begin_object();
        json.key("path");
        json.string(watcher.path);
        json.key("size");
        json.number(watcher.size_bytes);
        json.key("position");
        json.number(watcher.position);
        json.key("entries");
        json.number(watcher.entries);
        json.key("rotations");
        json.number(watcher.rotations);
        json.key("last_read");
        if (watcher.last_read_us == 0)
            json.null();
        else
            json.string(rfc3339_us(watcher.last_read_us));
        json.key("polled");
        json.boolean(watcher.polled);
        json.key("draining");
        json.boolean(watcher.draining);
        if (!watcher.error.empty()) {
            json.key("error");
            json.string(watcher.error);
        }
        json.end_object();
    }
    json.end_array();
    return out;
}

}  // namespace logwisp
