// Which packed file is what, as tables: no file is read.
#include "tail/packed_choice.hpp"

#include <gtest/gtest.h>

namespace logwisp {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

ContentMark mark_at(std::uint64_t position) {
    ContentMark mark;
    mark.begin_by_hash(position, 1);
    return mark;
}

PackedFile packed(std::string path, std::int64_t written_ns, std::uint64_t bytes,
                  std::vector<std::uint32_t> holds = {}) {
    PackedFile file;
    file.path = std::move(path);
    file.state = PackedFile::State::whole;
    file.written_ns = written_ns;
    file.status.modified_ns = written_ns;
    file.end.begin_unmarked(bytes);
    file.holds = std::move(holds);
    return file;
}

PackedQuestion after_rotation() {
    PackedQuestion question;
    question.original = "a.log";
    question.rest_is_packed = true;
    question.rest_position = 100;
    question.written_ns = 50 * second_ns + 1;
    question.generations = true;
    return question;
}

using Indices = std::vector<std::size_t>;

TEST(PackedChoiceTest, names_say_which_is_older) {
    std::vector<PackedFile> files = {packed("/l/a.log.2.gz", 9, 1), packed("/l/a.log.10.gz", 8, 1),
                                     packed("/l/a.log.1.gz", 1, 1)};
    sort_packed("a.log", files);
    EXPECT_EQ(files[0].path, "/l/a.log.10.gz");
    EXPECT_EQ(files[2].path, "/l/a.log.1.gz");
    files = {packed("a.log-20240131.gz", 1, 1), packed("a.log-20231231.gz", 2, 1)};
    sort_packed("a.log", files);
    EXPECT_EQ(files[0].path, "a.log-20231231.gz");
    files = {packed("a-20240131.log.gz", 1, 1), packed("a-20231231.log.gz", 2, 1)};
    sort_packed("a.log", files);
    EXPECT_EQ(files[0].path, "a-20231231.log.gz");
    // Names that cannot be compared: times.
    files = {packed("a.log.old.gz", 5, 1), packed("a.log.1.gz", 7, 1),
             packed("a.log-20240131.gz", 1, 1)};
    sort_packed("a.log", files);
    EXPECT_EQ(files[0].path, "a.log-20240131.gz");
    EXPECT_EQ(files[1].path, "a.log.old.gz");
}

TEST(PackedChoiceTest, what_comes_after_the_rest_is_new_and_what_comes_before_is_not) {
    const std::vector<ContentMark> marks = {mark_at(100)};
    const std::vector<PackedFile> files = {packed("a.log.4.gz", 40 * second_ns + 1, 500),
                                           packed("a.log.3.gz", 60 * second_ns + 1, 500, {0}),
                                           packed("a.log.2.gz", 70 * second_ns + 1, 500),
                                           packed("a.log.1.gz", 80 * second_ns + 1, 500)};
    const auto choice = choose_packed(after_rotation(), files, marks, {false, false, false, false});
    EXPECT_EQ(choice.rest, 1u);
    EXPECT_EQ(choice.generations, (Indices{2, 3}));
    EXPECT_EQ(choice.undecided, Indices{});
}

TEST(PackedChoiceTest, several_begin_alike) {
    const std::vector<ContentMark> marks = {mark_at(100)};
    const std::vector<PackedFile> files = {packed("a.log.2.gz", 70 * second_ns + 1, 500, {0}),
                                           packed("a.log.1.gz", 80 * second_ns + 1, 500, {0})};
    const auto choice = choose_packed(after_rotation(), files, marks, {false, false});
    EXPECT_EQ(choice.rest, 0u);
    EXPECT_EQ(choice.generations, Indices{1});
}

TEST(PackedChoiceTest, what_was_read_is_no_generation) {
    const std::vector<ContentMark> marks = {mark_at(100), mark_at(300), mark_at(5000), mark_at(20)};
    const std::vector<PackedFile> files = {
        packed("a.log.5.gz", 70 * second_ns + 1, 300, {1}),   // to its end
        packed("a.log.4.gz", 70 * second_ns + 1, 6000, {2}),  // a long one
        packed("a.log.3.gz", 70 * second_ns + 1, 400),        // as an open file tells
        packed("a.log.2.gz", 70 * second_ns + 1, 400, {3})};  // begins as another one did
    const auto choice = choose_packed(after_rotation(), files, marks, {false, false, true, false});
    EXPECT_EQ(choice.rest, std::nullopt);
    EXPECT_EQ(choice.generations, Indices{3});
}

TEST(PackedChoiceTest, without_the_rest_times_decide) {
    const std::vector<ContentMark> marks = {mark_at(100)};
    const std::vector<PackedFile> files = {packed("a.log.4.gz", 40 * second_ns, 500),
                                           packed("a.log.3.gz", 50 * second_ns, 500),
                                           packed("a.log.2.gz", 51 * second_ns, 500)};
    const auto choice = choose_packed(after_rotation(), files, marks, {false, false, false});
    EXPECT_EQ(choice.generations, Indices{2});
    // Within the second that was read last.
    EXPECT_EQ(choice.undecided, Indices{1});
}

TEST(PackedChoiceTest, name_and_time_that_disagree_are_undecided) {
    const std::vector<ContentMark> marks = {mark_at(100)};
    const std::vector<PackedFile> files = {packed("a.log.2.gz", 60 * second_ns + 1, 500, {0}),
                                           packed("a.log.1.gz", 20 * second_ns + 1, 500)};
    const auto choice = choose_packed(after_rotation(), files, marks, {false, false});
    EXPECT_EQ(choice.rest, 0u);
    EXPECT_EQ(choice.generations, Indices{});
    EXPECT_EQ(choice.undecided, Indices{1});
}

TEST(PackedChoiceTest, damaged_ones_are_undecided_where_they_may_matter) {
    const std::vector<ContentMark> marks = {mark_at(100)};
    std::vector<PackedFile> files = {packed("a.log.3.gz", 20 * second_ns + 1, 500),
                                     packed("a.log.2.gz", 60 * second_ns + 1, 500, {0}),
                                     packed("a.log.1.gz", 70 * second_ns + 1, 500)};
    for (PackedFile& file : files) file.state = PackedFile::State::damaged;
    files[1].state = PackedFile::State::whole;
    const auto choice = choose_packed(after_rotation(), files, marks, {false, false, false});
    EXPECT_EQ(choice.rest, 1u);
    EXPECT_EQ(choice.undecided, Indices{2});
}

}  // namespace
}  // namespace logwisp
