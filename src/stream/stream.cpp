#include "stream/stream.hpp"

#include <algorithm>
#include <utility>

namespace logwisp {

Stream::Stream(StreamOptions options)
    : options_(std::move(options)),
      batch_entries_(std::clamp<std::uint32_t>(
          std::min(options_.http_buffer_entries, options_.tcp_buffer_entries) / batches_per_buffer,
          1, batch_entries_max)),
      lines_(view_options(Framing::json_lines)) {}

ViewOptions Stream::view_options(Framing framing) const {
    const bool lines = framing == Framing::json_lines;
    const bool events = framing == Framing::server_sent_events;
    ViewOptions view;
    view.buffer_entries = events ? options_.http_buffer_entries : options_.tcp_buffer_entries;
    // Two turns: its head goes out in the first one.
    view.slack_entries = 2 * batches_per_turn * batch_entries_;
    // The lines view is also what the others are framed from.
    view.entries_max = view.slack_entries +
                       (lines ? std::max(options_.http_buffer_entries, options_.tcp_buffer_entries)
                              : view.buffer_entries);
    view.ring_bytes = std::max(ring_bytes_per_entry * view.entries_max,
                               entry_bytes_max(options_.line_bytes_max) + frame_overhead_bytes_max);
    view.first_sequence = options_.first_sequence;
    view.epoch = options_.epoch;
    view.seen_times = &seen_times_;
    view.frame = lines ? nullptr : events ? options_.sse_frame : options_.numbered_frame;
    return view;
}

void Stream::number(Batch& batch) { batch.first_sequence = next(); }

void Stream::append(const Batch& batch) {
    if (!batch.empty()) seen_times_.note(batch.first_sequence, batch.seen_ns);
    lines_.append(batch);
    if (events_) events_->append(batch);
    if (numbered_) numbered_->append(batch);
}

void Stream::take_over(const Stream& before) {
    CHECK(first() == next() && !events_ && !numbered_);
    lines_.copy_from(before.lines_.ring());
}

void Stream::restart_at(std::uint64_t first) {
    // An empty batch that begins elsewhere: both rings start anew.
    Batch nothing;
    nothing.first_sequence = first;
    append(nothing);
}

View& Stream::view_in_use(std::unique_ptr<View>& view, Framing framing) {
    if (!view) {
        view = std::make_unique<View>(view_options(framing));
        view->copy_from(lines_.ring());
    }
    return *view;
}

void Stream::trim_events() {
    if (events_readers() == 0) events_.reset();
}

void Stream::trim_numbered() {
    if (numbered_readers() == 0) numbered_.reset();
}

void Stream::flush() {
    lines_.flush();
    if (events_) events_->flush();
    if (numbered_) numbered_->flush();
}

}  // namespace logwisp
