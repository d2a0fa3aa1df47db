// What is told of files: which target wants each, which file it is, its last event and rotations,
// and for what is named and not read the reason. Method: make each of them happen to real files and
// ask.
#include <sys/stat.h>

#include <algorithm>

#include "tail_fixture.hpp"

namespace logwisp::test {
namespace {

class TellingTest : public TailTest {
  protected:
    // Of the only row for this path.
    [[nodiscard]] WatcherStatus row_of(std::string_view name) {
        const Watchers told = tail().watchers({.path = path(name), .inode = {}});
        EXPECT_EQ(told.rows.size(), 1u) << name;
        return told.rows.empty() ? WatcherStatus() : told.rows.front();
    }
    [[nodiscard]] std::vector<std::string_view> reasons_of(std::string_view name) {
        std::vector<std::string_view> reasons;
        for (const PastRotation& one : row_of(name).last_rotations.past())
            reasons.push_back(reason_text(one.reason));
        return reasons;
    }
    bool until_event(std::string_view name, FileEvent event) {
        return until([&] { return row_of(name).last_event == event; });
    }
    void replace(std::string_view name, std::string_view text) {
        write("next", text);
        rename("next", name);
    }
};

TEST_P(TellingTest, which_target_and_which_file) {
    config.targets = {target("", "*.log"), target("notes.txt", "*.log")};
    write("app.log", "1\n");
    write("notes.txt", "2\n");
    start();
    ASSERT_TRUE(until_count(2));
    const WatcherStatus app = row_of("app.log");
    EXPECT_EQ(app.target_path, config.targets[0].path);
    EXPECT_EQ(app.target_pattern, "*.log");
    EXPECT_EQ(row_of("notes.txt").target_path, path("notes.txt"));
    const auto status = files.status(path("app.log"));
    EXPECT_EQ(app.identity, status->identity);
    EXPECT_EQ(app.born_ns, status->born_ns);
    EXPECT_EQ(app.error, "");
    // The same by the inode, whatever it is called.
    const Watchers found = tail().watchers({.path = {}, .inode = status->identity.inode});
    ASSERT_EQ(found.rows.size(), 1u);
    EXPECT_EQ(found.rows[0].path, path("app.log"));
}

TEST_P(TellingTest, the_last_event) {
    write("app.log", "1\n");
    start();
    ASSERT_TRUE(until_count(1));
    EXPECT_EQ(row_of("app.log").last_event, FileEvent::found);
    const std::int64_t before_us = files.wall_us();
    write("app.log", "2\n");
    ASSERT_TRUE(until_count(2));
    const WatcherStatus written = row_of("app.log");
    EXPECT_EQ(written.last_event, FileEvent::written);
    EXPECT_GE(written.last_event_us, before_us);
    EXPECT_LE(written.last_event_us, files.wall_us());
    ::chmod(path("app.log").c_str(), 0600);
    ASSERT_TRUE(until_event("app.log", FileEvent::attributes));
    truncate("app.log", 0);
    ASSERT_TRUE(until_event("app.log", FileEvent::truncated));
    rename("app.log", "new.log");
    ASSERT_TRUE(until([&] { return tail().watchers().rows.at(0).path == path("new.log"); }));
    // The directory tells of it before the file itself does.
    const auto event = row_of("new.log").last_event;
    EXPECT_TRUE(event == FileEvent::renamed || event == FileEvent::moved);
}

TEST_P(TellingTest, without_events_what_checking_found) {
    files.silent = [](const std::string&) { return true; };
    write("app.log", "1\n");
    start();
    ASSERT_TRUE(until_count(1));
    write("app.log", "2\n");
    ASSERT_TRUE(until_count(2));
    EXPECT_EQ(row_of("app.log").last_event, FileEvent::changed);
    EXPECT_TRUE(row_of("app.log").polled);
}

TEST_P(TellingTest, the_last_rotations_also_after_going_on) {
    write("app.log", "1\n");
    start();
    ASSERT_TRUE(until_count(1));
    EXPECT_TRUE(reasons_of("app.log").empty());
    truncate("app.log", 0);
    ASSERT_TRUE(until_event("app.log", FileEvent::truncated));
    replace("app.log", "2\n");
    ASSERT_TRUE(until_count(4));  // with two notices
    const std::vector<std::string_view> reasons = {"size decrease", "inode change"};
    const auto of_path = [&] {
        for (const WatcherStatus& row : tail().watchers().rows)
            if (!row.draining && row.path == path("app.log")) return row;
        return WatcherStatus();
    };
    std::vector<std::string_view> told;
    const WatcherStatus before = of_path();
    for (const PastRotation& one : before.last_rotations.past())
        told.push_back(reason_text(one.reason));
    EXPECT_EQ(told, reasons);
    stop();
    start(std::move(stopped_at));
    const WatcherStatus row = of_path();
    ASSERT_EQ(row.last_rotations.past().size(), 2u);
    EXPECT_EQ(row.last_rotations.past()[1].number, 2u);
    EXPECT_EQ(row.rotations, 2u);
    EXPECT_EQ(row.last_event, FileEvent::continued);
}

TEST_P(TellingTest, only_the_last_rotations_are_remembered) {
    write("app.log", "");
    start();
    constexpr std::uint64_t count = rotation_history_max + 3;
    for (std::uint64_t rotation = 1; rotation <= count; ++rotation) {
        write("app.log", "1\n");
        ASSERT_TRUE(until([&] { return row_of("app.log").position == 2; }));
        truncate("app.log", 0);
        ASSERT_TRUE(until([&] { return row_of("app.log").rotations == rotation; }));
    }
    const RotationHistory history = row_of("app.log").last_rotations;
    ASSERT_EQ(history.past().size(), rotation_history_max);
    EXPECT_EQ(history.past().front().number, count - rotation_history_max + 1);
    EXPECT_EQ(history.past().back().number, count);
}

TEST_P(TellingTest, why_something_is_not_read) {
    config.targets = {target("", "*"), target("soon/logs", "*.log"), target("one.txt", "*")};
    config.targets[0].exclude = {"one.txt"};
    write("a.log", "1\n");
    std::filesystem::create_hard_link(path("a.log"), path("b.log"));
    ::mkfifo(path("fifo.log").c_str(), 0600);
    std::filesystem::create_symlink(path("nothing"), path("link.log"));
    write("secret.log", "no\n");
    files.open_error = [this](const std::string& name) {
        return name == path("secret.log") ? EACCES : 0;
    };
    write("old.gz", "\x1F\x8B\x08 compressed");
    start();
    ASSERT_TRUE(until_count(1));
    ASSERT_TRUE(until([&] { return row_of("old.gz").error == "compressed"; }));
    EXPECT_EQ(row_of("a.log").error, "");
    EXPECT_EQ(row_of("b.log").error, "the same file as " + path("a.log"));
    EXPECT_EQ(row_of("fifo.log").error, "not a regular file");
    EXPECT_EQ(row_of("link.log").error, "a symbolic link that leads nowhere: waited for");
    EXPECT_EQ(row_of("secret.log").error, "open: Permission denied");
    EXPECT_EQ(row_of("soon/logs").error, "missing: waited for");
    EXPECT_EQ(row_of("one.txt").error, "missing: waited for");
    EXPECT_EQ(row_of("one.txt").target_path, path("one.txt"));
    // What has come is not missing any more.
    write("nothing.txt", "");
    write("one.txt", "2\n");
    make_directory("soon/logs");
    ASSERT_TRUE(until_count(2));
    EXPECT_EQ(row_of("one.txt").error, "");
    ASSERT_TRUE(until(
        [&] { return tail().watchers({.path = path("soon/logs"), .inode = {}}).rows.empty(); }));
}

TEST_P(TellingTest, as_many_rows_as_are_wanted_and_how_many_more_there_are) {
    for (int file = 0; file < 20; ++file) write("f" + std::to_string(file) + ".log", "1\n");
    ::mkfifo(path("fifo.log").c_str(), 0600);
    start();
    ASSERT_TRUE(until_count(20));
    EXPECT_EQ(tail().watchers().not_shown, 0u);
    EXPECT_EQ(tail().watchers().rows.size(), 21u);
    const Watchers some = tail().watchers({.path = {}, .inode = {}, .rows_max = 8});
    EXPECT_EQ(some.rows.size(), 8u);
    EXPECT_EQ(some.not_shown, 13u);
    // What is not read is among them.
    EXPECT_EQ(some.rows.back().error, "not a regular file");
}

LOGWISP_ON_ALL_BACKENDS(TellingTest);

}  // namespace
}  // namespace logwisp::test
