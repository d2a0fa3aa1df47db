// Diagnostics never block who logs, whatever stderr is: a file, closed, or a pipe that is full and
// read by nobody. Each case runs in a forked child with that stderr; the parent looks at what
// arrived, at the exit code and at how long it took at most.
#include "base/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>

#include "base/log_text.hpp"
#include "base/standard_descriptors.hpp"

namespace logwisp {
namespace {

using Clock = std::chrono::steady_clock;

struct Child {
    int exit_code = -1;
    std::string text;  // what it wrote to stderr
};

// Runs `body` in a child whose stderr is a pipe. With `read_pipe` false nobody reads it until the
// child has ended.
Child run_child(const std::function<int()>& body, bool read_pipe = true) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGPIPE, SIG_IGN);
        ::alarm(20);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        ::_exit(body());
    }
    ::close(ends[1]);
    Child result;
    int status = 0;
    const auto reap = [&] { EXPECT_EQ(::waitpid(child, &status, 0), child); };
    if (!read_pipe) reap();
    std::array<char, 65536> buffer{};
    for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
        result.text.append(buffer.data(), static_cast<std::size_t>(got));
    if (read_pipe) reap();
    ::close(ends[0]);
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
    return result;
}

TEST(Log, writes_what_was_queued_before_stop_returns) {
    const Child child = run_child([] {
        ::unsetenv("JOURNAL_STREAM");
        log_start({.level = LogLevel::info, .format = LogFormat::text});
        for (int i = 0; i < 100; ++i) log_info("message {}", i);
        log_debug("not wanted");
        log_stop();
        return 0;
    });
    EXPECT_EQ(child.exit_code, 0);
    EXPECT_EQ(std::count(child.text.begin(), child.text.end(), '\n'), 100);
    EXPECT_NE(child.text.find(" INFO message 99\n"), std::string::npos);
    EXPECT_EQ(child.text.find("not wanted"), std::string::npos);
}

TEST(Log, writes_directly_before_start_and_after_stop) {
    const Child child = run_child([] {
        log_warn("before");
        log_start({});
        log_warn("between");
        log_stop();
        log_warn("after");
        return 0;
    });
    EXPECT_EQ(std::count(child.text.begin(), child.text.end(), '\n'), 3);
    EXPECT_LT(child.text.find("before"), child.text.find("between"));
    EXPECT_LT(child.text.find("between"), child.text.find("after"));
}

TEST(Log, under_the_journal_lines_begin_with_their_priority) {
    const Child child = run_child([] {
        ::setenv("JOURNAL_STREAM", "8:1", 1);
        log_start({.level = LogLevel::debug, .format = LogFormat::text});
        log_debug("d");
        log_info("i");
        log_warn("w");
        log_error("e");
        log_stop();
        return 0;
    });
    EXPECT_EQ(child.text, "<7>d\n<6>i\n<4>w\n<3>e\n");
}

TEST(Log, survives_a_closed_stderr_and_gives_its_number_to_nobody) {
    const Child child = run_child([] {
        ::close(STDERR_FILENO);
        open_standard_descriptors();  // as main() does first
        log_start({});
        log_error("nobody hears this");
        const int other = ::open("/dev/zero", O_RDONLY);
        log_stop();
        return other == STDERR_FILENO ? 1 : 0;
    });
    EXPECT_EQ(child.exit_code, 0);
    EXPECT_EQ(child.text, "");
}

TEST(Log, survives_a_reader_that_went_away) {
    const Child child = run_child([] {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) return 2;
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[0]);
        log_start({});
        for (int i = 0; i < 10; ++i) log_error("to nobody");
        log_stop();
        return 0;
    });
    EXPECT_EQ(child.exit_code, 0);
}

TEST(Log, a_full_pipe_that_nobody_reads_blocks_neither_logging_nor_the_exit) {
    const auto begin = Clock::now();
    const Child child = run_child(
        [] {
            log_start({});
            const std::string text(1000, 'x');
            const auto before = Clock::now();
            for (int i = 0; i < 20'000; ++i) log_info("{} {}", i, text);
            const bool was_quick = Clock::now() - before < std::chrono::seconds(10);
            log_stop();
            return was_quick ? 0 : 2;
        },
        false);
    EXPECT_EQ(child.exit_code, 0);
    // Bounded, not measured: a stop that waited for the reader would never end.
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(15));
    EXPECT_GT(child.text.size(), 1000U);
    EXPECT_LT(child.text.size(), 10'000'000U) << "nothing was dropped: the test did not test";
}

TEST(LogText, untrusted_bytes_cannot_start_a_line_or_drive_a_terminal) {
    const std::string hostile = "a\nb\x1b[2J\x07\x9b\xc2\x9b\xe2\x80\xae\xe2\x80\x8bz\x7f";
    const std::string line = log_text_line({.level = LogLevel::warn, .text = hostile}, true);
    EXPECT_EQ(line, "<4>a\\u000ab\\u001b[2J\\u0007\\x9b\\u009b\\u202e\\u200bz\\u007f\n");
}

TEST(LogText, json_is_one_object_per_line_whatever_the_text) {
    const std::string hostile = "quote\" slash\\ \n \xff \xc3\xa4";
    const std::string line =
        log_json_line({.level = LogLevel::error, .time_us = 1, .text = hostile}, false);
    EXPECT_EQ(
        line,
        "{\"time\":\"1970-01-01T00:00:00.000001Z\",\"level\":\"ERROR\",\"message\":\"quote\\\" "
        "slash\\\\ \\u000a \xef\xbf\xbd \xc3\xa4\"}\n");
}

TEST(LogText, cut_multibyte_characters_are_not_read_past_the_end) {
    EXPECT_EQ(log_text_line({.text = "\xe2\x82"}, true), "<6>\\xe2\\x82\n");
    EXPECT_EQ(log_text_line({.text = "\xf0\x9f\x98\x80"}, true), "<6>\xf0\x9f\x98\x80\n");
    EXPECT_EQ(log_text_line({.text = "\xc0\xaf\xed\xa0\x80"}, true),
              "<6>\\xc0\\xaf\\xed\\xa0\\x80\n");
}

TEST(LogLimiter, lets_one_through_per_interval_and_says_how_many_it_held_back) {
    LogLimiter limiter(1000);
    EXPECT_TRUE(limiter.allow(0));
    EXPECT_EQ(limiter.suppressed(), 0U);
    for (std::uint64_t now = 1; now < 1000; ++now) EXPECT_FALSE(limiter.allow(now));
    EXPECT_TRUE(limiter.allow(1000));
    EXPECT_EQ(limiter.suppressed(), 999U);
    EXPECT_TRUE(limiter.allow(5000));
    EXPECT_EQ(limiter.suppressed(), 0U);
}

}  // namespace
}  // namespace logwisp
