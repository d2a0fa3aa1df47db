// Which files are followed: directories, globs, trees, links; what appears, moves and goes while
// they are.
#include <algorithm>

#include "tail_fixture.hpp"

namespace logwisp::test {
namespace {

class NamesTest : public TailTest {
  protected:
    [[nodiscard]] std::vector<std::string> sources() const {
        std::vector<std::string> all;
        for (const Published& entry : sink.published) all.push_back(entry.source);
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }
    [[nodiscard]] std::string error_of(std::string_view name) {
        for (const WatcherStatus& row : tail().watchers().rows)
            if (row.path == path(name)) return row.error;
        return "not listed";
    }
    Target tree() {
        auto made = target("", "*.log");
        made.recursive = true;
        return made;
    }
};

TEST_P(NamesTest, a_tree_with_what_is_excluded) {
    auto following = tree();
    following.exclude = {"skip", "deep/two/*", "x*"};
    config.targets = {following};
    for (const char* name : {"deep/one", "deep/two", "skip/more"}) make_directory(name);
    write("top.log", "1\n");
    write("deep/one/a.log", "2\n");
    write("deep/two/b.log", "no\n");
    write("skip/more/c.log", "no\n");
    write("x.log", "no\n");
    write("top.txt", "no\n");
    write(".hidden.log", "no\n");
    start();
    ASSERT_TRUE(until_count(2));
    write("skip/more/d.log", "no\n");
    write("deep/one/e.log", "3\n");
    ASSERT_TRUE(until_count(3));
    turns_for(50);
    EXPECT_EQ(sources(), (std::vector<std::string>{"a.log", "e.log", "top.log"}));
}

TEST_P(NamesTest, a_directory_that_is_filled_before_it_can_be_watched) {
    config.targets = {tree()};
    start();
    for (std::size_t round = 1; round <= 300; ++round) {
        const std::string directory = "r" + std::to_string(round) + "/b/c";
        make_directory(directory);
        write(directory + "/app" + std::to_string(round) + ".log", numbers(round, round));
        if (round % 10 == 0) turn();
    }
    ASSERT_TRUE(until_count(300));
    expect_numbers(1, 300, false);
}

TEST_P(NamesTest, missing_paths_are_waited_for) {
    config.targets = {target("a/b/c/app.log", "*.log"), target("later", "*.log"),
                      target("glob/*/x.log", "*.log")};
    start();
    turns_for(30);
    make_directory("a/b");
    turns_for(30);
    make_directory("a/b/c");
    write("a/b/c/app.log", "1\n");
    write("a/b/c/other.log", "no\n");
    ASSERT_TRUE(until_count(1));
    make_directory("later");
    write("later/app.log", "2\n");
    make_directory("glob/one");
    write("glob/one/x.log", "3\n");
    ASSERT_TRUE(until_count(3));
    std::filesystem::remove_all(path("a"));
    turns_for(300);
    make_directory("a/b/c");
    write("a/b/c/app.log", "4\n");
    ASSERT_TRUE(until([&] { return sink.published.back().message == "4"; }));
}

TEST_P(NamesTest, sources_of_the_same_name_are_told_apart) {
    config.targets = {tree()};
    for (const char* name : {"a/x", "b/x", "c"}) make_directory(name);
    write("a/x/app.log", "1\n");
    write("b/x/app.log", "2\n");
    write("c/single.log", "3\n");
    start();
    ASSERT_TRUE(until_count(3));
    EXPECT_EQ(sources(), (std::vector<std::string>{"a/x/app.log", "b/x/app.log", "single.log"}));
    write("c/app.log", "4\n");
    ASSERT_TRUE(until_count(4));
    EXPECT_EQ(sink.published.back().source, "c/app.log");
}

TEST_P(NamesTest, one_file_with_several_names_is_followed_once) {
    config.targets = {target("a.log", ""), target("", "*.log")};
    write("a.log", numbers(1, 5));
    ASSERT_EQ(::link(path("a.log").c_str(), path("b.log").c_str()), 0);
    std::filesystem::create_symlink("a.log", path("c.log"));
    start();
    ASSERT_TRUE(until_count(5));
    write("b.log", numbers(6, 8));
    ASSERT_TRUE(until_count(8));
    // The other name goes on when the first one is removed.
    remove("a.log");
    turns_for(300);
    write("b.log", numbers(9, 10));
    ASSERT_TRUE(until_count(10));
    expect_numbers(1, 10);
}

TEST_P(NamesTest, links_that_lead_nowhere_or_in_circles) {
    config.targets = {tree()};
    std::filesystem::create_symlink("b.log", path("a.log"));
    std::filesystem::create_symlink("a.log", path("b.log"));
    std::filesystem::create_symlink("not/there", path("c.log"));
    make_directory("d");
    std::filesystem::create_symlink("..", path("d/up"));
    std::filesystem::create_symlink(".", path("d/here"));
    write("d/app.log", "1\n");
    start();
    ASSERT_TRUE(until_count(1));
    make_directory("not");
    write("not/there", "2\n");
    ASSERT_TRUE(until_count(2));
    EXPECT_EQ(sink.published.back().source, "c.log");
}

TEST_P(NamesTest, only_regular_files_are_read) {
    ASSERT_EQ(::mkfifo(path("fifo.log").c_str(), 0644), 0);
    make_directory("directory.log");
    write("app.log", "1\n");
    start();
    ASSERT_TRUE(until_count(1));
    // It is seen with its reason, and is not counted as followed.
    EXPECT_EQ(counters().files.get(), 1u);
    EXPECT_EQ(error_of("fifo.log"), "not a regular file");
    EXPECT_EQ(tail().watchers().rows.size(), 2u);
    remove("app.log");
    ASSERT_EQ(::mkfifo(path("app.log").c_str(), 0644), 0);
    ASSERT_TRUE(until([&] { return counters().files.get() == 0; }));
    remove("app.log");
    write("app.log", "2\n");
    remove("fifo.log");
    write("fifo.log", "3\n");
    ASSERT_TRUE(until([&] { return sink.count == 4; }));
}

TEST_P(NamesTest, a_compressed_file_is_seen_and_not_followed) {
    const std::string_view compressed("\x1F\x8B\x08\x00garbage\nmore\n", 17);
    config.targets.push_back(target("", "*.log"));
    config.targets.push_back(target("end", "*.log"));
    config.targets[1].from = StartAt::end;
    make_directory("end");
    write("old.log", compressed);
    write("end/old.log", compressed);
    write("app.log", "1\n");
    start();
    ASSERT_TRUE(until_count(1));
    write("new.log", compressed);
    for (const std::string_view name : {"old.log", "end/old.log", "new.log"})
        ASSERT_TRUE(until([&] { return error_of(name) == "compressed"; })) << name;
    EXPECT_EQ(counters().files.get(), 1u);
    EXPECT_EQ(tail().watchers().rows.size(), 4u);
    for (const std::string_view name : {"old.log", "end/old.log", "new.log"}) remove(name);
    ASSERT_TRUE(until([&] { return tail().watchers().rows.size() == 1; }));
    EXPECT_EQ(counters().files.get(), 1u);
    write("app.log", "2\n");
    ASSERT_TRUE(until_count(2));
}

TEST_P(NamesTest, a_directory_that_is_renamed_keeps_its_positions) {
    config.targets = {tree()};
    make_directory("a");
    write("a/app.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    rename("a", "b");
    write("b/app.log", numbers(11, 20));
    ASSERT_TRUE(until_count(20));
    turns_for(300);
    write("b/app.log", numbers(21, 25));
    ASSERT_TRUE(until_count(25));
    expect_numbers(1, 25);
}

TEST_P(NamesTest, a_directory_that_is_replaced) {
    config.targets = {tree()};
    make_directory("a");
    write("a/app.log", numbers(1, 10));
    start();
    ASSERT_TRUE(until_count(10));
    make_directory("next");
    write("next/app.log", numbers(11, 20));
    ASSERT_TRUE(until_count(20));
    std::filesystem::remove_all(path("a"));
    rename("next", "a");
    write("a/app.log", numbers(21, 30));
    ASSERT_TRUE(until([&] { return number_count() >= 30; }));
    expect_numbers(1, 30);
}

TEST_P(NamesTest, a_deep_tree_ends_somewhere) {
    config.targets = {tree()};
    std::string deep = "d";
    for (int level = 0; level < 200; ++level) deep += "/d";
    make_directory(deep);
    write("d/d/app.log", "1\n");
    write(deep + "/app.log", "no\n");
    start();
    ASSERT_TRUE(until_count(1));
}

TEST_P(NamesTest, strange_names) {
    config.targets = {target("", "*")};
    const std::string long_name(255, 'l');
    for (const std::string& name : {std::string("-rf"), std::string("new\nline"),
                                    std::string("q\"uote"), std::string("bad\xFF"), long_name})
        write(name, "1\n");
    start();
    ASSERT_TRUE(until_count(5));
}

TEST_P(NamesTest, two_files_with_the_same_beginning_are_two_files) {
    start();
    const std::string banner(4096, 'b');
    write("a.log", banner + "\n" + numbers(1, 3));
    write("b.log", banner + "\n" + numbers(4, 6));
    ASSERT_TRUE(until_count(8));
}

TEST_P(NamesTest, one_quiet_among_many_and_a_flood) {
    const int flood = open_for_append("flood.log");
    for (int file = 0; file < 1000; ++file) write("q" + std::to_string(file) + ".log", "");
    start();
    sink.keep = false;
    const std::string block = numbers(1, 50'000);
    for (int round = 0; round < 20; ++round) write_to(flood, block);
    sink.per_turn_max = 2000;
    turn();
    sink.keep = true;
    for (int file = 0; file < 1000; ++file)
        write("q" + std::to_string(file) + ".log", "quiet " + std::to_string(file) + "\n");
    // All quiet files have been heard long before the flood ends.
    ASSERT_TRUE(until([&] {
        std::size_t quiet = 0;
        for (const Published& entry : sink.published) quiet += entry.message.starts_with("quiet");
        return quiet == 1000;
    }));
    EXPECT_LT(sink.count, 1'000'000u);
    ASSERT_TRUE(until_count(1'001'000));
    ::close(flood);
}

TEST_P(NamesTest, a_start_with_very_many_files_leaves_turns_to_others) {
    constexpr std::size_t count = 3000;
    constexpr std::size_t calls_per_turn_max = 4000;
    make_directory("many");
    make_directory("few");
    for (std::size_t file = 0; file < count; ++file)
        write("many/f" + std::to_string(file) + ".log", "old\n");
    write("few/app.log", "old\n");
    config.targets = {target("few", "*.log")};
    start();
    MonitorConfig many_config;
    many_config.targets = {target("many", "*.log")};
    many_config.targets[0].from = StartAt::end;
    KeepingSink many_sink;
    Tail many(parts(), "many", many_config, many_sink);
    std::size_t calls = files.calls;
    many.start();
    EXPECT_LT(files.calls - calls, calls_per_turn_max);
    EXPECT_FALSE(many.ready());
    // Appeared while it is being looked for what is there: new, although it sorts before the rest.
    write("many/a new one.log", numbers(1, 3));
    write("few/app.log", "meanwhile\n");
    bool others_first = false;
    while (!many.ready()) {
        calls = files.calls;
        turn();
        EXPECT_LT(files.calls - calls, calls_per_turn_max);
        others_first = others_first || (sink.count == 2 && !many.ready());
        many_sink.collect();
    }
    EXPECT_TRUE(others_first);
    write("many/f2999.log", "new\n");
    EXPECT_TRUE(until([&] {
        many_sink.collect();
        return many_sink.count >= 4;
    }));
    EXPECT_EQ(many_sink.count, 4u);
    EXPECT_EQ(many.counters().files.get(), count + 1);
    many.close();
    EXPECT_TRUE(until([&] { return many.closed(); }));
}

LOGWISP_ON_ALL_BACKENDS(NamesTest);

}  // namespace
}  // namespace logwisp::test
