// A view of a stream on one core: one framing of its entries, the ring that holds the frames, and
// the readers that are sent from it.
//
// Frames are made once, whoever reads. A subscriber is a cursor: the sequence of the entry it is
// sent next. Partial sends never leave a cursor inside a frame: the rest of a frame that was begun
// is kept by the reader's connection (stream/subscriber never sees it), so an overrun always falls
// between two frames. Core thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/batch.hpp"
#include "stream/ring.hpp"
#include "stream/seen_times.hpp"

namespace logwisp {

class View;

// One reader's place in a view. Its owner (a session) pulls: it asks the view what to send, and
// says how much went.
class Subscriber {
  public:
    Subscriber() = default;
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    [[nodiscard]] bool subscribed() const { return view_ != nullptr; }

    // The view has news: send what is lacking, unless a send is under way. Called once per turn,
    // after everything was appended.
    virtual void pump() = 0;

  protected:
    virtual ~Subscriber() { CHECK(!subscribed()); }
    [[nodiscard]] View& view() const { return *view_; }

  private:
    friend class View;
    View* view_ = nullptr;
    std::uint64_t cursor_ = 0;  // sequence of the next entry to send
    std::uint32_t index_ = 0;   // place in the view's list
    bool heartbeat_due_ = false;
    bool catching_up_ = false;  // some of what was there when it came is still to be sent
};

enum class Framing : std::uint8_t { json_lines, server_sent_events, numbered_lines };

// How one entry becomes a frame; `out` has room for the entry and frame_overhead_bytes_max more.
// Given from outside, because what a wire format looks like is not this folder's business.
using Frame = std::size_t (*)(std::string_view epoch, std::uint64_t sequence, std::string_view json,
                              char* out);
inline constexpr std::size_t frame_overhead_bytes_max = 64;

struct ViewOptions {
    std::uint32_t entries_max = 1000;  // the ring's
    std::uint32_t buffer_entries =
        1000;  // buffer_size: how far a reader may fall behind, and what `tail` reaches back to
    std::uint32_t slack_entries =
        0;  // it may fall behind this much more: what arrives while it is sent what it asked for
    std::size_t ring_bytes = 0;
    std::uint64_t first_sequence = 1;
    std::string_view epoch;                 // outlives the view
    const SeenTimes* seen_times = nullptr;  // the same; nullptr: nothing is known
    Frame frame = nullptr;                  // nullptr: the batch's bytes as they are (JSON and LF)
};

class View {
  public:
    explicit View(const ViewOptions& options);
    ~View() { CHECK(readers() == 0); }

    // Frames the whole batch. REQUIRES: no send from this view's ring is in flight. A batch that
    // does not follow on what is here (some were missed) starts the ring anew: readers are told the
    // exact number by their next pull.
    void append(const Batch& batch);
    // Frames what another view's ring holds: a view that comes into use late, or takes the place of
    // another.
    void copy_from(const Ring& json_lines);

    [[nodiscard]] const Ring& ring() const { return ring_; }

    struct Gap {
        std::uint64_t dropped = 0;  // 0: no gap
        std::uint64_t from = 0;     // first and last sequence it missed
        std::uint64_t to = 0;
    };

    // Where a reader begins: `entries` back, or right after an entry it already has (one we never
    // gave out is as good as none).
    [[nodiscard]] std::uint64_t tail(std::uint64_t entries) const;
    [[nodiscard]] std::uint64_t after(std::uint64_t sequence) const;

    // `cursor` is the first entry it is to be sent. When the ring does not reach back that far it
    // begins with the oldest entry, and what is missing is returned.
    Gap subscribe(Subscriber& subscriber, std::uint64_t cursor);
    void unsubscribe(Subscriber& subscriber);
    [[nodiscard]] std::size_t subscribers() const { return subscribers_.size(); }
    // Some who will subscribe once they have caught up: the view stays for them.
    void expect() { ++expected_; }
    void expect_no_more() {
        CHECK(expected_ > 0);
        --expected_;
    }
    [[nodiscard]] std::size_t readers() const { return subscribers_.size() + expected_; }

    // The next pull() would tell a gap; from where on.
    [[nodiscard]] bool overrun(const Subscriber& subscriber) const {
        return subscriber.cursor_ < ring_.first() ||
               ring_.next() - subscriber.cursor_ > lag_entries_max_;
    }
    [[nodiscard]] std::uint64_t cursor(const Subscriber& subscriber) const {
        return subscriber.cursor_;
    }
    // What it lacks is more than a quarter of the buffer.
    [[nodiscard]] bool lags(const Subscriber& subscriber) const {
        return ring_.next() - subscriber.cursor_ > buffer_entries_ / 4;
    }
    // The oldest entry a reader can begin with, and one with half a buffer of room behind it.
    [[nodiscard]] std::uint64_t oldest() const { return tail(buffer_entries_); }
    [[nodiscard]] std::uint64_t half_way() const {
        return ring_.next() - (ring_.next() - oldest()) / 2;
    }

    // What `subscriber` is to be sent next. At most one of the three is set; none: it has
    // everything.
    struct Next {
        Gap gap;                          // tell it so; its cursor is already moved
        std::span<const char> entries;    // from the ring; afterwards sent()
        std::span<const char> heartbeat;  // the view's own, unchanged until it has gone
    };
    Next pull(Subscriber& subscriber, std::size_t bytes_max);
    // `bytes` of pull().entries were taken. Returns the rest of the frame that was begun, to be
    // sent before anything else.
    std::span<const char> sent(Subscriber& subscriber, std::size_t bytes);

    // When the change was seen that the next entry to send is from. 0: not known, or it was there before the reader.
    [[nodiscard]] std::uint64_t seen_ns(const Subscriber& subscriber) const {
        if (seen_times_ == nullptr || subscriber.catching_up_) return 0;
        return seen_times_->of(subscriber.cursor_);
    }

    // One heartbeat for all readers of the view: it stays here and goes to each as soon as it has
    // all entries. It is not in the ring, where on a quiet stream heartbeats would push out the
    // entries that `tail` and resume are for.
    void heartbeat(std::string text);

    // Pumps every subscriber if anything changed since the last flush.
    void flush();

  private:
    void append(std::uint64_t sequence, std::string_view line);

    Ring ring_;
    std::uint32_t buffer_entries_;
    std::uint32_t lag_entries_max_;
    std::string_view epoch_;
    const SeenTimes* seen_times_;
    Frame frame_;
    std::vector<Subscriber*> subscribers_;
    std::size_t expected_ = 0;
    std::string heartbeat_;
    bool dirty_ = false;
};

}  // namespace logwisp
