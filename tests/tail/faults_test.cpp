// Following under faults: calls that fail or lie are made by a file system around the real one.
// Nothing is lost, nothing spins, the other files go on, and what is wrong is told in the status.
#include <sys/resource.h>

#include "tail_fixture.hpp"

namespace logwisp::test {
namespace {

class FaultsTest : public TailTest {
  protected:
    [[nodiscard]] WatcherStatus status_of(std::string_view name) {
        for (const WatcherStatus& row : tail().watchers().rows)
            if (row.path == path(name)) return row;
        return {};
    }
};

TEST_P(FaultsTest, a_file_that_may_not_be_read_is_tried_again) {
    bool forbidden = true;
    files.open_error = [&](const std::string& name) {
        return forbidden && name.ends_with("locked.log") ? EACCES : 0;
    };
    write("locked.log", numbers(1, 5));
    write("app.log", "other\n");
    start();
    ASSERT_TRUE(until_count(1));
    EXPECT_NE(status_of("locked.log").error, "");
    turns_for(300);
    forbidden = false;
    write("app.log", "goes on\n");
    ASSERT_TRUE(until_count(7));
    EXPECT_EQ(status_of("locked.log").error, "");
    // Forbidden while it is open: reading goes on.
    forbidden = true;
    write("locked.log", numbers(6, 8));
    ASSERT_TRUE(until_count(10));
}

TEST_P(FaultsTest, a_directory_that_may_not_be_searched_hides_nothing_that_is_open) {
    write("app.log", numbers(1, 5));
    start();
    ASSERT_TRUE(until_count(5));
    files.status_error = [&](const std::string& name) {
        return name.ends_with("app.log") ? EACCES : 0;
    };
    write("app.log", numbers(6, 8));
    ASSERT_TRUE(until_count(8));
    ASSERT_EQ(::chmod(path("app.log").c_str(), 0600), 0);
    turns_for(300);
    files.status_error = nullptr;
    write("app.log", numbers(9, 10));
    ASSERT_TRUE(until_count(10));
    EXPECT_EQ(counters().rotations.get(), 0u);
}

TEST_P(FaultsTest, lost_events_are_made_up_for) {
    config.targets = {target("", "*.log")};
    config.targets[0].recursive = true;
    write("app.log", numbers(1, 5));
    start();
    ASSERT_TRUE(until_count(5));
    files.lose_events = true;
    for (std::size_t round = 1; round <= 20; ++round) {
        write("app.log", numbers(round * 10, round * 10 + 4));
        write("new" + std::to_string(round) + ".log", numbers(round * 10 + 5, round * 10 + 6));
        make_directory("d" + std::to_string(round));
        write("d" + std::to_string(round) + "/x.log", numbers(round * 10 + 7, round * 10 + 7));
        if (round == 10) {
            rename("app.log", "app.old");
            write("app.log", numbers(108, 109));
        }
    }
    ASSERT_TRUE(until_count(5 + 20 * 8 + 2 + 1));
}

TEST_P(FaultsTest, without_any_inotify) {
    files.no_instance = true;
    write("app.log", numbers(1, 5));
    start();
    ASSERT_TRUE(until_count(5));
    EXPECT_TRUE(status_of("app.log").polled);
    write("app.log", numbers(6, 10));
    write("new.log", numbers(11, 15));
    ASSERT_TRUE(until_count(15));
    rename("app.log", "app.log.1");
    write("app.log", numbers(16, 20));
    ASSERT_TRUE(until_count(21));
    truncate("app.log", 0);
    ASSERT_TRUE(until_count(22));
    remove("new.log");
    ASSERT_TRUE(until([&] { return counters().files.get() == 1; }));
}

TEST_P(FaultsTest, a_file_system_without_events) {
    files.silent = [](const std::string&) { return true; };
    write("app.log", numbers(1, 5));
    start();
    ASSERT_TRUE(until_count(5));
    write("app.log", numbers(6, 10));
    write("new.log", numbers(11, 15));
    ASSERT_TRUE(until_count(15));
}

// Its lines come at the next check, while the others take turns: all of them at every check would cost a third of a core with a hundred
// thousand of them.
TEST_P(FaultsTest, without_events_a_busy_file_does_not_wait_for_idle_ones) {
    files.silent = [](const std::string&) { return true; };
    std::map<std::string, std::size_t> looks;
    files.status_error = [&](const std::string& path) {
        ++looks[path];
        return 0;
    };
    for (int number = 1; number <= 600; ++number)
        write("idle" + std::to_string(number) + ".log", "");
    write("busy.log", numbers(1, 1));
    start();
    ASSERT_TRUE(until_count(1));
    write("busy.log", numbers(2, 2));
    ASSERT_TRUE(until_count(2));
    looks.clear();
    for (std::size_t number = 3; number <= 42; ++number) {
        write("busy.log", numbers(number, number));
        ASSERT_TRUE(until_count(number));
    }
    const std::size_t busy = looks[path("busy.log")];
    EXPECT_GE(busy, 40U);
    for (int number = 1; number <= 600; ++number) {
        const std::string name = "idle" + std::to_string(number) + ".log";
        EXPECT_LE(looks[path(name)] * 4, busy) << name;
    }
    // None of them is forgotten.
    write("idle300.log", numbers(43, 43));
    ASSERT_TRUE(until_count(43));
}

TEST_P(FaultsTest, no_more_watches_and_then_some_again) {
    bool exhausted = true;
    files.watch_error = [&](const std::string&) { return exhausted ? ENOSPC : 0; };
    write("app.log", numbers(1, 5));
    start();
    ASSERT_TRUE(until_count(5));
    write("app.log", numbers(6, 10));
    write("new.log", numbers(11, 15));
    ASSERT_TRUE(until_count(15));
    EXPECT_TRUE(status_of("app.log").polled);
    exhausted = false;
    ASSERT_TRUE(until([&] { return !status_of("app.log").polled; }));
    write("app.log", numbers(16, 20));
    write("newer.log", numbers(21, 25));
    ASSERT_TRUE(until_count(25));
}

TEST_P(FaultsTest, no_more_descriptors_and_then_some_again) {
    bool exhausted = true;
    files.open_error = [&](const std::string& name) {
        return exhausted && !name.ends_with("a.log") ? EMFILE : 0;
    };
    write("a.log", "1\n");
    write("b.log", "2\n");
    start();
    ASSERT_TRUE(until_count(1));
    write("c.log", "3\n");
    turns_for(50);
    exhausted = false;
    ASSERT_TRUE(until_count(3));
}

TEST_P(FaultsTest, a_file_that_cannot_be_read_hinders_nobody) {
    files.broken = path("broken.log");
    write("broken.log", numbers(1, 5));
    write("app.log", "1\n");
    start();
    ASSERT_TRUE(until_count(1));
    ASSERT_TRUE(until([&] { return !status_of("broken.log").error.empty(); }));
    EXPECT_NE(status_of("broken.log").error.find("Input/output error"), std::string::npos);
    const std::size_t calls = files.calls;
    turns_for(300);
    EXPECT_LT(files.calls - calls, 200u);  // it does not spin
    write("app.log", "2\n");
    ASSERT_TRUE(until_count(2));
    files.mend();
    ASSERT_TRUE(until_count(7));
    EXPECT_EQ(status_of("broken.log").error, "");
}

TEST_P(FaultsTest, more_files_than_descriptors) {
    static_cast<void>(reactor());
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit few = before;
    few.rlim_cur = 64;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    constexpr std::size_t count = 300;
    for (std::size_t file = 0; file < count; ++file)
        write("f" + std::to_string(file) + ".log", numbers(file * 3 + 1, file * 3 + 1));
    start();
    EXPECT_TRUE(until_count(count));
    for (std::size_t file = 0; file < count; ++file)
        write("f" + std::to_string(file) + ".log", numbers(file * 3 + 2, file * 3 + 2));
    EXPECT_TRUE(until_count(2 * count));
    // A file whose descriptor was saved is written and rotated away before anybody looks.
    for (std::size_t file = 0; file < 50; ++file) {
        const std::string name = "f" + std::to_string(file) + ".log";
        write(name, numbers(file * 3 + 3, file * 3 + 3));
        rename(name, name + ".1");
    }
    for (std::size_t file = 50; file < count; ++file)
        write("f" + std::to_string(file) + ".log", numbers(file * 3 + 3, file * 3 + 3));
    EXPECT_TRUE(until([&] { return number_count() >= 3 * count; }));
    expect_numbers(1, 3 * count, false);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

// Two streams, each with more files than both together may have open.
TEST_P(FaultsTest, streams_share_what_descriptors_there_are) {
    static_cast<void>(reactor());
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit few = before;
    few.rlim_cur = 64;
    constexpr std::size_t both_max = 38;
    constexpr std::size_t count = 100;
    make_directory("one");
    make_directory("two");
    const auto write_all = [&](std::size_t round) {
        for (std::size_t file = 0; file < count; ++file) {
            const std::string name = "/f" + std::to_string(file) + ".log";
            write("one" + name, numbers(round * count + file, round * count + file));
            write("two" + name, "other\n");
        }
    };
    write_all(0);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    config.targets = {target("one", "*.log")};
    start();
    MonitorConfig other_config;
    other_config.targets = {target("two", "*.log")};
    KeepingSink other_sink;
    Tail other(parts(), "other", other_config, other_sink);
    other.start();
    for (std::size_t round = 1; round <= 3; ++round) {
        EXPECT_TRUE(until([&] {
            other_sink.collect();
            return sink.count >= round * count && other_sink.count >= round * count;
        }));
        EXPECT_TRUE(until([&] { return files.open_now <= both_max; })) << files.open_now;
        if (round < 3) write_all(round);
    }
    expect_numbers(0, 3 * count - 1, false);
    EXPECT_EQ(other_sink.count, 3 * count);
    other.close();
    EXPECT_TRUE(until([&] { return other.closed(); }));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

// Clients hold the rest: far fewer can be opened than following is allowed.
TEST_P(FaultsTest, with_no_descriptor_left_those_of_idle_files_are_used_again) {
    files.open_error = [&](const std::string&) { return files.open_now >= 10 ? EMFILE : 0; };
    constexpr std::size_t count = 60;
    const auto write_all = [&](std::size_t round) {
        for (std::size_t file = 0; file < count; ++file)
            write("f" + std::to_string(file) + ".log",
                  numbers(round * count + file, round * count + file));
    };
    write_all(0);
    start();
    ASSERT_TRUE(until_count(count));
    write_all(1);
    ASSERT_TRUE(until_count(2 * count));
    write("new.log", numbers(2 * count, 2 * count));
    ASSERT_TRUE(until_count(2 * count + 1));
    expect_numbers(0, 2 * count, false);
    for (const WatcherStatus& row : tail().watchers().rows) EXPECT_EQ(row.error, "") << row.path;
}

LOGWISP_ON_ALL_BACKENDS(FaultsTest);

}  // namespace
}  // namespace logwisp::test
