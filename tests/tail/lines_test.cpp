// Lines as they are found in real files: cut anywhere by the writer, without an end, too long, with
// holes and marks.
#include "tail_fixture.hpp"

namespace logwisp::test {
namespace {

class LinesTest : public TailTest {};

TEST_P(LinesTest, a_line_is_held_until_its_end_comes) {
    start();
    const int file = open_for_append("app.log");
    for (const char byte : std::string_view("one byte at a time\r\nand ")) {
        write_to(file, {&byte, 1});
        turn();
        turn();
    }
    ASSERT_TRUE(until_count(1));
    EXPECT_EQ(sink.published[0].message, "one byte at a time");
    turns_for(50);
    EXPECT_EQ(sink.count, 1u);
    write_to(file, "more\n");
    ASSERT_TRUE(until_count(2));
    EXPECT_EQ(sink.published[1].message, "and more");
    EXPECT_FALSE(sink.published[1].has("partial"));
    ::close(file);
}

TEST_P(LinesTest, what_is_in_memory_does_not_overtake_what_was_asked_for_before) {
    write("a.log", "first of a\n");
    write("b.log", "first of b\n");
    start();
    ASSERT_TRUE(until_count(2));
    files.not_in_memory = 1;
    write("a.log", "of a\n");
    write("b.log", "of b\n");
    ASSERT_TRUE(until_count(4));
    EXPECT_EQ(files.not_in_memory, 0u);
    EXPECT_EQ(sink.published[2].message, "of a");
    EXPECT_EQ(sink.published[3].message, "of b");
}

TEST_P(LinesTest, what_is_not_in_memory_is_waited_for) {
    start();
    const std::string first = numbers(1, 100);
    std::size_t count = 0;
    // What was read last is in memory, and nothing or a part of what is new.
    for (const std::size_t more : {0, 20}) {
        const std::string name = std::to_string(more) + ".log";
        write(name, first);
        ASSERT_TRUE(until_count(count += 100));
        files.memory_ends = first.size() + more;
        write(name, numbers(101, 200));
        ASSERT_TRUE(until([&] { return sink.count == count + 100; }, 5));
        count += 100;
    }
}

TEST_P(LinesTest, a_held_line_is_published_in_time_when_asked_for) {
    config.flush_partial_ms = 50;
    start();
    write("app.log", "wait");
    ASSERT_TRUE(until_count(1));
    EXPECT_TRUE(sink.published[0].has("\"partial\":true"));
    write("app.log", "ed\nnext\n");
    ASSERT_TRUE(until_count(3));
    EXPECT_EQ(messages(), (std::vector<std::string>{"wait", "ed", "next"}));
}

TEST_P(LinesTest, a_line_of_many_reads_is_cut_and_told) {
    config.line_bytes_max = 1024;
    start();
    write("app.log", std::string(3'000'000, 'x') + "\r\nnext\n" + std::string(1024, 'y') + "\r\n" +
                         std::string(1025, 'z') + "\n");
    ASSERT_TRUE(until_count(4));
    EXPECT_EQ(sink.published[0].message, std::string(1024, 'x'));
    EXPECT_TRUE(sink.published[0].has("\"truncated\":true,\"original_bytes\":3000000"));
    EXPECT_EQ(sink.published[1].message, "next");
    EXPECT_FALSE(sink.published[2].has("truncated"));
    EXPECT_TRUE(sink.published[3].has("\"original_bytes\":1025"));
    EXPECT_EQ(counters().truncated_lines.get(), 2u);
}

TEST_P(LinesTest, long_lines_across_reads_stay_whole) {
    start();
    std::string text;
    for (int line = 0; line < 40; ++line)
        text += std::string(100'000, static_cast<char>('a' + line % 26)) + "\n";
    write("app.log", text);
    ASSERT_TRUE(until_count(40));
    for (std::size_t line = 0; line < 40; ++line)
        EXPECT_EQ(sink.published[line].message,
                  std::string(100'000, static_cast<char>('a' + line % 26)));
}

TEST_P(LinesTest, a_huge_hole_is_passed_over) {
    write("app.log", "before\n");
    start();
    ASSERT_TRUE(until_count(1));
    // A writer that does not append, after its file was truncated.
    const int file = ::open(path("app.log").c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(::ftruncate(file, 0), 0);
    constexpr off_t hole_bytes = off_t{10} << 30;
    ASSERT_EQ(::pwrite(file, "after\n", 6, hole_bytes), 6);
    ::close(file);
    ASSERT_TRUE(until_count(3));
    EXPECT_EQ(sink.published[2].message, "after");
    EXPECT_EQ(counters().skipped_nul_bytes.get(), static_cast<std::uint64_t>(hole_bytes));
    EXPECT_LT(counters().bytes.get(), 4'000'000u);
    write("app.log", "and on\n");
    ASSERT_TRUE(until_count(4));
}

TEST_P(LinesTest, offsets_beyond_four_gigabytes) {
    write("app.log", "");
    constexpr off_t begin = (off_t{1} << 32) - 3;
    const int file = ::open(path("app.log").c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(::pwrite(file, "first line\nsecond\n", 18, begin), 18);
    ::close(file);
    start();
    ASSERT_TRUE(until_count(2));
    EXPECT_EQ(sink.published[1].message, "second");
    EXPECT_EQ(tail().watchers().rows.at(0).position, static_cast<std::uint64_t>(begin) + 18);
}

TEST_P(LinesTest, from_the_end_begins_at_a_line_s_start) {
    auto following = target("", "*.log");
    following.from = StartAt::end;
    config.targets = {following};
    write("app.log", numbers(1, 20'000) + "half a ");
    write("no_lf.log", "only half a ");
    write("empty.log", "");
    start();
    turns_for(50);
    EXPECT_EQ(sink.count, 0u);
    write("app.log", "line\n");
    write("no_lf.log", "line\n");
    write("empty.log", "from its first byte\n");
    write("later.log", "appeared later\n");
    ASSERT_TRUE(until_count(4));
    auto all = messages();
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, (std::vector<std::string>{"appeared later", "from its first byte", "half a line",
                                             "only half a line"}));
}

TEST_P(LinesTest, a_byte_order_mark_goes) {
    start();
    write("app.log", "\xEF\xBB");
    turns_for(30);
    write("app.log", "\xBF{\"message\":\"json\",\"level\":\"warn\"}\n");
    ASSERT_TRUE(until_count(1));
    EXPECT_TRUE(sink.published[0].has("\"level\":\"WARN\",\"message\":\"json\""));
}

TEST_P(LinesTest, a_sink_that_takes_little_gets_everything_in_order) {
    sink.per_turn_max = 7;
    for (int file = 0; file < 20; ++file)
        write("f" + std::to_string(file) + ".log", numbers(1, 100));
    start();
    ASSERT_TRUE(until_count(2000));
    std::map<std::string, std::size_t> next;
    for (const Published& entry : sink.published)
        EXPECT_EQ(entry.message, "n " + std::to_string(++next[entry.source]));
}

LOGWISP_ON_ALL_BACKENDS(LinesTest);

}  // namespace
}  // namespace logwisp::test
