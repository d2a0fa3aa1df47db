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
    const bool events = framing == Framing::server_sent_events;
    ViewOptions view;
    view.buffer_entries = events ? options_.http_buffer_entries : options_.tcp_buffer_entries;
    view.slack_entries = 2 * batch_entries_;
    // The lines view is also what the events view is framed from.
    view.entries_max = view.slack_entries + (events ? view.buffer_entries
                                                    : std::max(options_.http_buffer_entries,
                                                               options_.tcp_buffer_entries));
    view.ring_bytes = std::max(ring_bytes_per_entry * view.entries_max,
                               entry_bytes_max(options_.line_bytes_max) + frame_overhead_bytes_max);
    view.first_sequence = options_.first_sequence;
    view.epoch = options_.epoch;
    view.frame = events ? options_.sse_frame : nullptr;
    return view;
}

void Stream::number(Batch& batch) { batch.first_sequence = next(); }

void Stream::append(const Batch& batch) {
    lines_.append(batch);
    if (events_) events_->append(batch);
}

void Stream::take_over(const Stream& before) {
    CHECK(first() == next() && !events_);
    lines_.copy_from(before.lines_.ring());
}

void Stream::restart_at(std::uint64_t first) {
    // An empty batch that begins elsewhere: both rings start anew.
    Batch nothing;
    nothing.first_sequence = first;
    append(nothing);
}

View& Stream::events() {
    if (!events_) {
        events_ = std::make_unique<View>(view_options(Framing::server_sent_events));
        events_->copy_from(lines_.ring());
    }
    return *events_;
}

void Stream::trim() {
    if (events_ && events_->subscribers() == 0) events_.reset();
}

void Stream::flush() {
    lines_.flush();
    if (events_) events_->flush();
}

}  // namespace logwisp
