// A name leads to a file only when the rule allows it: at the seam of the file system every kind of
// link, each owned by every user it could be owned by, against a table of what is to be opened; with
// somebody who exchanges names all the time; and through Tail, which tells why it reads nothing. Users
// are only numbers. It takes root to make their files: run by anybody else these tests show nothing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tail/file_system.hpp"
#include "tail_fixture.hpp"

namespace logwisp::test {
namespace {

constexpr uid_t root = 0;
constexpr uid_t app = 1000;
constexpr uid_t other = 65534;
// Only root makes files of other users.
bool may_give_away() { return ::geteuid() == 0; }
constexpr std::string_view secret = "canary-7c1f9a\n";

class LinkRuleTest : public ::testing::Test {
  protected:
    void SetUp() override {
        char pattern[] = "/tmp/logwisp-links-XXXXXX";
        directory_ = ::mkdtemp(pattern);
        CHECK(::chmod(directory_.c_str(), 0755) == 0);
        make_directory("app", app, 0755);
        make_directory("sticky", root, 01777);
        make_directory("vault", root, 0755);
        make_file("vault/secret", root, secret);
        make_file("app/own.txt", app, "own\n");
    }
    void TearDown() override {
        if (!directory_.empty()) std::filesystem::remove_all(directory_);
    }

    [[nodiscard]] std::string path(std::string_view name) const {
        return directory_ + "/" + std::string(name);
    }
    void make_directory(std::string_view name, uid_t owner, mode_t mode) const {
        CHECK(::mkdir(path(name).c_str(), 0700) == 0);
        CHECK(::chmod(path(name).c_str(), mode) == 0);
        give(name, owner);
    }
    void give(std::string_view name, uid_t owner) const {
        CHECK(!may_give_away() || ::lchown(path(name).c_str(), owner, owner) == 0);
    }
    void make_file(std::string_view name, uid_t owner, std::string_view bytes) const {
        const int file = ::open(path(name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        CHECK(file >= 0);
        CHECK(::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
        ::close(file);
        give(name, owner);
    }
    void make_link(std::string_view name, uid_t owner, const std::string& to) const {
        CHECK(::symlink(to.c_str(), path(name).c_str()) == 0);
        give(name, owner);
    }
    // 0, or what it fails with, through all three calls that lead to a file.
    int opens(std::string_view name, FollowSymlinks follow = FollowSymlinks::owned) {
        const LinkRule rule{follow};
        const auto opened = files->open_guarded(path(name), rule);
        if (opened) files->close(*opened);
        const auto status = files->status_guarded(path(name), rule);
        EXPECT_EQ(opened.has_value(), status.has_value()) << name;
        if (!opened) why = opened.error().where;
        return opened ? 0 : opened.error().code;
    }

    std::unique_ptr<FileSystem> files = make_real_file_system();
    std::string why;  // the last one was refused

  private:
    std::string directory_;
};

TEST_F(LinkRuleTest, who_owns_a_link_decides_where_it_may_lead) {
    if (!may_give_away()) return;
    struct Row {
        const char* directory;
        uid_t link;
        const char* to;
        bool followed;
    };
    const Row rows[] = {
        {"app", root, "../vault/secret", true},     // root says so
        {"vault", root, "../app/own.txt", true},    //
        {"app", app, "own.txt", true},              // current -> app-2026.log
        {"app", app, "../vault/secret", false},     // planted
        {"app", other, "own.txt", false},           // by another than the directory's owner
        {"app", other, "../vault/secret", false},   //
        {"sticky", app, "../vault/secret", false},  //
        {"sticky", app, "../app/own.txt", false},   // the directory is root's
        {"sticky", root, "../vault/secret", true},  //
        {"vault", app, "../app/own.txt", false},    // the directory is root's
    };
    int number = 0;
    for (const Row& row : rows) {
        const std::string name = std::string(row.directory) + "/l" + std::to_string(++number);
        make_link(name, row.link, row.to);
        EXPECT_EQ(opens(name), row.followed ? 0 : error_refused) << name << " " << row.to;
        EXPECT_EQ(opens(name, FollowSymlinks::all), 0) << name;
        EXPECT_EQ(opens(name, FollowSymlinks::none), error_refused) << name;
    }
    for (const auto follow : {FollowSymlinks::owned, FollowSymlinks::all, FollowSymlinks::none})
        EXPECT_EQ(opens("vault/secret", follow), 0);
}

TEST_F(LinkRuleTest, every_link_of_a_chain_and_every_directory_on_the_way_is_judged) {
    if (!may_give_away()) return;
    // Of root to one of app to the secret, and the other way round.
    make_link("app/inner", app, path("vault/secret"));
    make_link("vault/outer", root, path("app/inner"));
    EXPECT_EQ(opens("vault/outer"), error_refused);
    make_link("vault/key", root, "secret");
    make_link("app/outer", app, path("vault/key"));
    EXPECT_EQ(opens("app/outer"), error_refused);
    EXPECT_NE(why.find("user 1000"), why.npos) << why;
    // Two users' links never lead to a file of both.
    make_directory("theirs", other, 0755);
    make_link("theirs/l", other, path("app/own.txt"));
    make_link("app/two", app, path("theirs/l"));
    EXPECT_EQ(opens("app/two"), error_refused);
    // A chain of the same user.
    make_link("app/three", app, "four");
    make_link("app/four", app, path("app/own.txt"));
    EXPECT_EQ(opens("app/three"), 0);
    // A directory on the way.
    make_link("app/dir", app, path("vault"));
    EXPECT_EQ(opens("app/dir/secret"), error_refused);
    EXPECT_EQ(opens("app/dir"), error_refused);
    make_directory("app/real", app, 0755);
    make_file("app/real/own", app, "own\n");
    make_link("app/data", app, "real");
    EXPECT_EQ(opens("app/data/own"), 0);
    // "..", "." and a slash at the end are the kernel's.
    make_link("app/dots", app, "./real/../real//own");
    EXPECT_EQ(opens("app/dots"), 0);
    EXPECT_EQ(opens("app/data/../own.txt"), 0);
}

TEST_F(LinkRuleTest, circles_and_links_to_nothing_fail_as_ever) {
    if (!may_give_away()) return;
    make_link("a", root, "b");
    make_link("b", root, "a");
    make_link("c", root, "nothing");
    make_link("d", root, "vault/secret/below");
    for (const auto follow : {FollowSymlinks::owned, FollowSymlinks::all}) {
        EXPECT_EQ(opens("a", follow), ELOOP);
        EXPECT_EQ(opens("c", follow), ENOENT);
        EXPECT_EQ(opens("d", follow), ENOTDIR);
    }
    EXPECT_EQ(opens("nothing"), ENOENT);
}

TEST_F(LinkRuleTest, nothing_leads_to_where_the_kernel_shows_itself) {
    if (!may_give_away()) return;
    const int held = ::open(path("vault/secret").c_str(), O_RDONLY | O_CLOEXEC);
    make_link("descriptor", root, "/proc/self/fd/" + std::to_string(held));
    make_link("root", root, "/proc/self/root" + path("vault/secret"));
    make_link("status", root, "/proc/self/status");
    make_link("kernel", root, "/sys/kernel/uevent_seqnum");
    for (const char* name : {"descriptor", "root", "status", "kernel"})
        for (const auto follow : {FollowSymlinks::owned, FollowSymlinks::all})
            EXPECT_NE(opens(name, follow), 0) << name;
    // However it is written.
    for (const char* name : {"/proc/self/status", "//proc/./version", "/tmp/../proc/version"})
        EXPECT_EQ(files->open_guarded(name, {FollowSymlinks::all}).error().code, error_refused);
    EXPECT_EQ(files->list_guarded("/proc", {}, [](std::string_view, FileKind) {}).error().code,
              error_refused);
    ::close(held);
}

TEST_F(LinkRuleTest, a_device_or_a_fifo_at_the_end_of_a_link_is_not_opened) {
    if (!may_give_away()) return;
    CHECK(::mkfifo(path("fifo").c_str(), 0600) == 0);
    make_link("to_fifo", root, "fifo");
    make_link("to_device", root, "/dev/null");
    for (const char* name : {"to_fifo", "to_device"}) {
        EXPECT_EQ(files->open_guarded(path(name), {}).error().code, ENXIO);
        EXPECT_EQ(files->status_guarded(path(name), {})->kind, FileKind::other);
    }
}

TEST_F(LinkRuleTest, a_hard_link_counts_where_only_its_owner_could_have_made_it) {
    if (!may_give_away()) return;
    const auto link = [&](const char* from, const char* to) {
        CHECK(::link(path(from).c_str(), path(to).c_str()) == 0);
    };
    link("vault/secret", "app/planted");
    link("vault/secret", "sticky/planted");
    for (const char* name : {"app/planted", "sticky/planted"}) {
        EXPECT_EQ(opens(name), error_refused) << name;
        EXPECT_EQ(opens(name, FollowSymlinks::none), error_refused) << name;
        EXPECT_EQ(opens(name, FollowSymlinks::all), 0) << name;
    }
    EXPECT_EQ(opens("vault/secret"), 0);  // named by root all the time
    link("app/own.txt", "app/second");
    EXPECT_EQ(opens("app/second"), 0);
    // A link of root's that somebody has put elsewhere.
    make_link("vault/key", root, path("vault/secret"));
    EXPECT_EQ(opens("vault/key"), 0);
    link("vault/key", "app/key");
    EXPECT_EQ(opens("app/key"), error_refused);
}

TEST_F(LinkRuleTest, the_far_end_says_whose_files_may_be_read_there) {
    if (!may_give_away()) return;
    const auto end_of = [&](std::string_view name) { return files->far_end(path(name), {}); };
    EXPECT_EQ(end_of("vault/secret")->path, "");
    make_link("app/gone", app, path("vault/gone"));
    EXPECT_EQ(end_of("app/gone")->path, path("vault/gone"));
    EXPECT_EQ(end_of("app/gone")->owner, app);
    EXPECT_EQ(files->open_guarded(path("vault/secret"), {FollowSymlinks::owned, app}).error().code,
              error_refused);
    EXPECT_TRUE(files->open_guarded(path("app/own.txt"), {FollowSymlinks::owned, app}));
    make_link("vault/current", root, "../app/chain");
    make_link("app/chain", root, "gone.txt");
    EXPECT_EQ(end_of("vault/current")->path, path("vault/../app/gone.txt"));
    EXPECT_EQ(end_of("vault/current")->owner, std::nullopt);
}

// The name is a file of app's at one moment and leads to the secret at the next.
TEST_F(LinkRuleTest, who_exchanges_names_all_the_time_gains_nothing) {
    if (!may_give_away()) return;
    constexpr int openings = 20'000;
    make_file("app/x.log", app, "own\n");
    make_link("app/y", app, path("vault/secret"));
    make_directory("app/logs", app, 0755);
    make_file("app/logs/secret", app, "own\n");
    make_link("app/elsewhere", app, path("vault"));
    make_link("app/to", app, "own.txt");
    make_link("app/too", app, path("vault/secret"));
    std::atomic<bool> stop{false};
    std::thread swapper([&] {
        const auto exchange = [&](const char* one, const char* two) {
            ::syscall(SYS_renameat2, AT_FDCWD, path(one).c_str(), AT_FDCWD, path(two).c_str(),
                      2U /* RENAME_EXCHANGE */);
        };
        while (!stop.load(std::memory_order_relaxed)) {
            exchange("app/x.log", "app/y");
            exchange("app/logs", "app/elsewhere");
            exchange("app/to", "app/too");
        }
    });
    int read = 0;
    int leaked = 0;
    for (int opening = 0; opening < openings; ++opening)
        for (const char* name : {"app/x.log", "app/logs/secret", "app/to"}) {
            const auto opened = files->open_guarded(path(name), {});
            if (!opened) continue;
            char bytes[64];
            const auto got = files->read_at(*opened, bytes, 0);
            leaked += got && std::string_view(bytes, *got) == secret ? 1 : 0;
            ++read;
            files->close(*opened);
        }
    stop = true;
    swapper.join();
    EXPECT_GT(read, 0);
    EXPECT_EQ(leaked, 0);
}

class RefusingTest : public TailTest {
  protected:
    void SetUp() override {
        TailTest::SetUp();
        make_directory("app");
        make_directory("vault");
        give("app", app);
        write("vault/secret.log", secret);
        config.targets.push_back(target("app", "*.log"));
        config.targets.back().recursive = true;
    }
    void give(std::string_view name, uid_t owner) const {
        CHECK(!may_give_away() || ::lchown(path(name).c_str(), owner, owner) == 0);
    }
    void link(std::string_view name, std::string_view to, uid_t owner = app) const {
        std::filesystem::create_symlink(path(to), path(name));
        give(name, owner);
    }
    void write_as_app(std::string_view name, std::string_view bytes) const {
        write(name, bytes);
        give(name, app);
    }
    std::string why_not(std::string_view name) {
        for (const WatcherStatus& row : tail().watchers().rows)
            if (row.path == path(name)) return row.error;
        return "no row";
    }
    void expect_no_secret() {
        for (const Published& entry : sink.published) EXPECT_FALSE(entry.has("canary"));
    }
};

TEST_P(RefusingTest, a_planted_link_is_told_counted_and_not_read) {
    if (!may_give_away()) return;
    link("app/x.log", "vault/secret.log");
    link("app/dir", "vault");
    write_as_app("app/own.txt", "n 1\n");
    link("app/current.log", "app/own.txt");
    start();
    ASSERT_TRUE(until_count(1));
    EXPECT_EQ(messages(), std::vector<std::string>{"n 1"});
    EXPECT_TRUE(why_not("app/x.log").starts_with("not followed: a symbolic link of user 1000"));
    EXPECT_TRUE(why_not("app/dir").starts_with("not followed: "));
    EXPECT_EQ(counters().refused_links.get(), 2u);
    EXPECT_EQ(counters().files.get(), 1u);
}

TEST_P(RefusingTest, what_was_read_under_the_name_before_is_read_to_its_end) {
    if (!may_give_away()) return;
    write_as_app("app/x.log", "n 1\n");
    start();
    ASSERT_TRUE(until_count(1));
    write("app/x.log", "n 2\n");
    rename("app/x.log", "app/old");
    link("app/x.log", "vault/secret.log");
    ASSERT_TRUE(until([&] { return counters().refused_links.get() == 1; }));
    write("app/old", "n 3\n");
    ASSERT_TRUE(until([&] { return number_count() == 3; }));
    // And the next file under the name.
    write_as_app("app/next", "n 4\n");
    rename("app/next", "app/x.log");
    ASSERT_TRUE(until([&] { return number_count() == 4; }));
    EXPECT_EQ(why_not("app/x.log"), "");
    expect_no_secret();
}

TEST_P(RefusingTest, a_directory_turned_into_a_link_is_left) {
    if (!may_give_away()) return;
    make_directory("app/logs");
    give("app/logs", app);
    write_as_app("app/logs/secret.log", "n 1\n");
    start();
    ASSERT_TRUE(until_count(1));
    rename("app/logs", "app/before");
    link("app/logs", "vault");
    ASSERT_TRUE(until([&] { return why_not("app/logs").starts_with("not followed: "); }));
    write("vault/secret.log", secret);
    write("app/before/secret.log", "n 2\n");
    ASSERT_TRUE(until([&] { return number_count() == 2; }));
    expect_no_secret();
}

// Where a link leads, files beside its end are looked at as generations: only its owner's.
TEST_P(RefusingTest, generations_at_the_far_end_are_of_the_links_owner) {
    if (!may_give_away()) return;
    write_as_app("app/old.txt", "n 1\n");
    link("app/x.log", "app/old.txt");
    start();
    ASSERT_TRUE(until_count(1));
    // Later ones are told by when they were born, and the clock of the file system is coarse.
    const auto born_ns = [&](std::string_view name) { return files.status(path(name))->born_ns; };
    do {
        std::filesystem::remove(path("vault/clock"));
        write("vault/clock", "");
    } while (born_ns("vault/clock") == born_ns("app/old.txt"));
    write("vault/far.txt.2", secret);
    write_as_app("vault/far.txt.1", "n 2\n");
    write_as_app("vault/far.txt", "n 3\n");
    link("app/next", "vault/far.txt");
    rename("app/next", "app/x.log");
    ASSERT_TRUE(until([&] { return number_count() == 3; }));
    expect_no_secret();
}

TEST_P(RefusingTest, what_becomes_trustworthy_is_read_without_an_event) {
    if (!may_give_away()) return;
    link("app/x.log", "vault/own.txt");
    write("vault/own.txt", "n 1\n");
    start();
    EXPECT_TRUE(why_not("app/x.log").starts_with("not followed: "));
    give("vault/own.txt", app);
    ASSERT_TRUE(until_count(1));
    EXPECT_EQ(why_not("app/x.log"), "");
}

// Another rule, after a reload: what was open is judged again.
TEST_P(RefusingTest, files_that_were_opened_by_another_rule_are_given_up) {
    if (!may_give_away()) return;
    config.follow_symlinks = FollowSymlinks::all;
    link("app/x.log", "vault/secret.log");
    start();
    ASSERT_TRUE(until_count(1));
    EXPECT_TRUE(sink.published[0].has("canary"));
    stop();
    sink.published.clear();
    config.follow_symlinks = FollowSymlinks::owned;
    write("vault/secret.log", secret);
    start(std::move(stopped_at));
    EXPECT_TRUE(why_not("app/x.log").starts_with("not followed: "));
    write_as_app("app/own.log", "n 1\n");
    ASSERT_TRUE(until([&] { return number_count() == 1; }));
    expect_no_secret();
}

LOGWISP_ON_ALL_BACKENDS(RefusingTest);

}  // namespace
}  // namespace logwisp::test
