// The simulated file system behaves as the real one: each script leaves the same transcript on
// both. What a follower relies on is here: sizes, identities through every kind of rotation, holes,
// short and empty reads, and the order of inotify's events.
#include <gtest/gtest.h>

#include "file_script.hpp"

namespace logwisp::sim {
namespace {

struct Script {
    const char* name;
    const char* text;
};
void PrintTo(const Script& script, std::ostream* out) { *out << script.name; }

constexpr Script scripts[] = {
    {"append", R"(
        watch d /
        writer w /a.log
        write w one
        open f /a.log
        read f 0 100
        write w two
        read f 4 100
        read f 8 100
        read f 99 100
        status f
        events
        close w
        events)"},
    {"rename_and_create", R"(
        writer w /a.log
        write w one
        open f /a.log
        watch d /
        watch f /a.log
        rename /a.log /a.log.1
        events
        write w late
        events
        writer v /a.log
        write v new
        events
        status f
        stat /a.log
        stat /a.log.1
        read f 0 100
        close w
        close v
        events)"},
    {"delete_and_recreate", R"(
        writer w /a.log
        write w one
        open f /a.log
        watch d /
        watch f /a.log
        close w
        rm /a.log
        events
        writer v /a.log
        write v two
        events
        status f
        stat /a.log
        read f 0 100
        shut f
        events)"},
    {"delete_closed_file", R"(
        writer w /a.log
        write w one
        close w
        watch d /
        watch f /a.log
        rm /a.log
        events
        stat /a.log)"},
    {"delete_while_written", R"(
        writer w /a.log
        watch d /
        watch f /a.log
        rm /a.log
        events
        write w ghost
        events
        close w
        events)"},
    {"copytruncate", R"(
        writer w /a.log
        write w one
        write w two
        open f /a.log
        watch f /a.log
        trunc /a.log 0
        events
        status f
        read f 4 100
        write w three
        read f 0 100
        events
        status f)"},
    {"copytruncate_of_a_writer_with_an_offset", R"(
        writer w /a.log at
        write w one
        write w two
        trunc /a.log 0
        write w three
        open f /a.log
        status f
        read f 0 100
        data f 0)"},
    {"sparse_file", R"(
        writer w /a.log at
        seek w 1048576
        write w far
        open f /a.log
        status f
        data f 0
        data f 4096
        data f 1048576
        data f 1048578
        seek w 0
        write w near
        data f 0
        data f 4096
        data f 5000
        read f 1048570 100)"},
    {"hole_at_the_end", R"(
        writer w /a.log
        write w one
        cut w 1048576
        open f /a.log
        data f 0
        data f 8192
        status f
        cut w 2
        status f
        data f 0
        read f 0 10)"},
    {"hole_filled_in_between", R"(
        writer w /a.log at
        seek w 65536
        write w a
        seek w 131072
        write w b
        seek w 98304
        write w c
        open f /a.log
        data f 0
        data f 70000
        data f 102400
        data f 131072
        cut w 98304
        data f 70000)"},
    {"rename_over", R"(
        writer w /a.log
        write w old
        writer v /b.log
        write v new
        close w
        close v
        open f /a.log
        watch d /
        watch a /a.log
        watch b /b.log
        rename /b.log /a.log
        events
        status f
        stat /a.log
        shut f
        events)"},
    {"rename_over_closed", R"(
        writer w /a.log
        close w
        writer v /b.log
        close v
        watch d /
        watch a /a.log
        watch b /b.log
        rename /b.log /a.log
        events
        list /)"},
    {"rename_between_directories", R"(
        mkdir /x
        mkdir /y
        writer w /x/a.log
        watch x /x
        watch y /y
        rename /x/a.log /y/a.log
        write w one
        events
        list /x
        list /y)"},
    {"rename_of_a_directory", R"(
        mkdir /x
        writer w /x/a.log
        watch d /
        watch x /x
        rename /x /y
        write w one
        events
        stat /y/a.log
        stat /x/a.log)"},
    {"rename_to_itself", R"(
        writer w /a.log
        link /a.log /b.log
        watch d /
        rename /a.log /b.log
        rename /a.log /a.log
        events
        list /)"},
    {"numbered_rotation", R"(
        writer w /a.log
        write w one
        close w
        writer w /a.log.1
        write w older
        close w
        stat /a.log
        stat /a.log.1
        watch d /
        rename /a.log.1 /a.log.2
        rename /a.log /a.log.1
        writer w /a.log
        close w
        events
        stat /a.log
        stat /a.log.1
        stat /a.log.2)"},
    {"hard_links", R"(
        writer w /a.log
        watch d /
        watch f /a.log
        link /a.log /b.log
        events
        write w one
        events
        stat /b.log
        rm /a.log
        events
        stat /b.log
        write w two
        close w
        events
        link /nothing /c
        link /b.log /b.log)"},
    {"symbolic_links", R"(
        mkdir /x
        writer w /x/a.log
        symlink x/a.log /now
        symlink /nowhere /dangling
        watch d /
        watch n /now
        write w one
        events
        stat /now
        lstat /now
        stat /dangling
        readlink /dangling
        readlink /now
        readlink /x/a.log
        lstat /dangling
        open f /now
        read f 0 10
        list /
        rm /now
        events
        stat /x/a.log)"},
    {"symbolic_link_replaced", R"(
        writer w /a.1
        write w one
        writer v /a.2
        write v two
        symlink a.1 /a.log
        open f /a.log
        watch d /
        symlink a.2 /tmp.log
        rename /tmp.log /a.log
        events
        stat /a.log
        status f)"},
    {"symbolic_link_loop", R"(
        symlink b /a
        symlink a /b
        stat /a
        lstat /a
        open f /a)"},
    {"symbolic_link_to_a_directory", R"(
        mkdir /x
        symlink x /y
        writer w /y/a.log
        watch x /y
        write w one
        events
        stat /x/a.log
        list /y)"},
    {"directories", R"(
        watch d /
        mkdir /x
        mkdir /x
        events
        watch x /x
        mkdir /x/y
        events
        rm /x
        rm /x/y
        events
        rm /x
        events
        stat /x
        rm /x)"},
    {"missing_names", R"(
        stat /a
        stat /a/b
        open f /a
        list /a
        watch a /a
        rename /a /b
        rm /a
        trunc /a 0
        mode /a 600
        writer w /no/such)"},
    {"a_file_is_no_directory", R"(
        writer w /a
        stat /a/b
        list /a
        mkdir /a/b
        rename /a /a/b)"},
    {"a_directory_is_no_file", R"(
        mkdir /x
        open f /x
        read f 0 10
        status f
        trunc /x 0
        writer w /a
        rename /a /x
        rename /x /a
        list /)"},
    {"fifo", R"(
        watch d /
        fifo /p.log
        events
        stat /p.log
        list /)"},
    {"mode_changes", R"(
        writer w /a.log
        watch d /
        watch f /a.log
        mode /a.log 600
        events
        mode /a.log 600
        events)"},
    {"identical_events_are_merged", R"(
        writer w /a.log
        watch f /a.log
        write w one
        write w two
        write w three
        events
        watch d /
        write w four
        write w five
        events)"},
    {"two_files_are_not_merged", R"(
        writer w /a.log
        writer v /b.log
        watch d /
        write w one
        write v one
        write w two
        write w three
        write v two
        events)"},
    {"watching_twice", R"(
        writer w /a.log
        link /a.log /b.log
        watch a /a.log
        watch b /b.log
        write w one
        events)"},
    {"unwatch", R"(
        writer w /a.log
        watch a /a.log
        write w one
        unwatch a
        write w two
        events
        unwatch a
        events
        watch again /a.log
        write w three
        events)"},
    {"watch_survives_a_rename", R"(
        writer w /a.log
        watch a /a.log
        rename /a.log /b.log
        events
        write w one
        events
        writer v /a.log
        write v two
        events)"},
    {"writer_cuts_its_file", R"(
        writer w /a.log
        write w 0123456789
        open f /a.log
        watch a /a.log
        cut w 4
        read f 0 100
        cut w 8
        read f 0 100
        write w end
        read f 0 100
        events)"},
    {"delete_and_link_back", R"(
        writer w /a.log
        write w one
        link /a.log /keep
        watch d /
        rm /a.log
        link /keep /a.log
        events
        stat /a.log
        stat /keep)"},
};

class HonestFiles : public testing::TestWithParam<Script> {};

TEST_P(HonestFiles, LeavesTheSameTranscript) {
    const std::string simulated = run_file_script_simulated(GetParam().text);
    const std::string real = run_file_script_really(GetParam().text);
    EXPECT_EQ(real, simulated);
}

INSTANTIATE_TEST_SUITE_P(Scripts, HonestFiles, testing::ValuesIn(scripts),
                         [](const auto& script) { return std::string(script.param.name); });

}  // namespace
}  // namespace logwisp::sim
