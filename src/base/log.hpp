// LogWisp's own diagnostics: to stderr, asynchronous, dropping rather than blocking a reactor. Any thread.
//
// Under systemd (JOURNAL_STREAM set) each line begins with its syslog priority, <3> to <7>. A site that could repeat for every
// line, client or turn owns a LogLimiter, so that a fault says its name once and then only how often.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

namespace logwisp {

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };
enum class LogFormat : std::uint8_t { text, json };

struct LogOptions {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
};

// How lines look from here on. They are written directly, by whoever has one, until log_start().
void log_configure(LogOptions options);
// The same, and a thread of their own writes them.
void log_start(LogOptions options);
void log_set_level(LogLevel level);
// Writes out what is queued, waiting at most a second for a stderr that does not take it, and goes back to writing directly.
void log_stop();
bool log_wants(LogLevel level);
void log_line(LogLevel level, std::string_view text);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
    if (log_wants(LogLevel::debug))
        log_line(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
    if (log_wants(LogLevel::info))
        log_line(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
    if (log_wants(LogLevel::warn))
        log_line(LogLevel::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
    if (log_wants(LogLevel::error))
        log_line(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
}

// Lets one message through per interval and counts the rest. One thread.
class LogLimiter {
  public:
    explicit LogLimiter(std::uint64_t interval_ms) : interval_ms_(interval_ms) {}
    // True when the caller should log now; `suppressed()` is then how many were held back since the last time.
    [[nodiscard]] bool allow(std::uint64_t now_ms);
    [[nodiscard]] std::uint64_t suppressed() const { return suppressed_; }

  private:
    std::uint64_t interval_ms_;
    std::uint64_t next_ms_ = 0;
    std::uint64_t held_ = 0;
    std::uint64_t suppressed_ = 0;
};

}  // namespace logwisp
