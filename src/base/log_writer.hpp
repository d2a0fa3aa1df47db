// Writes whole lines to a descriptor that may be closed, full or read by nobody, and never waits
// longer than it was told to. stderr is shared with other processes, so it stays blocking: a poll
// comes before each write, and no write is larger than what a pipe promises to take at once. One
// thread at a time.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

namespace logwisp {

class LogWriter {
  public:
    using Clock = std::chrono::steady_clock;
    // Asked again several times a second while waiting, so that a patient writer can be told to
    // hurry.
    using Deadline = std::function<Clock::time_point()>;

    explicit LogWriter(int descriptor) : descriptor_(descriptor) {}

    // False when the line (or its rest) was given up: the deadline passed, or nobody is there to
    // read.
    [[nodiscard]] bool write(std::string_view line, const Deadline& deadline);

  private:
    [[nodiscard]] bool write_all(std::string_view bytes, const Deadline& deadline);
    [[nodiscard]] bool wait_until_writable(const Deadline& deadline) const;

    int descriptor_;
    bool line_open_ = false;  // the last line was cut: its LF is owed
};

}  // namespace logwisp
