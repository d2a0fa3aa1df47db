// Generations of a log that come and go between two looks are read whole and in their order, told as
// the log's, whether the pattern matches their rotated names or not: chains of renames without a turn
// in between, and right in the middle of looking.
#include <chrono>
#include <thread>

#include "tail_fixture.hpp"

namespace logwisp::test {
namespace {

class GenerationsTest : public TailTest {
  protected:
    // app.log with the numbers 1 to 10 is followed.
    void follow(std::string_view pattern) {
        config.targets = {target("", pattern)};
        write("app.log", numbers(1, 10));
        start();
        ASSERT_TRUE(until_count(10));
        written_ = 10;
    }
    void pass_names_on() const {
        for (int number = 9; number > 0; --number) {
            const std::string from = "app.log." + std::to_string(number);
            if (std::filesystem::exists(path(from)))
                rename(from, "app.log." + std::to_string(number + 1));
        }
        rename("app.log", "app.log.1");
    }
    void write_more() {
        write("app.log", numbers(written_ + 1, written_ + 5));
        written_ += 5;
    }
    void rotate() {
        write_more();
        pass_names_on();
        write_more();
        ++rotations_;
    }
    void expect_all() {
        EXPECT_TRUE(until([&] { return number_count() >= written_; }));
        turns_for(50);
        expect_numbers(1, written_);
        EXPECT_EQ(counters().rotations.get(), rotations_);
        EXPECT_EQ(sink.published.size(), written_ + rotations_);
        for (const Published& entry : sink.published) EXPECT_EQ(entry.source, "app.log");
    }
    void expect_all_of_a_chain(std::string_view pattern) {
        follow(pattern);
        for (int round = 0; round < 5; ++round) rotate();
        expect_all();
        for (int round = 0; round < 3; ++round) rotate();
        expect_all();
    }

    void begin_anew() {
        stop();
        sink.published.clear();
        sink.count = 0;
        written_ = 0;
        rotations_ = 0;
        for (const auto& entry : std::filesystem::directory_iterator(path(".")))
            std::filesystem::remove(entry);
    }

    std::size_t written_ = 0;
    std::size_t rotations_ = 0;
};

TEST_P(GenerationsTest, faster_than_anybody_looks) { expect_all_of_a_chain("*.log"); }

TEST_P(GenerationsTest, with_the_rotated_names_followed_too) { expect_all_of_a_chain("app.log*"); }

TEST_P(GenerationsTest, born_within_one_tick_of_the_clock) {
    files.born_ns = 1'000'000'000;
    expect_all_of_a_chain("*.log");
}

TEST_P(GenerationsTest, born_within_one_tick_with_the_rotated_names_followed_too) {
    files.born_ns = 1'000'000'000;
    expect_all_of_a_chain("app.log*");
}

TEST_P(GenerationsTest, the_next_file_is_not_there_yet) {
    follow("app.log*");
    for (int round = 0; round < 2; ++round) {
        rotate();
        rotate();
        pass_names_on();
        ++rotations_;
        EXPECT_TRUE(until([&] { return number_count() >= written_; }));
        turns_for(50);
        write_more();
        expect_all();
    }
}

TEST_P(GenerationsTest, renamed_while_their_names_are_listed) {
    follow("*.log");
    for (int round = 0; round < 4; ++round) rotate();
    int left = 3;
    files.on_listed = [&] {
        if (left-- <= 0) return;
        rotate();
        rotate();
    };
    expect_all();
    EXPECT_LE(left, 0);
}

TEST_P(GenerationsTest, renamed_while_they_are_opened) {
    for (const std::string_view pattern : {"*.log", "app.log*"}) {
        follow(pattern);
        for (int round = 0; round < 3; ++round) rotate();
        int left = 5;
        files.on_opened = [&](const std::string& name) {
            if (name.find("app.log") != name.npos && left-- > 0) rotate();
        };
        expect_all();
        EXPECT_LE(left, 0);
        files.on_opened = nullptr;
        begin_anew();
    }
}

TEST_P(GenerationsTest, a_copy_of_what_was_read_is_none_of_them) {
    follow("app.log*");
    copy("app.log", "app.log.2");
    rename("app.log", "app.log.3");
    write_more();
    ++rotations_;
    turns_for(1500);  // a copy that was in doubt would be read by now
    expect_all();
}

// --- The first ones: nobody has ever seen a file under that name. ---

TEST_P(GenerationsTest, rotated_away_before_anybody_has_seen_the_first) {
    for (const std::string_view pattern : {"*.log", "app.log*"}) {
        for (const int chain : {1, 4}) {
            config.targets = {target("", pattern)};
            start();
            for (int round = 0; round < chain; ++round) rotate();
            expect_all();
            rotate();
            expect_all();
            begin_anew();
        }
    }
}

TEST_P(GenerationsTest, the_first_were_rotated_to_dates) {
    start();
    write_more();
    rename("app.log", "app.log-20240131");
    write_more();
    rename("app.log", "app.log-20240201");
    write_more();
    rotations_ = 2;
    expect_all();
}

TEST_P(GenerationsTest, the_first_was_rotated_away_and_none_has_come_since) {
    for (const std::string_view name : {"app.log.1", "app.log-20240131", "app-20240131.log"}) {
        config.targets = {target("", "app.log")};
        start();
        write_more();
        rename("app.log", name);
        expect_all();
        write_more();
        ++rotations_;
        expect_all();
        begin_anew();
    }
}

TEST_P(GenerationsTest, the_first_came_and_went_before_the_directory_was_watched) {
    files.silent = [](const std::string&) { return true; };
    start();
    rotate();
    rotate();
    expect_all();
}

TEST_P(GenerationsTest, what_was_there_before_is_no_generation_of_the_first) {
    write("app.log.1", numbers(101, 105));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // births are told in steps
    start();
    write_more();
    expect_all();
}

TEST_P(GenerationsTest, the_first_came_and_went_while_nobody_followed) {
    for (const bool next : {true, false}) {
        for (const bool packed : {false, true}) {
            SCOPED_TRACE(testing::Message() << "next " << next << " packed " << packed);
            write("other.log", "x\n");
            start();
            ASSERT_TRUE(until_count(1));
            stop();
            sink.published.clear();
            write_more();
            pass_names_on();
            write_more();
            pass_names_on();
            rotations_ = 1;
            if (packed) {
                ASSERT_EQ(std::system(("gzip " + path("app.log.2")).c_str()), 0);
            }
            if (next) write_more();
            rotations_ += next ? 1 : 0;
            start(std::move(stopped_at));
            expect_all();
            begin_anew();
        }
    }
}

LOGWISP_ON_ALL_BACKENDS(GenerationsTest);

}  // namespace
}  // namespace logwisp::test
