// All readers of one run on one epoll loop: connects them, waits until every one is known to be
// served, lets the writer go, reads until each has everything, and stalls or reconnects those that
// were asked to.
//
// Some readers are verified: every byte of theirs is looked at. The others are drained: the kernel
// throws their bytes away and only says how many there were, which costs so little that one core
// can be thousands of readers. They are content when it was as many as the verified reader of
// their endpoint had.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "endpoint.hpp"
#include "process.hpp"
#include "progress.hpp"
#include "reader_check.hpp"
#include "writer.hpp"

namespace logwisp::bench {

struct RunOptions {
    std::vector<Endpoint> endpoints;
    std::uint32_t readers = 1;              // of each endpoint
    std::optional<std::uint32_t> verified;  // of each endpoint; none: all
    std::string file;                       // appended to, or followed
    bool follow = false;                    // somebody else writes
    double follow_seconds = 0;              // how long
    double idle_seconds = 0;                // looked at with nothing written, before anything is
    std::uint32_t connecting_max = 0;       // at once
    WriterOptions writer;
    std::vector<std::uint32_t> stall_readers;  // indexes over all readers
    double stall_seconds = 0;
    std::uint32_t churn_readers = 0;  // the last so many of each endpoint
    std::uint64_t churn_entries = 0;  // a churning reader leaves after so many, comes back
    int receive_buffer_bytes = 0;     // of a stalled reader; 0: the system's
    double quiet_seconds_max = 0;     // no entry for anybody: given up
    std::vector<pid_t> pids;          // of the server
    std::string count_file;           // of an allocation counter in the server; empty: none
    std::uint64_t warm_up_lines = 0;  // allocations are counted after so many
};

struct RunResult {
    std::vector<std::string> faults;
    std::uint64_t faulty_readers = 0;
    std::uint64_t readers = 0;
    std::uint64_t verified_readers = 0;
    std::uint64_t lines = 0;       // that every reader should have
    std::uint64_t received = 0;    // by all; of a drained reader that lacks bytes, an estimate
    std::uint64_t dropped = 0;     // as the server told, or as many as a drained reader lacks
    std::uint64_t wire_bytes = 0;  // of entries with their framing, over all readers
    std::uint64_t reconnects = 0;
    std::uint64_t stalled_received = 0;
    std::uint64_t stalled_dropped = 0;
    std::uint64_t probes = 0;
    double connect_seconds = 0;  // from the first connect to the last greeting
    double idle_seconds = 0;
    double seconds = 0;  // from the first numbered line to the last delivery
    double writer_seconds = 0;
    Histogram latency;
    AllocationSample allocations;         // after the warm-up
    AllocationSample allocations_in_all;  // since the server's start
    ProcessSample alone;                  // before the first reader
    ProcessSample connected;              // all readers are served, nothing numbered written yet
    ProcessSample before;                 // the same, after having been idle
    ProcessSample after;                  // everything delivered, still connected
};

// Set by a signal: the run ends with what it has, and no line is left half written.
extern volatile std::sig_atomic_t interrupted;

class Loop {
  public:
    explicit Loop(const RunOptions& options);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    RunResult run();

  private:
    using Clock = std::chrono::steady_clock;
    struct Reader {
        Reader(const Endpoint& where, const Expectation& expectation)
            : endpoint(&where), check(where.protocol, expectation) {}
        const Endpoint* endpoint;
        ReaderCheck check;
        std::string rest;  // bytes of a line that is not complete yet
        int socket = -1;
        std::uint32_t endpoint_index = 0;
        bool connecting = false;
        bool verified = true;
        bool draining = false;  // from the last probe on, if not verified
        bool churns = false;
        bool stalls = false;
        std::uint64_t drained_bytes = 0;
        std::size_t steps = 0;       // of the progress that it has made
        std::uint64_t leave_at = 0;  // a churning reader's next departure, as a line number
        std::uint64_t reconnects = 0;
    };

    void make_readers();
    void connect(Reader& reader);
    void close(Reader& reader);
    void on_connected(Reader& reader);
    void on_readable(Reader& reader);
    void read(Reader& reader);
    void drain(Reader& reader);
    void on_end(Reader& reader, ssize_t received);
    void reconnect(Reader& reader);
    void fail(const Reader& reader, const std::string& what);
    // Through nobody's fault who reads.
    void end_early(const std::string& why);
    // One epoll_wait and what it brought.
    void turn(int timeout_ms);
    void connect_all();
    void wait_until_greeted();
    [[nodiscard]] bool all_have_seen(std::uint64_t probe);
    void wait_until_served();
    void be_idle();
    void read_everything();
    void follow();
    void advance(Reader& reader);
    void set_reading(Reader& reader, bool on);
    void set_stalled(bool on);
    [[nodiscard]] bool exempt(const Reader& reader) const;
    [[nodiscard]] bool has_all(const Reader& reader) const;
    [[nodiscard]] std::int64_t bytes_lacking(const Reader& reader) const;
    enum class Who : std::uint8_t { all, awake };
    [[nodiscard]] bool finished(Who who) const;
    [[nodiscard]] bool warmed_up() const;
    [[nodiscard]] bool quiet_too_long() const;
    [[nodiscard]] double elapsed_since(Clock::time_point begin) const;
    void judge();
    void judge_drained(const Reader& reader, bool judged);

    RunOptions options_;
    Expectation expectation_;
    RunResult result_;
    std::vector<std::unique_ptr<Reader>> readers_;
    std::vector<Reader*>
        pace_;  // per endpoint, a verified reader that the drained are held against
    std::unique_ptr<Writer> writer_;
    std::unique_ptr<Progress> progress_;  // with a window only
    std::vector<char> buffer_;
    Clock::time_point last_progress_ = Clock::now();  // heartbeats are none
    std::size_t connecting_ = 0;
    std::size_t served_ = 0;  // readers before this one have seen the probe that is waited for
    int epoll_ = -1;
    bool broken_ = false;
};

}  // namespace logwisp::bench
