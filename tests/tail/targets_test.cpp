// Which names a target wants, as tables: no file system is asked.
#include "tail/targets.hpp"

#include <gtest/gtest.h>

namespace logwisp {
namespace {

TargetPlan plan_of(const std::string& path) {
    Target target;
    target.path = path;
    return TargetPlan(target);
}

TEST(TargetsTest, a_path_is_cut_into_a_fixed_root_and_the_parts_to_look_for) {
    using Parts = std::vector<std::string>;
    struct Row {
        const char* path;
        const char* root;
        Parts parts;
    };
    const std::vector<Row> rows = {
        {"/var/log", "/var", {"log"}},
        {"/var/log/", "/var", {"log"}},
        {"/var//log/./a.log", "/var/log", {"a.log"}},
        {"./", ".", {}},
        {".", ".", {}},
        {"/", "/", {}},
        {"app.log", ".", {"app.log"}},
        {"logs/app.log", "logs", {"app.log"}},
        {"..", "..", {}},
        {"../x", "..", {"x"}},
        {"/a/*/c", "/a", {"*", "c"}},
        {"/a/b?/*.log", "/a", {"b?", "*.log"}},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(plan_of(row.path).root(), row.root) << row.path;
        EXPECT_EQ(plan_of(row.path).parts(), row.parts) << row.path;
    }
}

TEST(TargetsTest, globs_are_those_of_a_shell) {
    const TargetPlan plan = plan_of("/a/*.log");
    EXPECT_TRUE(plan.part_matches(0, "x.log"));
    EXPECT_FALSE(plan.part_matches(0, ".hidden.log"));
    EXPECT_FALSE(plan.part_matches(0, "x.log.1"));
    // A name that holds glob characters is found by itself.
    EXPECT_TRUE(plan_of("/a/app[1].log").part_matches(0, "app[1].log"));
    EXPECT_TRUE(plan_of("/a/app[1].log").part_matches(0, "app1.log"));
}

TEST(TargetsTest, what_is_excluded) {
    Target target;
    target.path = "/a";
    target.pattern = "*";
    target.exclude = {"*.gz", "old/*", "debug"};
    const TargetPlan plan(target);
    EXPECT_TRUE(plan.wants("app.log", "app.log"));
    EXPECT_FALSE(plan.wants("app.log.gz", "sub/app.log.gz"));
    EXPECT_FALSE(plan.wants("app.log", "old/app.log"));
    EXPECT_TRUE(plan.wants("app.log", "new/app.log"));
    EXPECT_TRUE(plan.excludes("debug", "x/debug"));
}

TEST(TargetsTest, why_a_path_is_not_wanted) {
    Target tree;
    tree.path = "/var/*/app";
    tree.recursive = true;
    tree.exclude = {"old*", "sub/debug"};
    Target flat = tree;
    flat.recursive = false;
    Target file;
    file.path = "/var/log/app";
    file.is_file = true;
    Target directory = file;
    directory.is_file = false;
    struct Row {
        const Target& target;
        const char* path;
        Mismatch mismatch;
        const char* wanted = "";
        const char* found = "";
    };
    const std::vector<Row> rows = {
        {tree, "/srv/log/app/a.log", Mismatch::elsewhere, "/var"},
        {tree, "/var/log", Mismatch::elsewhere, "/var/*/app"},
        {tree, "/var/log/web/a.log", Mismatch::other_name, "app", "web"},
        {tree, "/var/.log/app/a.log", Mismatch::other_name, "*", ".log"},
        {directory, "/var/log/app", Mismatch::names_directory, "/var/log/app"},
        {file, "/var/log/app/a.log", Mismatch::names_file, "/var/log/app"},
        {flat, "/var/log/app/sub/a.log", Mismatch::not_recursive, "/var/*/app", "sub"},
        {tree, "/var/log/app/sub/a.txt", Mismatch::pattern, "*.log", "a.txt"},
        {tree, "/var/log/app/.a.log", Mismatch::pattern, "*.log", ".a.log"},
        {tree, "/var/log/app/older/a.log", Mismatch::excluded, "old*", "older"},
        {tree, "/var/log/app/sub/debug/a.log", Mismatch::excluded, "sub/debug", "sub/debug"},
        {tree, "/var/log/app/old.log", Mismatch::excluded, "old*", "old.log"},
        {tree, "/var/log/app/sub/a.log", Mismatch::none},
        {file, "/var/log/app", Mismatch::none},
        {directory, "/var/log/app/a.log", Mismatch::none},
    };
    for (const Row& row : rows) {
        const TargetMatch match = TargetPlan(row.target).match(row.path);
        EXPECT_EQ(match.mismatch, row.mismatch) << row.path;
        EXPECT_EQ(match.wanted, row.wanted) << row.path;
        EXPECT_EQ(match.found, row.found) << row.path;
        EXPECT_EQ(TargetPlan(row.target).wants_path(row.path), row.mismatch == Mismatch::none);
    }
}

TEST(TargetsTest, names_that_a_rotation_gives) {
    for (const char* name : {"app.log.1", "app.log.12", "app.log-20240131", "app.log.2024-01-31",
                             "app-20240131.log", "app.log-2024-01-31T10:00:00", "app.1.log",
                             "app.log.bak", "app.log.old", "app.log.22.bak", "app-old.log"})
        EXPECT_TRUE(is_rotated_name("app.log", name)) << name;
    for (const char* name : {"app.log", "app.log.olden", "app.log.1.gz", "application.log.1",
                             "app.log.", "app2.log", "b.log.1", "app.log.swp", "app-a1.log"})
        EXPECT_FALSE(is_rotated_name("app.log", name)) << name;
}

TEST(TargetsTest, the_ends_of_paths) {
    EXPECT_EQ(path_tail("/var/log/a/app.log", 1), "app.log");
    EXPECT_EQ(path_tail("/var/log/a/app.log", 2), "a/app.log");
    EXPECT_EQ(path_tail("/a/app.log", 3), "/a/app.log");
    EXPECT_EQ(path_tail("app.log", 4), "app.log");
    EXPECT_EQ(directory_name("app.log"), ".");
    EXPECT_EQ(directory_name("/app.log"), "/");
    EXPECT_EQ(join_path(".", "x"), "x");
    EXPECT_EQ(join_path("/", "x"), "/x");
    EXPECT_EQ(join_path("/a", "x"), "/a/x");
}

TEST(TargetsTest, compressed_files_by_their_first_bytes) {
    using namespace std::string_view_literals;
    EXPECT_TRUE(is_compressed("\x1F\x8B\x08"sv));
    EXPECT_TRUE(is_compressed("\x28\xB5\x2F\xFD..."sv));
    EXPECT_TRUE(is_compressed("BZh91"sv));
    EXPECT_FALSE(is_compressed("BZh is a word"sv));
    EXPECT_FALSE(is_compressed("text"sv));
    EXPECT_FALSE(is_compressed(""sv));
}

}  // namespace
}  // namespace logwisp
