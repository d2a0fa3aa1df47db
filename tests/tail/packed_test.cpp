// What was rotated and packed (gzip) before it was read is read from the packed file, once and in order; what was read before is not
// read again. Method: numbered lines, files packed while nobody follows them or while their descriptors are given back.
#include <gtest/gtest.h>
#include <zlib.h>

#include "tail_fixture.hpp"

namespace logwisp::test {
namespace {

class PackedTest : public TailTest {
  protected:
    // As gzip and logrotate do: the packed file has the time of what it was made of.
    void pack(std::string_view name, std::string_view to = {}) {
        const std::string packed = to.empty() ? std::string(name) + ".gz" : std::string(to);
        struct stat before {};
        CHECK(::stat(path(name).c_str(), &before) == 0);
        write_gzip(packed, content(name));
        const timespec times[2] = {before.st_atim, before.st_mtim};
        CHECK(::utimensat(AT_FDCWD, path(packed).c_str(), times, 0) == 0);
        remove(name);
    }
    void write_gzip(std::string_view name, std::string_view text) const {
        const gzFile file = ::gzopen(path(name).c_str(), "wb1");
        CHECK(file != nullptr);
        if (!text.empty())
            CHECK(::gzwrite(file, text.data(), static_cast<unsigned>(text.size())) ==
                  static_cast<int>(text.size()));
        CHECK(::gzclose(file) == Z_OK);
    }
    [[nodiscard]] std::string content(std::string_view name) const {
        std::string text(std::filesystem::file_size(path(name)), '\0');
        const int file = ::open(path(name).c_str(), O_RDONLY | O_CLOEXEC);
        CHECK(::read(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        ::close(file);
        return text;
    }
    void follow_one_to_ten() {
        write("a.log", numbers(1, 10));
        start();
        ASSERT_TRUE(until_count(10));
        turns_for(20);
    }
    // As after a restart of the program: nothing is open any more, and of what was read only hashes are known.
    void stop_for_good() {
        stop();
        ++stops;
        for (FilePosition& position : stopped_at->files) {
            if (position.file >= 0) files.close(std::exchange(position.file, -1));
            position.modified_ns = 0;
            if (const ContentMark mark = position.mark; mark.position() != 0)
                position.mark.begin_by_hash(mark.position(), mark.hash());
        }
        for (auto& [identity, mark] : stopped_at->remembered)
            if (const ContentMark was = mark; was.position() != 0)
                mark.begin_by_hash(was.position(), was.hash());
    }
    void go_on() { start(std::move(stopped_at)); }
    void expect_all(std::size_t last) {
        ASSERT_TRUE(until([&] { return number_count() >= last; }, 10)) << number_count();
        turns_for(300);
        expect_numbers(1, last);
        // Nothing is left open but the current file.
        ASSERT_TRUE(until([&] { return files.open_now + stops <= 1; }, 10))
            << files.open_now + stops;
    }
    std::size_t stops = 0;  // each closes an inotify instance, which files.open_now does not count

    [[nodiscard]] std::vector<std::string> notices() const {
        std::vector<std::string> found;
        for (const Published& entry : sink.published)
            if (entry.message.starts_with("Log rotation")) found.push_back(entry.json);
        return found;
    }
};

LOGWISP_ON_ALL_BACKENDS(PackedTest);

TEST_P(PackedTest, the_rest_of_a_file_that_was_packed_meanwhile_is_read) {
    follow_one_to_ten();
    stop_for_good();
    write("a.log", numbers(11, 20));
    rename("a.log", "a.log.1");
    pack("a.log.1");
    write("a.log", numbers(21, 30));
    go_on();
    expect_all(30);
    EXPECT_EQ(counters().rotations.get(), 1u);
    EXPECT_EQ(counters().lost_bytes.get(), 0u);
    EXPECT_EQ(counters().unknown_losses.get(), 0u);
}

TEST_P(PackedTest, generations_nobody_has_seen_are_read_in_order) {
    follow_one_to_ten();
    stop_for_good();
    write("a.log", numbers(11, 20));
    rename("a.log", "a.log.1");
    pack("a.log.1");
    write("a.log", numbers(21, 30));
    rename("a.log.1.gz", "a.log.2.gz");
    rename("a.log", "a.log.1");
    pack("a.log.1");
    write("a.log", numbers(31, 40));
    rename("a.log.2.gz", "a.log.3.gz");
    rename("a.log.1.gz", "a.log.2.gz");
    rename("a.log", "a.log.1");
    pack("a.log.1");
    write("a.log", numbers(41, 50));
    go_on();
    expect_all(50);
    EXPECT_EQ(counters().rotations.get(), 3u);
    ASSERT_EQ(notices().size(), 3u);
    for (std::size_t index = 0; index < 3; ++index)
        EXPECT_NE(notices()[index].find("(#" + std::to_string(index + 1) + ")"), std::string::npos);
}

TEST_P(PackedTest, the_last_generation_is_not_packed_yet) {
    follow_one_to_ten();
    stop_for_good();
    write("a.log", numbers(11, 20));
    rename("a.log", "a.log.3");
    pack("a.log.3");
    write("a.log", numbers(21, 30));
    rename("a.log", "a.log.2");
    pack("a.log.2");
    write("a.log", numbers(31, 40));
    rename("a.log", "a.log.1");
    write("a.log", numbers(41, 50));
    go_on();
    expect_all(50);
}

TEST_P(PackedTest, dates_for_names) {
    follow_one_to_ten();
    stop_for_good();
    write("a.log", numbers(11, 20));
    rename("a.log", "a.log-20240130");
    pack("a.log-20240130");
    write("a.log", numbers(21, 30));
    rename("a.log", "a.log-20240131");
    pack("a.log-20240131");
    write("a.log", numbers(31, 40));
    go_on();
    expect_all(40);
}

TEST_P(PackedTest, what_was_read_to_its_end_is_not_read_again) {
    write_gzip("a.log.5.gz", "never wanted\n");
    write("a.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    rename("a.log", "a.log.1");
    write("a.log", numbers(11, 20));
    ASSERT_TRUE(until([&] { return number_count() == 20; }));
    ASSERT_TRUE(until([&] { return counters().files.get() == 1; }));  // the old one is closed
    stop_for_good();
    rename("a.log.1", "a.log.2");
    pack("a.log.2");
    rename("a.log", "a.log.1");
    pack("a.log.1");
    write("a.log", numbers(21, 30));
    go_on();
    expect_all(30);
    // Twice.
    stop_for_good();
    go_on();
    write("a.log", numbers(31, 40));
    expect_all(40);
}

// And whoever packed them did not keep their times.
TEST_P(PackedTest, what_was_read_is_known_by_its_content_when_times_say_nothing) {
    write("a.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    rename("a.log", "a.log.1");
    write("a.log", numbers(11, 20));
    ASSERT_TRUE(until([&] { return number_count() == 20; }));
    ASSERT_TRUE(until([&] { return counters().files.get() == 1; }));
    stop_for_good();
    remove("a.log.1");
    remove("a.log");
    write_gzip("a.log.2.gz", numbers(1, 10));
    write_gzip("a.log.1.gz", numbers(11, 25));
    write("a.log", numbers(26, 30));
    go_on();
    expect_all(30);
}

TEST_P(PackedTest, what_was_unpacked_once_is_known_afterwards) {
    follow_one_to_ten();
    stop_for_good();
    write("a.log", numbers(11, 20));
    rename("a.log", "a.log.2");
    pack("a.log.2");
    write("a.log", numbers(21, 30));
    rename("a.log", "a.log.1");
    pack("a.log.1");
    write("a.log", numbers(31, 40));
    go_on();
    expect_all(40);
    stop_for_good();
    rename("a.log.2.gz", "a.log.3.gz");
    rename("a.log.1.gz", "a.log.2.gz");
    rename("a.log", "a.log.1");
    pack("a.log.1");
    write("a.log", numbers(41, 50));
    go_on();
    expect_all(50);
}

TEST_P(PackedTest, an_empty_file_that_was_filled_rotated_and_packed) {
    write("a.log", "");
    start();
    turns_for(20);
    stop_for_good();
    write("a.log", numbers(1, 10));
    rename("a.log", "a.log.1");
    pack("a.log.1");
    write("a.log", numbers(11, 20));
    go_on();
    expect_all(20);
}

TEST_P(PackedTest, no_new_file_has_come_yet) {
    follow_one_to_ten();
    stop_for_good();
    write("a.log", numbers(11, 20));
    rename("a.log", "a.log.2");
    pack("a.log.2");
    write("a.log", numbers(21, 30));
    rename("a.log", "a.log.1");
    pack("a.log.1");
    go_on();
    expect_all(30);
    write("a.log", numbers(31, 40));
    expect_all(40);
}

TEST_P(PackedTest, something_else_under_the_name_is_not_the_rest) {
    follow_one_to_ten();
    stop_for_good();
    remove("a.log");
    write_gzip("a.log.1.gz", "another log\nwith other lines\n");
    const timespec long_ago[2] = {{1'000'000, 0}, {1'000'000, 0}};
    CHECK(::utimensat(AT_FDCWD, path("a.log.1.gz").c_str(), long_ago, 0) == 0);
    write("a.log", numbers(11, 20));
    go_on();
    expect_all(20);
    EXPECT_EQ(sink.count, 21u);  // and one notice
    EXPECT_EQ(counters().unknown_losses.get(), 1u);
}

TEST_P(PackedTest, damaged_is_given_up_and_told) {
    follow_one_to_ten();
    stop_for_good();
    write("a.log", numbers(11, 5000));
    rename("a.log", "a.log.1");
    pack("a.log.1");
    std::string bytes = content("a.log.1.gz");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
    truncate("a.log.1.gz", 0);
    write("a.log.1.gz", bytes);
    write("a.log", "new\n");
    go_on();
    ASSERT_TRUE(until([&] { return messages().back() == "new"; }));
    EXPECT_EQ(number_count(), 10u);
    ASSERT_EQ(notices().size(), 1u);
    EXPECT_NE(notices()[0].find("lost_bytes_at_least"), std::string::npos) << notices()[0];
    EXPECT_GE(counters().unknown_losses.get(), 1u);
}

TEST_P(PackedTest, one_that_is_still_being_written_is_waited_for) {
    follow_one_to_ten();
    stop_for_good();
    write("a.log", numbers(11, 5000));
    rename("a.log", "a.log.1");
    pack("a.log.1");
    const std::string bytes = content("a.log.1.gz");
    truncate("a.log.1.gz", static_cast<off_t>(bytes.size() / 2));
    write("a.log", numbers(5001, 5010));
    go_on();
    turns_for(500);
    EXPECT_EQ(number_count(), 10u);
    write("a.log.1.gz", bytes.substr(bytes.size() / 2));
    expect_all(5010);
}

TEST_P(PackedTest, a_large_one_in_two_members_with_padding) {
    follow_one_to_ten();
    stop_for_good();
    constexpr std::size_t last = 1'000'000;
    remove("a.log");
    write_gzip("one.gz", numbers(1, last / 2));
    write_gzip("two.gz", numbers(last / 2 + 1, last));
    write("a.log.1.gz", content("one.gz") + content("two.gz") + std::string(512, '\0'));
    write("a.log", numbers(last + 1, last + 10));
    go_on();
    expect_all(last + 10);
}

// A reload begins it anew where it stands.
TEST_P(PackedTest, stopped_in_the_middle_of_it) {
    follow_one_to_ten();
    stop_for_good();
    write("a.log", numbers(11, 300'000));
    rename("a.log", "a.log.2");
    pack("a.log.2");
    write("a.log", numbers(300'001, 400'000));
    rename("a.log", "a.log.1");
    pack("a.log.1");
    write("a.log", numbers(400'001, 400'010));
    sink.per_turn_max = 500;
    go_on();
    for (const std::size_t count : {11u, 50'000u, 200'000u, 301'000u, 390'000u}) {
        ASSERT_TRUE(until([&] { return number_count() >= count; })) << number_count();
        if (count % 3 == 0)
            stop_for_good();
        else
            stop(), ++stops;
        go_on();
    }
    sink.per_turn_max = 0;
    expect_all(400'010);
}

TEST_P(PackedTest, a_file_whose_descriptor_was_given_back) {
    descriptors = std::make_unique<DescriptorBudget>(0);
    write("a.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    ASSERT_TRUE(until([&] { return files.open_now == 0; }));
    files.open_error = [](const std::string&) { return EMFILE; };
    write("a.log", numbers(11, 20));
    rename("a.log", "a.log.1");
    pack("a.log.1");
    write("a.log", numbers(21, 30));
    turns_for(100);
    files.open_error = nullptr;
    expect_all(30);
}

TEST_P(PackedTest, a_copy_that_was_packed_after_the_file_was_truncated) {
    follow_one_to_ten();
    stop_for_good();
    write("a.log", numbers(11, 20));
    copy("a.log", "a.log.1");
    truncate("a.log", 0);
    pack("a.log.1", "a.log.2.gz");
    write("a.log", numbers(21, 30));
    copy("a.log", "a.log.1");
    truncate("a.log", 0);
    pack("a.log.1");
    write("a.log", numbers(31, 40));
    go_on();
    expect_all(40);
    EXPECT_EQ(counters().lost_bytes.get(), 0u);
}

}  // namespace
}  // namespace logwisp::test
