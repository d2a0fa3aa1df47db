#include "base/log.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/log_text.hpp"
#include "base/log_writer.hpp"

namespace logwisp {

namespace {

using namespace std::chrono_literals;
using Clock = LogWriter::Clock;

// Each costs 400 bytes from the start; what is said often is limited long before it comes here.
constexpr std::size_t queue_messages_max = 1024;
// What a stop, and a line written without the queue, waits at most for a stderr that does not take
// anything.
constexpr auto patience = 1s;
// On top of that, before the writer thread is left behind: it may sit in a write that poll had
// promised not to block.
constexpr auto patience_spare = 500ms;

// Process-wide, as stderr is. Never destroyed: the writer thread may outlive main() in a blocked
// write.
struct LogState {
    std::atomic<LogLevel> level{LogLevel::info};
    std::atomic<LogFormat> format{LogFormat::text};
    std::atomic<bool> priority{false};
    std::atomic<spdlog::async_logger*> logger{nullptr};
    std::atomic<Clock::time_point> deadline{Clock::time_point::max()};  // of the writer thread

    std::mutex mutex;  // what follows, and lines written without the queue
    LogWriter direct{STDERR_FILENO};
    bool direct_stuck = false;
    std::shared_ptr<spdlog::details::thread_pool> pool;
    // All there ever were: another thread may still hold one when it is stopped. It then logs into
    // nothing.
    std::vector<std::shared_ptr<spdlog::async_logger>> loggers;
};

LogState& state() {
    static auto* the_state = new LogState;
    return *the_state;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warn:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
        case LogLevel::off:
            break;
    }
    return spdlog::level::off;
}

LogLevel from_spdlog(spdlog::level::level_enum level) {
    if (level <= spdlog::level::debug) return LogLevel::debug;
    if (level == spdlog::level::info) return LogLevel::info;
    return level == spdlog::level::warn ? LogLevel::warn : LogLevel::error;
}

std::string format_line(const LogRecord& record) {
    const bool priority = state().priority.load(std::memory_order_relaxed);
    return state().format.load(std::memory_order_relaxed) == LogFormat::json
               ? log_json_line(record, priority)
               : log_text_line(record, priority);
}

std::int64_t microseconds_of(std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

// Runs on the writer thread alone. While stderr takes nothing it waits; the queue overruns, and no
// one else waits.
class StderrSink final : public spdlog::sinks::sink {
  public:
    void log(const spdlog::details::log_msg& message) override {
        const std::string_view text(message.payload.data(), message.payload.size());
        const std::string line = format_line({.level = from_spdlog(message.level),
                                              .time_us = microseconds_of(message.time),
                                              .text = text});
        // What stderr does not take is dropped.
        static_cast<void>(writer_.write(line, [] { return state().deadline.load(); }));
    }
    void flush() override {}
    void set_pattern(const std::string&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  private:
    LogWriter writer_{STDERR_FILENO};
};

// The writer thread inherits the mask: signals are for the threads that expect them. Null when the system
// gives no thread.
std::shared_ptr<spdlog::details::thread_pool> start_writer_thread() {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::shared_ptr<spdlog::details::thread_pool> pool;
    try {
        pool = std::make_shared<spdlog::details::thread_pool>(queue_messages_max, 1);
    } catch (const std::system_error&) {
        // Lines are then written directly.
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return pool;
}

void write_directly(LogLevel level, std::string_view text) {
    const std::string line =
        format_line({.level = level,
                     .time_us = microseconds_of(std::chrono::system_clock::now()),
                     .text = text});
    const std::lock_guard lock(state().mutex);
    // Waits once; a stderr that was found stuck is only tried from then on.
    const auto deadline = Clock::now() + (state().direct_stuck ? 0s : patience);
    const bool written = state().direct.write(line, [&] { return deadline; });
    state().direct_stuck = !written;
}

}  // namespace

void log_configure(LogOptions options) {
    LogState& log = state();
    log.level = options.level;
    log.format = options.format;
    log.priority = std::getenv("JOURNAL_STREAM") != nullptr;
}

void log_start(LogOptions options) {
    log_stop();
    log_configure(options);
    LogState& log = state();
    const std::lock_guard lock(log.mutex);
    log.deadline = Clock::time_point::max();
    log.pool = start_writer_thread();
    if (log.pool == nullptr) return;
    auto logger =
        std::make_shared<spdlog::async_logger>("logwisp", std::make_shared<StderrSink>(), log.pool,
                                               spdlog::async_overflow_policy::overrun_oldest);
    logger->set_level(spdlog::level::trace);
    logger->set_error_handler([](const std::string&) {});
    log.loggers.push_back(logger);
    log.logger = logger.get();
}

void log_set_level(LogLevel level) { state().level = level; }

void log_stop() {
    LogState& log = state();
    const std::lock_guard lock(log.mutex);
    if (log.pool == nullptr) return;
    log.logger = nullptr;
    log.deadline = Clock::now() + patience;
    // Its destructor writes what is queued and joins. On a thread of its own, because the join has
    // no limit of its own.
    auto ended = std::make_shared<std::promise<void>>();
    auto future = ended->get_future();
    // Behind a pointer of its own, so that whoever lets go holds the last one.
    auto pool = std::make_shared<decltype(log.pool)>(std::move(log.pool));
    const auto let_go = [pool, ended] {
        pool->reset();
        ended->set_value();
    };
    try {
        std::thread(let_go).detach();
    } catch (const std::system_error&) {
        let_go();  // no thread to be had: without a limit, then
    }
    // In time or not: we go on.
    static_cast<void>(future.wait_for(patience + patience_spare));
}

bool log_wants(LogLevel level) {
    return level >= state().level.load(std::memory_order_relaxed) && level != LogLevel::off;
}

void log_line(LogLevel level, std::string_view text) {
    if (!log_wants(level)) return;
    if (auto* logger = state().logger.load(std::memory_order_acquire); logger != nullptr) {
        logger->log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
    } else {
        write_directly(level, text);
    }
}

}  // namespace logwisp
