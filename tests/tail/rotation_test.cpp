// No line is lost or doubled in any rotation that leaves the bytes readable, and every file's lines
// keep their order: numbered lines are written while files are renamed, replaced, copied and cut,
// and an oracle counts what is missing, doubled or out of order.
#include <chrono>
#include <fstream>
#include <map>

#include "tail/state.hpp"
#include "tail_fixture.hpp"

namespace logwisp::test {
namespace {

class RotationTest : public TailTest {
  protected:
    [[nodiscard]] bool drained() { return counters().files.get() == 1; }
    // One notice by its text; the source and level of every notice are looked at.
    [[nodiscard]] std::size_t notices(std::string_view reason) const {
        std::size_t found = 0;
        for (const Published& entry : sink.published) {
            if (!entry.message.starts_with("Log rotation detected")) continue;
            EXPECT_TRUE(entry.has("\"level\":\"INFO\"")) << entry.json;
            found += entry.message.ends_with(reason);
        }
        return found;
    }
    [[nodiscard]] std::size_t notice_with(std::string_view text) const {
        std::size_t found = 0;
        for (const Published& entry : sink.published)
            found += entry.message.starts_with("Log rotation detected") && entry.has(text);
        return found;
    }
};

TEST_P(RotationTest, renamed_and_created_again) {
    write("app.log", numbers(1, 100));
    start();
    ASSERT_TRUE(until_count(100));
    write("app.log", numbers(101, 150));
    rename("app.log", "app.log.1");
    write("app.log", numbers(151, 200));
    ASSERT_TRUE(until_count(201));
    expect_numbers(1, 200);
    EXPECT_EQ(sink.published[150].message, "Log rotation detected (#1): inode change");
    EXPECT_EQ(sink.published[150].source, "app.log");
    EXPECT_TRUE(until([&] { return drained(); }));
}

TEST_P(RotationTest, a_writer_that_keeps_the_old_file_is_followed_beside_the_new_one) {
    const int old = open_for_append("app.log");
    write_to(old, numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    rename("app.log", "app.log.1");
    write("app.log", numbers(1001, 1010));
    ASSERT_TRUE(until_count(21));
    for (std::size_t number = 11; number <= 15; ++number) {
        turns_for(60);  // silent for less than drain_idle_ms
        write_to(old, numbers(number, number));
        ASSERT_TRUE(until_count(11 + number));
        EXPECT_EQ(sink.published.back().source, "app.log");
    }
    EXPECT_EQ(counters().files.get(), 2u);
    ::close(old);
    EXPECT_TRUE(until([&] { return drained(); }));
}

TEST_P(RotationTest, a_burst_right_before_the_rotation_arrives_whole) {
    write("app.log", numbers(1, 1));
    start();
    ASSERT_TRUE(until_count(1));
    sink.per_turn_max = 5000;
    write("app.log", numbers(2, 300'000));
    rename("app.log", "app.log.1");
    write("app.log", numbers(300'001, 300'010));
    ASSERT_TRUE(until_count(300'011));
    expect_numbers(1, 300'010);
}

TEST_P(RotationTest, with_the_rotated_copies_followed_too_nothing_is_doubled) {
    config.targets.push_back(target("", "app.log*"));
    write("app.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    std::size_t number = 11;
    for (int round = 0; round < 6; ++round) {
        write("app.log", numbers(number, number + 4));
        for (int generation = 3; generation > 0; --generation) {
            const std::string from = "app.log." + std::to_string(generation);
            if (std::filesystem::exists(path(from)))
                rename(from, "app.log." + std::to_string(generation + 1));
        }
        rename("app.log", "app.log.1");
        write("app.log", numbers(number + 5, number + 9));
        number += 10;
        if (round % 2 == 0) {
            ASSERT_TRUE(until([&] { return number_count() >= number - 1; }));
        }
    }
    ASSERT_TRUE(until([&] { return number_count() >= number - 1; }));
    turns_for(300);
    expect_numbers(1, number - 1, false);
}

TEST_P(RotationTest, copytruncate_without_writes_in_between) {
    write("app.log", numbers(1, 100));
    start();
    ASSERT_TRUE(until_count(100));
    copy("app.log", "app.log.1");
    truncate("app.log", 0);
    ASSERT_TRUE(until_count(101));
    EXPECT_EQ(sink.published.back().message, "Log rotation detected (#1): size decrease");
    write("app.log", numbers(101, 110));
    ASSERT_TRUE(until_count(111));
    expect_numbers(1, 110);
    EXPECT_EQ(counters().lost_bytes.get(), 0u);
}

TEST_P(RotationTest, copytruncate_before_all_was_read_reads_on_in_the_copy) {
    write("app.log", numbers(1, 100) + "n 1");
    start();
    ASSERT_TRUE(until_count(100));
    write("app.log", "01\n" + numbers(102, 200));
    copy("app.log", "app.log.1");
    truncate("app.log", 0);
    write("app.log", numbers(201, 210));
    ASSERT_TRUE(until([&] { return number_count() >= 210; }));
    turns_for(50);
    expect_numbers(1, 210);
    EXPECT_EQ(counters().lost_bytes.get(), 0u);
}

TEST_P(RotationTest, copytruncate_with_the_copy_followed_too) {
    config.targets.push_back(target("", "app.log*"));
    write("app.log", numbers(1, 100));
    start();
    ASSERT_TRUE(until_count(100));
    std::size_t number = 101;
    for (int round = 1; round <= 4; ++round) {
        const std::string name = "app.log." + std::to_string(round);
        copy("app.log", name);
        if (round % 2 == 0) turns_for(30);
        truncate("app.log", 0);
        if (round == 3) turns_for(30);
        write("app.log", numbers(number, number + 49));
        number += 50;
        ASSERT_TRUE(until([&] { return number_count() >= number - 1; }));
    }
    turns_for(1500);
    expect_numbers(1, number - 1, false);
    EXPECT_EQ(notices("size decrease") + notices("position beyond file size"), 4u);
}

// The writer goes on while the file is being copied: what it adds is read in the original, and the copy is shorter than what was read.
TEST_P(RotationTest, a_copy_that_lacks_the_last_lines_is_not_read_again) {
    config.targets = {target("", "app.log*")};
    write("app.log", numbers(1, 100));
    start();
    ASSERT_TRUE(until_count(100));
    std::size_t written = 100;
    std::size_t rotations = 0;
    for (const std::string name : {"app.log.1", "app.log.old", "app.log.2.bak"}) {
        copy("app.log", name);
        write("app.log", numbers(written + 1, written + 3));
        written += 3;
        ASSERT_TRUE(until([&] { return number_count() == written; }));
        truncate("app.log", 0);
        ++rotations;
        write("app.log", numbers(written + 1, written + 200));
        written += 200;
        ASSERT_TRUE(until(
            [&] { return number_count() >= written && counters().rotations.get() == rotations; }));
    }
    turns_for(1500);  // a copy that was in doubt would be read by now
    EXPECT_EQ(number_count(), written);
    expect_numbers(1, written);
}

TEST_P(RotationTest, each_file_has_its_own_count_of_entries) {
    write("app.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    rename("app.log", "app.log.1");
    write("app.log", numbers(11, 15));
    ASSERT_TRUE(until([&] { return number_count() == 15; }));
    std::size_t sum = 0;
    for (const WatcherStatus& watcher : tail().watchers().rows) sum += watcher.entries;
    EXPECT_EQ(sum, counters().entries.get());
}

TEST_P(RotationTest,
       copytruncate_with_the_copy_followed_and_the_original_grown_beyond_its_old_size) {
    config.targets.push_back(target("", "app.log*"));
    // Nothing tells of the original: the copy is looked at first.
    files.watch_error = [](const std::string& name) {
        return name.ends_with("app.log") ? ENOSPC : 0;
    };
    write("app.log", numbers(1, 100));
    start();
    ASSERT_TRUE(until_count(100));
    copy("app.log", "app.log.1");
    truncate("app.log", 0);
    write("app.log", numbers(101, 400));
    ASSERT_TRUE(until([&] { return number_count() >= 400; }));
    turns_for(1500);
    expect_numbers(1, 400, false);
    EXPECT_EQ(notices("position beyond file size"), 1u);
}

TEST_P(RotationTest, a_copy_that_cannot_be_compared_yet_is_not_taken_for_another_file) {
    config.targets.push_back(target("", "app.log*"));
    write("app.log", numbers(1, 100));
    start();
    ASSERT_TRUE(until_count(100));
    files.look_error = [] { return EIO; };
    copy("app.log", "app.log.1");
    turns_for(1500);
    files.look_error = nullptr;
    turns_for(1500);
    EXPECT_EQ(number_count(), 100u);
    // The same once the original has been cut.
    files.look_error = [] { return EIO; };
    write("app.log", numbers(101, 150));
    copy("app.log", "app.log.2");
    truncate("app.log", 0);
    write("app.log", numbers(151, 160));
    turns_for(1500);
    files.look_error = nullptr;
    ASSERT_TRUE(until([&] { return number_count() >= 160; }));
    turns_for(1500);
    expect_numbers(1, 160, false);
}

TEST_P(RotationTest, what_truncation_destroyed_is_counted_and_told) {
    const std::string before = numbers(1, 10) + "half";
    const std::string long_line = " a line\n" + std::string(600 * 1024, 'x') + "\n";
    const std::string after = numbers(11, 12);
    write("app.log", before);
    start();
    ASSERT_TRUE(until_count(10));
    // A read brings a part of it, and the size is known from then on.
    sink.per_turn_max = 1;
    write("app.log", long_line);
    ASSERT_TRUE(until([&] { return counters().bytes.get() > 200 * 1024; }));
    ASSERT_TRUE(until(
        [&] { return tail().watchers().rows[0].size_bytes == before.size() + long_line.size(); }));
    sink.per_turn_max = 0;
    truncate("app.log", 0);
    write("app.log", after);
    ASSERT_TRUE(until([&] { return number_count() >= 12; }));
    expect_numbers(1, 12);
    const std::uint64_t lost =
        before.size() + long_line.size() + after.size() - counters().bytes.get();
    EXPECT_EQ(counters().lost_bytes.get(), lost);
    EXPECT_EQ(notice_with("\"fields\":{\"lost_bytes_at_least\":" + std::to_string(lost) + "}"), 1u);
}

TEST_P(RotationTest, what_was_destroyed_before_anybody_looked_is_told_as_unknown) {
    write("app.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    EXPECT_EQ(counters().unknown_losses.get(), 0u);
    // Nobody has seen these, not even that they were there.
    write("app.log", numbers(11, 20));
    truncate("app.log", 0);
    write("app.log", numbers(21, 22));
    ASSERT_TRUE(until([&] { return number_count() >= 12; }));
    EXPECT_EQ(counters().lost_bytes.get(), 0u);
    EXPECT_EQ(counters().unknown_losses.get(), 1u);
    EXPECT_EQ(notice_with("\"fields\":{\"lost_bytes_at_least\":0}"), 1u);
    // A rename loses nothing, and says nothing of it.
    rename("app.log", "app.log.1");
    write("app.log", numbers(23, 24));
    ASSERT_TRUE(until([&] { return number_count() >= 14; }));
    EXPECT_EQ(counters().unknown_losses.get(), 1u);
    EXPECT_EQ(notice_with("fields"), 1u);
}

TEST_P(RotationTest, truncated_and_grown_beyond_the_old_position_between_two_looks) {
    write("app.log", numbers(1, 100));
    start();
    ASSERT_TRUE(until_count(100));
    truncate("app.log", 0);
    write("app.log", numbers(101, 400));
    ASSERT_TRUE(until_count(401));
    expect_numbers(1, 400);
    EXPECT_EQ(notices("position beyond file size"), 1u);
}

TEST_P(RotationTest, a_modification_time_in_the_past_alone_changes_nothing) {
    write("app.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    const timespec past[2] = {{1000, 0}, {1000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path("app.log").c_str(), past, 0), 0);
    turns_for(30);
    write("app.log", numbers(11, 20));
    ASSERT_TRUE(until_count(20));
    // Written anew with the same size and an older time: the content tells.
    const int file = ::open(path("app.log").c_str(), O_WRONLY);
    write_to(file, std::string(std::filesystem::file_size(path("app.log")) - 5, 'y') + "\nn 21\n");
    ::close(file);
    ASSERT_EQ(::utimensat(AT_FDCWD, path("app.log").c_str(), past, 0), 0);
    ASSERT_TRUE(until([&] { return number_count() >= 21; }));
    EXPECT_EQ(notices("modification time reset"), 1u);
}

TEST_P(RotationTest, deleted_and_created_again) {
    write("app.log", numbers(1, 5));
    start();
    ASSERT_TRUE(until_count(5));
    for (std::size_t round = 1; round <= 50; ++round) {
        remove("app.log");
        write("app.log", numbers(round * 5 + 1, round * 5 + 5));
        ASSERT_TRUE(until_count(5 + round * 6));
    }
    expect_numbers(1, 255);
}

TEST_P(RotationTest, a_deleted_file_is_read_to_its_end_and_let_go) {
    write("app.log", numbers(1, 5) + "no end");
    start();
    ASSERT_TRUE(until_count(5));
    write("app.log", " yet");
    remove("app.log");
    ASSERT_TRUE(until([&] { return counters().files.get() == 0; }));
    EXPECT_EQ(sink.published.back().message, "no end yet");
    EXPECT_TRUE(sink.published.back().has("\"partial\":true"));
}

TEST_P(RotationTest, replaced_atomically) {
    write("app.log", numbers(1, 5));
    start();
    ASSERT_TRUE(until_count(5));
    for (std::size_t round = 1; round <= 100; ++round) {
        write("new.tmp", numbers(round * 5 + 1, round * 5 + 5));
        rename("new.tmp", "app.log");
        ASSERT_TRUE(until([&] { return number_count() >= 5 + round * 5; }));
    }
    expect_numbers(1, 505);
}

TEST_P(RotationTest, a_symbolic_link_is_turned_to_another_file) {
    write("one.txt", numbers(1, 5));
    std::filesystem::create_symlink("one.txt", path("app.log"));
    start();
    ASSERT_TRUE(until_count(5));
    write("one.txt", numbers(6, 8));
    write("two.txt", numbers(9, 12));
    std::filesystem::create_symlink("two.txt", path("next"));
    rename("next", "app.log");
    ASSERT_TRUE(until_count(13));
    expect_numbers(1, 12);
    EXPECT_EQ(sink.published.back().source, "app.log");
}

TEST_P(RotationTest, at_the_far_end_of_a_chain_of_links) {
    make_directory("docker");
    make_directory("pods");
    make_directory("containers");
    write("docker/0.json", numbers(1, 5));
    std::filesystem::create_symlink(path("docker/0.json"), path("pods/0.log"));
    std::filesystem::create_symlink(path("pods/0.log"), path("containers/x.log"));
    config.targets.push_back(target("containers", "*.log"));
    start();
    ASSERT_TRUE(until_count(5));
    rename("docker/0.json", "docker/0.json.1");
    write("docker/0.json", numbers(6, 10));
    ASSERT_TRUE(until_count(11));
    // The next container: the middle link points elsewhere.
    write("docker/1.json", numbers(11, 15));
    std::filesystem::create_symlink(path("docker/1.json"), path("pods/next"));
    rename("pods/next", "pods/0.log");
    ASSERT_TRUE(until_count(17));
    expect_numbers(1, 15);
    EXPECT_EQ(sink.published.back().source, "x.log");
}

// What is swapped and rotated at once: the new far end's directory was not known before.
TEST_P(RotationTest, rotated_at_the_far_end_of_a_link_that_was_just_turned) {
    make_directory("one");
    make_directory("two");
    make_directory("links");
    write("one/c.json", numbers(1, 5));
    std::filesystem::create_symlink(path("one/c.json"), path("links/x.log"));
    config.targets.push_back(target("links", "*.log"));
    start();
    ASSERT_TRUE(until_count(5));
    turns_for(20);  // files are told apart by when they were made, in ticks
    write("two/c.json", numbers(6, 10));
    std::filesystem::create_symlink(path("two/c.json"), path("links/next"));
    rename("links/next", "links/x.log");
    rename("two/c.json", "two/c.json.1");
    write("two/c.json", numbers(11, 15));
    ASSERT_TRUE(until([&] { return number_count() >= 15; }));
    // And again, when it was looked at.
    write("two/c.json", numbers(16, 20));
    ASSERT_TRUE(until([&] { return number_count() >= 20; }));
    const auto began = std::chrono::steady_clock::now();
    rename("two/c.json", "two/c.json.2");
    write("two/c.json", numbers(21, 25));
    ASSERT_TRUE(until([&] { return number_count() >= 25; }));
    // Told, not found out by the sweep.
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(sweep_ms / 2));
    expect_numbers(1, 25);
}

// logrotate's shred writes over what was rotated away, rounded up to whole blocks: that is growth, but no line.
TEST_P(RotationTest, a_rotated_file_that_is_shredded_gives_no_more_lines) {
    write("app.log", numbers(1, 500));
    start();
    ASSERT_TRUE(until_count(500));
    rename("app.log", "app.log.1");
    write("app.log", numbers(501, 510));
    ASSERT_TRUE(until([&] { return number_count() >= 510; }));
    for (int pass = 0; pass < 3; ++pass) {
        std::fstream file(path("app.log.1"), std::ios::in | std::ios::out | std::ios::binary);
        for (int line = 0; line < 512; ++line) file << "garbage" << pass << '\n';
        file.close();
        turns_for(20);
    }
    remove("app.log.1");
    write("app.log", numbers(511, 520));
    ASSERT_TRUE(until([&] { return number_count() >= 520; }));
    turns_for(50);
    EXPECT_EQ(sink.count, 521u);
    expect_numbers(1, 520);
}

// logrotate's renamecopy: when the copy is made the new file is there already. It is seen empty, half made and whole.
TEST_P(RotationTest, a_copy_that_is_made_beside_the_new_file_is_not_read_again) {
    const std::string text = numbers(1, 500);
    for (const char* name : {"none.log", "half.log", "all.log"}) write(name, text);
    start();
    ASSERT_TRUE(until_count(1500));
    const std::size_t half = text.size() / 2;
    for (const auto& [name, so_far] : std::map<std::string, std::size_t>{
             {"none.log", 0}, {"half.log", half}, {"all.log", text.size()}}) {
        rename(name, name + ".tmp");
        write(name + ".1", text.substr(0, so_far));
        write(name, "next\n");
        turns_for(50);
        write(name + ".1", text.substr(so_far));
        turns_for(50);
        remove(name + ".tmp");
    }
    ASSERT_TRUE(until([&] { return sink.count >= 1500u + 3 * 2; }));
    turns_for(1500);
    EXPECT_EQ(sink.count, 1500u + 3 * 2);
    EXPECT_EQ(number_count(), 1500u);
}

// One that begins as the one before it did, and is none of its copies.
TEST_P(RotationTest, a_generation_that_begins_as_the_one_before_it_is_read) {
    write("app.log", "banner\n" + numbers(1, 500));
    start();
    ASSERT_TRUE(until_count(501));
    rename("app.log", "app.log.2");
    write("app.log", "banner\n");
    rename("app.log", "app.log.1");
    write("app.log", "banner\n" + numbers(501, 505));
    ASSERT_TRUE(until([&] { return number_count() >= 505; }));
    ASSERT_TRUE(until([&] { return sink.count == 505u + 3 + 2; }));
    expect_numbers(1, 505);
}

TEST_P(RotationTest, the_last_line_without_its_end_is_never_glued_to_the_new_file) {
    write("app.log", "first\nold half");
    start();
    ASSERT_TRUE(until_count(1));
    rename("app.log", "app.log.1");
    write("app.log", "new\n");
    ASSERT_TRUE(until_count(4));
    EXPECT_EQ(messages(),
              (std::vector<std::string>{"first", "Log rotation detected (#1): inode change", "new",
                                        "old half"}));
    EXPECT_TRUE(sink.published.back().has("\"partial\":true"));
}

TEST_P(RotationTest, moved_away_and_back_it_goes_on_where_it_was) {
    write("app.log", numbers(1, 10));
    make_directory("elsewhere");
    start();
    ASSERT_TRUE(until_count(10));
    rename("app.log", "elsewhere/app.log");
    turns_for(30);
    rename("elsewhere/app.log", "app.log");
    write("app.log", numbers(11, 20));
    ASSERT_TRUE(until_count(20));
    // The same after it was closed.
    rename("app.log", "elsewhere/app.log");
    ASSERT_TRUE(until([&] { return counters().files.get() == 0; }));
    write("elsewhere/app.log", numbers(21, 25));
    rename("elsewhere/app.log", "app.log");
    write("app.log", numbers(26, 30));
    ASSERT_TRUE(until([&] { return number_count() >= 30; }));
    turns_for(30);
    expect_numbers(1, 30);
}

TEST_P(RotationTest, a_compressed_generation_is_not_read_as_text) {
    config.targets.push_back(target("", "app.log*"));
    write("app.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    rename("app.log", "app.log.1");
    write("app.log", numbers(11, 20));
    ASSERT_TRUE(until_count(21));
    write("app.log.1.gz", std::string_view("\x1F\x8B\x08\x00garbage\nmore\n", 17));
    remove("app.log.1");
    write("app.log", numbers(21, 30));
    ASSERT_TRUE(until_count(31));
    turns_for(100);
    expect_numbers(1, 30);
    EXPECT_EQ(sink.count, 31u);
}

LOGWISP_ON_ALL_BACKENDS(RotationTest);

}  // namespace
}  // namespace logwisp::test
