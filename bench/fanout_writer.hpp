// Appends numbered lines to the followed file at a steady rate, from a thread of its own so that
// the readers' work does not bend the rate.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace logwisp::fanout {

struct WriterOptions {
    std::string file;
    std::uint64_t lines = 0;
    std::uint64_t rate = 0;  // lines per second; 0: as fast as possible
    std::size_t line_bytes = 200;
};

class Writer {
  public:
    explicit Writer(WriterOptions options);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // One line that is not counted in the numbers. REQUIRES: not started.
    void probe();
    void start();
    // Ends early, when the run has failed.
    void stop() { stopping_ = true; }
    [[nodiscard]] std::uint64_t probes() const { return probes_; }
    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] double seconds() const { return seconds_; }

  private:
    void write_all(const std::string& bytes) const;
    void run();

    WriterOptions options_;
    int file_ = -1;
    std::uint64_t probes_ = 0;
    std::atomic<bool> finished_ = false;
    std::atomic<bool> stopping_ = false;
    double seconds_ = 0;
    std::thread thread_;
};

}  // namespace logwisp::fanout
