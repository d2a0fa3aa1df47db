// Feeds numbered lines, at a steady rate or as fast as a window lets it, from a thread of its own
// so that the readers' work does not bend the rate.
//
// A line carries the moment at which it was due, not the one at which it was written: when the
// writer is late, because it or the machine was held up, that is latency and not left out.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "feed.hpp"
#include "line.hpp"

namespace logwisp::bench {

struct WriterOptions {
    std::uint64_t lines = 0;
    std::uint64_t rate = 0;    // lines per second; 0: as fast as possible
    std::uint64_t window = 0;  // at most so many ahead of the slowest reader; 0: no bound
    std::size_t line_bytes = 200;
    LineKind line_kind = LineKind::plain;
};

class Writer {
  public:
    Writer(const WriterOptions& options, std::unique_ptr<Feed> feed);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // One line that is not counted in the numbers. REQUIRES: not started.
    void probe();
    void start();
    // Every reader has all lines up to this one.
    void delivered(std::uint64_t line);
    // Ends early, when the run has failed.
    void stop();
    [[nodiscard]] std::uint64_t probes() const { return probes_; }
    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] double seconds() const { return seconds_; }
    // Something could not be written, and nothing is any more.
    [[nodiscard]] bool failed() const { return failed_; }
    // REQUIRES: failed().
    [[nodiscard]] const std::string& error() const { return feed_->error(); }

  private:
    void run();
    void write(std::string_view block);
    void run_at_rate();
    void run_flat_out();
    // Up to and with line `last`, due at `due_ns`.
    void write_until(std::uint64_t last, std::int64_t due_ns);

    WriterOptions options_;
    std::unique_ptr<Feed> feed_;
    LineMould mould_;
    std::string block_;
    std::uint64_t written_ = 0;
    std::uint64_t probes_ = 0;
    std::atomic<std::uint64_t> may_write_until_;
    std::atomic<bool> finished_ = false;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> failed_ = false;
    double seconds_ = 0;
    std::thread thread_;
};

}  // namespace logwisp::bench
