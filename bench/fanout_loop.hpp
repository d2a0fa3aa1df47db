// All readers of one run on one epoll loop: connects them, waits until every one is known to be
// served, lets the writer go, reads until each has everything, and stalls or reconnects those that
// were asked to.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fanout_process.hpp"
#include "fanout_reader.hpp"
#include "fanout_writer.hpp"

namespace logwisp::fanout {

struct Endpoint {
    Protocol protocol = Protocol::tcp;
    std::string host;
    std::string port;
    std::string target;  // SSE: path and query
};

struct FanoutOptions {
    std::vector<Endpoint> endpoints;
    std::uint32_t readers = 1;  // of each endpoint
    std::optional<WriterOptions> writer;
    std::vector<std::uint32_t> stall_readers;  // indexes over all readers
    double stall_seconds = 0;
    std::uint32_t churn_readers = 0;     // the last so many of each endpoint
    std::uint64_t churn_entries = 1000;  // a churning reader leaves after so many and comes back
    int receive_buffer_bytes = 0;        // of a stalled reader; 0: the system's
    double quiet_seconds_max = 20;       // no byte for anybody: given up
    pid_t pid = 0;
    std::string count_file;           // of an allocation counter in the server; empty: none
    std::uint64_t warm_up_lines = 0;  // allocations are counted after so many
};

struct FanoutResult {
    std::vector<std::string> faults;
    std::uint64_t faulty_readers = 0;
    std::uint64_t readers = 0;
    std::uint64_t received = 0;
    std::uint64_t dropped = 0;
    std::uint64_t entry_bytes = 0;
    std::uint64_t reconnects = 0;
    std::uint64_t stalled_received = 0;
    std::uint64_t stalled_dropped = 0;
    std::uint64_t probes = 0;
    double seconds = 0;  // from the first numbered line to the last delivery
    double writer_seconds = 0;
    std::vector<std::uint32_t> latency_us;
    AllocationSample allocations;         // after the warm-up
    AllocationSample allocations_in_all;  // since the server's start
    ProcessSample before;                 // connected, nothing numbered written yet
    ProcessSample after;                  // everything delivered, still connected
};

class FanoutLoop {
  public:
    explicit FanoutLoop(const FanoutOptions& options);
    ~FanoutLoop();
    FanoutLoop(const FanoutLoop&) = delete;
    FanoutLoop& operator=(const FanoutLoop&) = delete;
    FanoutResult run();

  private:
    using Clock = std::chrono::steady_clock;
    struct Reader {
        Reader(const Endpoint& where, const Expectation& expectation)
            : endpoint(&where), check(where.protocol, expectation) {}
        const Endpoint* endpoint;
        ReaderCheck check;
        std::string rest;  // bytes of a line that is not complete yet
        int socket = -1;
        bool connecting = false;
        bool churns = false;
        bool stalls = false;
        std::uint64_t leave_at = 0;  // a churning reader's next departure, as a line number
        std::uint64_t reconnects = 0;
    };

    void connect(Reader& reader);
    void close(Reader& reader);
    void on_connected(Reader& reader);
    void on_readable(Reader& reader);
    void reconnect(Reader& reader);
    void fail(const Reader& reader, const std::string& what);
    // One epoll_wait and what it brought.
    void turn(int timeout_ms);
    void connect_all();
    void wait_until_served();
    void read_everything();
    void set_reading(Reader& reader, bool on);
    void set_stalled(bool on);
    enum class Who : std::uint8_t { all, awake };
    [[nodiscard]] bool finished(Who who) const;
    [[nodiscard]] bool warmed_up() const;
    [[nodiscard]] bool quiet_too_long() const;

    FanoutOptions options_;
    Expectation expectation_;
    FanoutResult result_;
    std::vector<std::unique_ptr<Reader>> readers_;
    std::unique_ptr<Writer> writer_;
    std::vector<char> buffer_;
    Clock::time_point last_byte_ = Clock::now();
    std::size_t connecting_ = 0;
    int epoll_ = -1;
    bool broken_ = false;
};

}  // namespace logwisp::fanout
