#include "stream/view.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace logwisp {

View::View(const ViewOptions& options)
    : ring_(options.entries_max, options.ring_bytes, options.first_sequence),
      buffer_entries_(options.buffer_entries),
      lag_entries_max_(options.buffer_entries + options.slack_entries),
      epoch_(options.epoch),
      seen_times_(options.seen_times),
      frame_(options.frame) {
    CHECK(buffer_entries_ > 0);
    CHECK(lag_entries_max_ <= options.entries_max);
}

void View::append(const Batch& batch) {
    if (batch.first_sequence != ring_.next()) ring_.restart_at(batch.first_sequence);
    for (std::uint32_t index = 0; index < batch.entries(); ++index)
        append(batch.first_sequence + index, batch.entry(index));
    dirty_ = true;
}

// `line` ends with LF.
void View::append(std::uint64_t sequence, std::string_view line) {
    if (frame_ == nullptr) {
        std::memcpy(ring_.prepare(line.size()), line.data(), line.size());
        ring_.commit(sequence, line.size());
    } else {
        const std::string_view json = line.substr(0, line.size() - 1);
        char* out = ring_.prepare(json.size() + frame_overhead_bytes_max);
        ring_.commit(sequence, frame_(epoch_, sequence, json, out));
    }
}

void View::copy_from(const Ring& json_lines) {
    // From a ring made for longer lines, only what came after the last that has no room here.
    std::uint64_t first = json_lines.next();
    while (first > json_lines.first() &&
           json_lines.frame(first - 1).size() + frame_overhead_bytes_max <= ring_.bytes_max())
        --first;
    ring_.restart_at(first);
    for (std::uint64_t sequence = first; sequence < json_lines.next(); ++sequence) {
        const std::span<const char> line = json_lines.frame(sequence);
        append(sequence, {line.data(), line.size()});
    }
}

std::uint64_t View::tail(std::uint64_t entries) const {
    return ring_.next() - std::min({entries, ring_.entries(), std::uint64_t{buffer_entries_}});
}

std::uint64_t View::after(std::uint64_t sequence) const {
    return sequence < ring_.next() ? sequence + 1 : ring_.next();
}

View::Gap View::subscribe(Subscriber& subscriber, std::uint64_t cursor) {
    CHECK(!subscriber.subscribed());
    CHECK(cursor <= ring_.next());
    Gap gap;
    if (cursor < oldest()) gap = {oldest() - cursor, cursor, oldest() - 1};
    subscriber.view_ = this;
    subscriber.cursor_ = std::max(cursor, oldest());
    subscriber.catching_up_ = subscriber.cursor_ < ring_.next();
    subscriber.heartbeat_due_ = false;
    subscriber.index_ = static_cast<std::uint32_t>(subscribers_.size());
    subscribers_.push_back(&subscriber);
    return gap;
}

void View::unsubscribe(Subscriber& subscriber) {
    CHECK(subscriber.view_ == this);
    Subscriber* last = subscribers_.back();
    subscribers_[subscriber.index_] = last;
    last->index_ = subscriber.index_;
    subscribers_.pop_back();
    subscriber.view_ = nullptr;
}

View::Next View::pull(Subscriber& subscriber, std::size_t bytes_max) {
    DCHECK(subscriber.view_ == this);
    Next next;
    if (overrun(subscriber)) {
        // Half a buffer of room, so that a reader that is a little too slow is told of one gap now
        // and then, not of one at every entry.
        const std::uint64_t to = std::max(ring_.half_way(buffer_entries_), subscriber.cursor_);
        next.gap = {to - subscriber.cursor_, subscriber.cursor_, to - 1};
        subscriber.cursor_ = to;
        subscriber.catching_up_ = false;
        if (next.gap.dropped > 0) return next;
    }
    if (subscriber.cursor_ < ring_.next()) {
        next.entries = ring_.from(subscriber.cursor_, bytes_max);
    } else if (subscriber.heartbeat_due_) {
        subscriber.heartbeat_due_ = false;
        next.heartbeat = heartbeat_;
    }
    return next;
}

std::span<const char> View::sent(Subscriber& subscriber, std::size_t bytes) {
    DCHECK(subscriber.view_ == this);
    const Ring::Advance advance = ring_.advance(subscriber.cursor_, bytes);
    CHECK(advance.next >= subscriber.cursor_);
    subscriber.cursor_ = advance.next;
    if (advance.next == ring_.next()) subscriber.catching_up_ = false;
    return advance.remainder;
}

void View::heartbeat(std::string text) {
    heartbeat_ = std::move(text);
    for (Subscriber* subscriber : subscribers_) subscriber->heartbeat_due_ = true;
    dirty_ = true;
}

void View::flush() {
    if (!dirty_) return;
    dirty_ = false;
    // A pump may end a session, which unsubscribes: the last one takes its place and is looked at
    // next.
    for (std::size_t index = 0; index < subscribers_.size();) {
        Subscriber* subscriber = subscribers_[index];
        subscriber->pump();
        if (index < subscribers_.size() && subscribers_[index] == subscriber) ++index;
    }
}

}  // namespace logwisp
