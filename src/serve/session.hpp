// One connected client: a connection, and once it reads a stream, a subscriber of one of its views.
// The two kinds, HTTP and raw TCP, differ in what they do with input and in how a gap or a goodbye
// is worded; sending is the same and lives here. A reader that wants entries which the ring has lost
// is given them from the log files first (it reads the past), and then subscribes.
//
// Sending happens in pump() only, at the end of a turn: queued bytes first, then entries from the
// ring, then a heartbeat. Core thread. Owned by its core, destroyed through Host::ended().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/connection.hpp"
#include "serve/host.hpp"
#include "serve/read_from.hpp"
#include "serve/site.hpp"
#include "stream/stream.hpp"

namespace logwisp {

// Why a reader is given no past: none is kept, or it cannot be looked at now.
inline constexpr const char* no_past =
    "This stream keeps no past, which since, until, lossless and entries need: enable [state], or "
    "start it with --state";
inline constexpr const char* no_descriptors = "The server can open no more files just now";
inline constexpr const char* no_answer = "The file system of this stream's files does not answer";

class Session : public ConnectionOwner, public Subscriber {
  public:
    Session(Host& host, std::shared_ptr<const Site> site, int socket);
    ~Session() override;

    virtual void open() = 0;
    // Host::join's answer. `stream` is this core's; it stays while the session reads it.
    virtual void on_joined(Stream& stream) = 0;
    // Host::ask_status's answer.
    virtual void on_status(std::string json) = 0;

    void pump() final;
    // Gives the reader what it still lacks, then says goodbye with `reason` (a literal) and closes.
    // A session that reads no stream is not told: it is closed when the last reader has gone.
    void end(const char* reason);
    // Closes now.
    void close();
    void sweep();

    // Reads no stream and has nothing left to be sent: nobody minds when it is closed.
    [[nodiscard]] bool connection_idle() const {
        return stream_ == nullptr && connection_.queued_bytes() == 0;
    }
    // Somebody has connected, or asked, and waits for what we say.
    [[nodiscard]] virtual bool owes_answer() const { return false; }
    // Leaving or told to: nothing may begin for it any more.
    [[nodiscard]] bool gone() const { return left_ || ended_ || connection_.closing(); }
    [[nodiscard]] const std::shared_ptr<StreamInfo>& stream() const { return stream_; }
    // What is served at the port it came in by, as of the last plan.
    [[nodiscard]] const Site& site() const { return *site_; }
    void set_site(std::shared_ptr<const Site> site) {
        CHECK(site->counters == site_->counters);  // of the same port
        site_ = std::move(site);
    }
    [[nodiscard]] std::uint64_t id() const { return id_; }

    // The core's lists; see core/core.hpp.
    struct Links {
        Session* next = nullptr;
        Session* previous = nullptr;
        Session* next_to_pump = nullptr;
        bool pump_requested = false;
    } links;

  protected:
    // What the reader does not get. Empty: not known, or there is none.
    struct Missed {
        std::optional<std::uint64_t> entries;  // how many
        std::string from;                      // the first and the last id
        std::string to;
        std::string url;  // where what can still be read of them is fetched
    };
    virtual std::string gap_notice(const Missed& missed) = 0;
    // One entry, appended to `out` as the reader wants it.
    virtual void frame_entry(std::uint64_t sequence, std::string_view json, std::string& out) = 0;
    // The view that change_view() asks for.
    virtual View& view_instead() { return view(); }
    // read_past() has given everything.
    virtual void on_past_given() {}
    virtual std::string goodbye(std::string_view reason) = 0;
    // The stream is given up: adjust the count of readers.
    virtual void on_left(StreamInfo& stream) = 0;

    // From here on this session is a reader of `stream`; left when it closes.
    void read_stream(std::shared_ptr<StreamInfo> stream) { stream_ = std::move(stream); }
    // Nothing is sent until go_ahead(), or until it would soon be too much.
    void hold_back() { held_back_ = true; }
    void go_ahead();
    [[nodiscard]] bool held_back() const { return held_back_; }
    // Looks up where `from` begins if only the ledger knows. False: that cannot be done now.
    [[nodiscard]] bool look_up(const StreamInfo& stream, ReadFrom& from);
    // Gives the reader entries of `view` from where it wants to begin. REQUIRES: look_up().
    void begin_reading(View& view, const ReadFrom& from);
    // Once what was begun has gone it goes on in view_instead(), with the next entry.
    void change_view();
    // Gives it the entries of [first, end), all of them past. on_past_given() follows.
    void read_past(std::uint64_t first, std::uint64_t end);
    // `readable`: what was missed may be in the files.
    void tell_gap(const View::Gap& gap, Drop why, bool readable = true);
    // It came with an id that is none of ours, and is given what there is from `first` on.
    void tell_unknown_gap(const std::string& id, std::uint64_t first);
    // It was given all it will be; what is queued still goes out.
    void finish();
    // A reader said something that nobody wants; one that goes on and on (discard_bytes_max between
    // two sweeps) is closed.
    void discard(std::size_t bytes);
    // It is one of the readers that its server may have.
    void count_reader(Server server) {
        counters().readers[static_cast<std::size_t>(server)].add();
        counted_ = true;
    }

    Host& host() { return host_; }
    Connection& connection() { return connection_; }
    CoreStreamCounters& counters() { return stream_->per_core[host_.core_index()]; }

  private:
    // What only a reader of the past has.
    struct Past final : PastReader {
        explicit Past(Session& reader) : session(reader) {}
        bool takes_past() override { return session.takes_past(); }
        std::uint64_t past_end() override { return session.past_end(); }
        std::uint64_t memory_begins() override { return session.memory_begins(); }
        void on_past_entry(std::uint64_t sequence, std::string_view json) override {
            session.on_past_entry(sequence, json);
        }
        void on_past_gap(std::uint64_t first, std::uint64_t last) override {
            session.on_past_gap(first, last);
        }
        void on_past_end(std::uint64_t next) override { session.on_past_end(next); }

        Session& session;
        View* then = nullptr;   // which it subscribes to afterwards; nullptr: none
        std::uint64_t end = 0;  // then == nullptr: first entry that is not for it
    };

    [[nodiscard]] bool takes_past() const;
    [[nodiscard]] std::uint64_t past_end() const;
    [[nodiscard]] std::uint64_t memory_begins() const;
    void on_past_entry(std::uint64_t sequence, std::string_view json);
    void on_past_gap(std::uint64_t first, std::uint64_t last);
    void on_past_end(std::uint64_t next);
    void catch_up(View& view, std::uint64_t next);
    void leave_past();
    // Where the entries of a gap can be fetched; empty: nowhere.
    [[nodiscard]] std::string entries_url(const View::Gap& gap) const;
    void on_sendable() final;
    std::span<const char> on_borrowed_sent(std::size_t bytes) final;
    void on_closed() final;
    void leave();

    Host& host_;
    std::shared_ptr<const Site> site_;
    std::shared_ptr<StreamInfo> stream_;
    Connection connection_;
    std::uint64_t id_;
    const char* ending_reason_ = nullptr;  // a string literal's
    std::span<const char> lent_heartbeat_{};
    std::unique_ptr<Past> past_;
    std::uint32_t discarded_bytes_ = 0;
    End why_left_ = End::client;
    bool ended_ : 1 = false;
    bool left_ : 1 = false;
    bool counted_ : 1 = false;
    bool lossless_ : 1 = false;
    bool held_back_ : 1 = false;
    bool changes_view_ : 1 = false;
};

}  // namespace logwisp
