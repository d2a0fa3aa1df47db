// A Tail that goes on where another one stopped publishes every line once and in order, whatever happened in between: the positions of the
// first are given to the second, and the files are changed while nobody follows them.
#include <gtest/gtest.h>

#include "tail_fixture.hpp"

namespace logwisp::test {
namespace {

class ResumeTest : public TailTest {
  protected:
    template <class Change>
    void while_stopped(Change&& change) {
        stop();
        change();
        start(std::move(stopped_at));
    }
    // As after a restart of the program: nothing is open any more.
    void forget_open_files() {
        for (FilePosition& position : stopped_at->files)
            if (position.file >= 0) files.close(std::exchange(position.file, -1));
    }
};

LOGWISP_ON_ALL_BACKENDS(ResumeTest);

TEST_P(ResumeTest, goes_on_at_the_next_byte) {
    write("a.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    while_stopped([&] { write("a.log", numbers(11, 20)); });
    ASSERT_TRUE(until_count(20));
    write("a.log", numbers(21, 30));
    ASSERT_TRUE(until_count(30));
    expect_numbers(1, 30);
    EXPECT_EQ(counters().entries.get(), 30u);
    EXPECT_EQ(counters().rotations.get(), 0u);
}

TEST_P(ResumeTest, a_held_line_is_whole) {
    write("a.log", "n 1\nn ");
    start();
    ASSERT_TRUE(until_count(1));
    while_stopped([&] { write("a.log", "2\n"); });
    ASSERT_TRUE(until_count(2));
    expect_numbers(1, 2);
}

TEST_P(ResumeTest, what_was_read_and_not_published_is_read_again) {
    write("a.log", numbers(1, 1000));
    sink.per_turn_max = 7;
    start();
    ASSERT_TRUE(until([&] { return sink.count >= 70; }));
    while_stopped([] {});
    ASSERT_TRUE(until([&] { return sink.count >= 1000; }));
    expect_numbers(1, 1000);
}

TEST_P(ResumeTest, the_rest_of_a_line_that_was_cut_is_passed_over) {
    config.line_bytes_max = 256;
    config.flush_partial_ms = 1;
    write("a.log", std::string(1000, 'x'));
    start();
    ASSERT_TRUE(until_count(1));
    while_stopped([&] { write("a.log", std::string(1000, 'y') + "\nn 1\n"); });
    ASSERT_TRUE(until_count(2));
    expect_numbers(1, 1);
}

TEST_P(ResumeTest, a_file_rotated_twice_is_read_in_order) {
    write("a.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until([&] { return number_count() == 10; }));
    stop();
    write("a.log", numbers(11, 20));
    rename("a.log", "a.log.1");
    write("a.log", numbers(21, 30));
    rename("a.log.1", "a.log.2");
    rename("a.log", "a.log.1");
    write("a.log", numbers(31, 40));
    forget_open_files();
    start(std::move(stopped_at));
    ASSERT_TRUE(until([&] { return number_count() == 40; }));
    expect_numbers(1, 40);
    EXPECT_EQ(counters().rotations.get(), 2u);
}

TEST_P(ResumeTest, a_file_that_is_open_is_read_though_it_was_deleted) {
    write("a.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    while_stopped([&] {
        write("a.log", numbers(11, 20));
        remove("a.log");
        write("a.log", numbers(21, 30));
    });
    ASSERT_TRUE(until([&] { return number_count() == 30; }));
    expect_numbers(1, 30);
}

// With thousands of idle files a reload is not to open them all.
TEST_P(ResumeTest, a_file_nobody_has_touched_is_not_opened) {
    descriptors = std::make_unique<DescriptorBudget>(0);
    write("a.log", numbers(1, 10));
    write("b.log", numbers(11, 20));
    write("c.log", "\x1f\x8b\x08 compressed");
    const timespec long_ago[2] = {{1'000'000, 0}, {1'000'000, 0}};
    for (const char* name : {"a.log", "b.log", "c.log"})
        CHECK(::utimensat(AT_FDCWD, path(name).c_str(), long_ago, 0) == 0);
    start();
    ASSERT_TRUE(until_count(20));
    ASSERT_TRUE(until([&] { return files.open_now == 0; }));
    std::vector<std::string> opened;
    files.open_error = [&](const std::string& path) {
        opened.push_back(path);
        return 0;
    };
    while_stopped([&] { write("b.log", numbers(21, 30)); });
    ASSERT_TRUE(until_count(30));
    EXPECT_EQ(opened, std::vector<std::string>{path("b.log")});
    EXPECT_EQ(counters().files.get(), 2u);
    write("a.log", numbers(31, 40));
    ASSERT_TRUE(until_count(40));
    expect_numbers(1, 40);
}

TEST_P(ResumeTest, truncated_and_grown_again_begins_anew) {
    write("a.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    while_stopped([&] {
        truncate("a.log", 0);
        write("a.log", numbers(11, 40));
    });
    ASSERT_TRUE(until([&] { return number_count() == 40; }));
    expect_numbers(1, 40);
    EXPECT_EQ(counters().rotations.get(), 1u);
    // What is there now is not what was lost.
    EXPECT_EQ(counters().lost_bytes.get(), 0u);
    EXPECT_EQ(counters().unknown_losses.get(), 1u);
}

// Its size tells nothing, and the half line that is held is the last of what was there.
TEST_P(ResumeTest, truncated_and_grown_again_while_a_line_is_held) {
    files.silent = [](const std::string&) { return true; };
    config.check_interval_ms = 60'000;
    write("a.log", "old 1\nold half");
    start();
    ASSERT_TRUE(until_count(1));
    truncate("a.log", 0);
    write("a.log", numbers(1, 10));
    config.check_interval_ms = 10;
    while_stopped([] {});
    ASSERT_TRUE(until([&] { return number_count() == 10; }));
    expect_numbers(1, 10);
    EXPECT_EQ(counters().rotations.get(), 1u);
    EXPECT_EQ(messages()[1], "old half");
}

TEST_P(ResumeTest, a_held_line_the_file_has_lost_is_published) {
    files.silent = [](const std::string&) { return true; };
    config.check_interval_ms = 60'000;
    write("a.log", "n 1\nn 2");
    start();
    ASSERT_TRUE(until_count(1));
    truncate("a.log", 2);
    config.check_interval_ms = 10;
    while_stopped([] {});
    ASSERT_TRUE(until([&] { return number_count() == 2; }));
    expect_numbers(1, 2);
    EXPECT_EQ(counters().rotations.get(), 1u);
}

TEST_P(ResumeTest, a_held_line_waits_no_longer_than_flush_partial_ms) {
    config.flush_partial_ms = 60'000;
    write("a.log", "n 1\nn 2");
    start();
    ASSERT_TRUE(until_count(1));
    while_stopped([&] { config.flush_partial_ms = 1; });
    ASSERT_TRUE(until_count(2));
    expect_numbers(1, 2);
}

TEST_P(ResumeTest, the_last_line_of_a_truncated_file_waits_for_a_full_sink) {
    write("a.log", "n 1\nn 2");
    start();
    ASSERT_TRUE(until_count(1));
    sink.takes_nothing = true;
    truncate("a.log", 0);
    ASSERT_TRUE(until([&] { return counters().rotations.get() == 1; }));
    stop();
    sink.takes_nothing = false;
    start(std::move(stopped_at));
    ASSERT_TRUE(until([&] { return number_count() == 2; }));
    write("a.log", "n 3\n");
    ASSERT_TRUE(until([&] { return number_count() == 3; }));
    expect_numbers(1, 3);
    EXPECT_EQ(counters().rotations.get(), 1u);
}

TEST_P(ResumeTest, the_last_line_of_a_deleted_file_waits_for_a_full_sink) {
    descriptors = std::make_unique<DescriptorBudget>(0);
    write("a.log", "n 1\nn 2");
    start();
    ASSERT_TRUE(until_count(1));
    ASSERT_TRUE(until([&] { return files.open_now == 0; }));
    sink.takes_nothing = true;
    remove("a.log");
    ASSERT_TRUE(until([&] { return tail().watchers().rows[0].draining; }));
    stop();
    sink.takes_nothing = false;
    start(std::move(stopped_at));
    ASSERT_TRUE(until([&] { return number_count() == 2; }));
    expect_numbers(1, 2);
    EXPECT_EQ(counters().lost_bytes.get(), 0u);
}

TEST_P(ResumeTest, a_new_file_of_a_followed_target_is_read_from_its_first_byte) {
    config.targets.push_back(target("", "*.log"));
    config.targets.back().from = StartAt::end;
    write("a.log", "old\n");
    start();
    turns_for(50);
    while_stopped([&] { write("b.log", numbers(1, 10)); });
    ASSERT_TRUE(until_count(10));
    expect_numbers(1, 10);
}

// What stood in it when following began is not wanted, however late it lets itself be opened.
TEST_P(ResumeTest, a_file_that_could_not_be_opened_yet_begins_where_it_ended_at_the_start) {
    config.targets.push_back(target("", "*.log"));
    config.targets.back().from = StartAt::end;
    write("a.log", "old 1\nold 2\n");
    files.open_error = [](const std::string& path) { return path.ends_with("a.log") ? EACCES : 0; };
    start();
    while_stopped([&] { write("a.log", "n 1\n"); });
    files.open_error = nullptr;
    write("a.log", "n 2\n");
    ASSERT_TRUE(until([&] { return number_count() == 2; }));
    EXPECT_EQ(messages(), (std::vector<std::string>{"n 1", "n 2"}));
}

TEST_P(ResumeTest, a_new_target_begins_where_it_says) {
    make_directory("old");
    make_directory("new");
    config.targets.push_back(target("old", "*.log"));
    write("old/a.log", numbers(1, 10));
    write("new/a.log", "not wanted\n");
    start();
    ASSERT_TRUE(until_count(10));
    while_stopped([&] {
        config.targets.push_back(target("new", "*.log"));
        config.targets.back().from = StartAt::end;
        write("old/a.log", numbers(11, 20));
    });
    ASSERT_TRUE(until_count(20));
    write("new/a.log", numbers(21, 30));
    ASSERT_TRUE(until_count(30));
    expect_numbers(1, 30);
}

TEST_P(ResumeTest, a_file_no_target_wants_any_more_is_let_go) {
    make_directory("old");
    make_directory("new");
    config.targets.push_back(target("old", "*.log"));
    config.targets.push_back(target("new", "*.log"));
    write("old/a.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    while_stopped([&] {
        config.targets.erase(config.targets.begin());
        write("old/a.log", "not wanted\n");
        write("new/a.log", numbers(11, 20));
    });
    ASSERT_TRUE(until_count(20));
    turns_for(50);
    expect_numbers(1, 20);
    EXPECT_EQ(sink.count, 20u);
    EXPECT_EQ(counters().files.get(), 1u);
}

TEST_P(ResumeTest, rotations_are_counted_on) {
    write("a.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    rename("a.log", "a.log.1");
    write("a.log", numbers(11, 20));
    ASSERT_TRUE(until([&] { return number_count() == 20; }));
    while_stopped([&] {
        rename("a.log", "a.log.2");
        write("a.log", numbers(21, 30));
    });
    ASSERT_TRUE(until([&] { return number_count() == 30; }));
    expect_numbers(1, 30);
    EXPECT_TRUE(
        std::any_of(sink.published.begin(), sink.published.end(), [](const Published& entry) {
            return entry.message.starts_with("Log rotation detected (#2)");
        }));
    EXPECT_EQ(counters().rotations.get(), 2u);
}

}  // namespace
}  // namespace logwisp::test
