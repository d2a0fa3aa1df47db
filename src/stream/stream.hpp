// A stream on one core: on its home core the original, elsewhere a replica that is fed batches
// while it has readers.
//
// The lines view (JSON + LF) always exists where the stream is alive: it is what TCP readers are
// sent, the memory behind `tail` and resume, and what a replica is warmed with. The events view
// (SSE) and the numbered lines are framed only while somebody reads them. Core thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "stream/batch.hpp"
#include "stream/seen_times.hpp"
#include "stream/view.hpp"

namespace logwisp {

struct StreamOptions {
    std::uint64_t first_sequence = 1;  // never 0, which means "before the first"
    std::string epoch;                 // what ids begin with; new whenever sequences begin anew
    std::uint32_t http_buffer_entries = 1000;
    std::uint32_t tcp_buffer_entries = 1000;
    std::size_t line_bytes_max = 1024 * 1024;
    Frame sse_frame = nullptr;
    Frame numbered_frame = nullptr;  // JSON lines with the entry's id
};

class Stream {
  public:
    explicit Stream(StreamOptions options);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Home core: gives the batch its sequences. This is where a ledger would write before anybody
    // sees the batch.
    void number(Batch& batch);
    // Every core. REQUIRES: no send from this stream's rings is in flight.
    void append(const Batch& batch);

    // Goes on where `before` stands, with what its ring holds. REQUIRES: nothing was appended here.
    void take_over(const Stream& before);
    // A replica begins (again): the home core's oldest entry is `first`.
    void restart_at(std::uint64_t first);

    [[nodiscard]] View& lines() { return lines_; }
    // Framed from the lines view's ring when they come into use.
    [[nodiscard]] View& events() { return view_in_use(events_, Framing::server_sent_events); }
    [[nodiscard]] View& numbered() { return view_in_use(numbered_, Framing::numbered_lines); }
    // Lets go of those that nobody reads.
    void trim_events();
    void trim_numbered();

    [[nodiscard]] std::uint64_t first() const { return lines_.ring().first(); }
    [[nodiscard]] std::uint64_t next() const { return lines_.ring().next(); }
    [[nodiscard]] const std::string& epoch() const { return options_.epoch; }
    [[nodiscard]] std::size_t readers() const {
        return lines_.readers() + events_readers() + numbered_readers();
    }
    [[nodiscard]] std::size_t events_readers() const { return events_ ? events_->readers() : 0; }
    [[nodiscard]] std::size_t numbered_readers() const {
        return numbered_ ? numbered_->readers() : 0;
    }

    void flush();

    // When the change was seen that an entry is from. 0: not known.
    [[nodiscard]] std::uint64_t seen_ns(std::uint64_t sequence) const {
        return seen_times_.of(sequence);
    }

    // Entries that fit one batch without overrunning a reader that has everything.
    [[nodiscard]] std::uint32_t batch_entries() const { return batch_entries_; }

  private:
    [[nodiscard]] ViewOptions view_options(Framing framing) const;
    [[nodiscard]] View& view_in_use(std::unique_ptr<View>& view, Framing framing);

    StreamOptions options_;
    std::uint32_t batch_entries_;
    SeenTimes seen_times_;  // before the views, which look into it
    View lines_;
    std::unique_ptr<View> events_;
    std::unique_ptr<View> numbered_;
};

}  // namespace logwisp
