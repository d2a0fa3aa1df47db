// The small pure parts: how near two names are, how lists are split, which addresses overlap, what
// a target takes, where the state usually is. Method: tables.
#include <gtest/gtest.h>
#include <unistd.h>

#include "app/feedback.hpp"
#include "app/listeners.hpp"
#include "app/nearest.hpp"
#include "app/rules.hpp"
#include "app/state_directory.hpp"
#include "app/target_text.hpp"
#include "configuration.hpp"

namespace logwisp::test {
namespace {

TEST(Nearest, CountsTypingErrors) {
    EXPECT_EQ(typing_errors("port", "port"), 0U);
    EXPECT_EQ(typing_errors("PORT", "port"), 0U);
    EXPECT_EQ(typing_errors("buffer-size", "buffer_size"), 0U);
    EXPECT_EQ(typing_errors("prot", "port"), 1U);
    EXPECT_EQ(typing_errors("por", "port"), 1U);
    EXPECT_EQ(typing_errors("porrt", "port"), 1U);
    EXPECT_EQ(typing_errors("pxxt", "port"), 2U);
    EXPECT_EQ(typing_errors("", "port"), 4U);
}

TEST(Nearest, SuggestsOnlyWhatIsNear) {
    const std::vector<std::string> names{"host", "port", "httpserver", "heartbeat"};
    EXPECT_EQ(nearest("prot", names), "port");
    EXPECT_EQ(nearest("http", names), "httpserver");
    EXPECT_EQ(nearest("hostname", names), "host");
    const std::vector<std::string> alike{"sync", "sync_interval_ms"};
    EXPECT_EQ(nearest("sync_interval", alike), "sync_interval_ms");
    EXPECT_EQ(nearest("sync_mode", alike), "sync");
    EXPECT_EQ(nearest("hearbeat", names), "heartbeat");
    EXPECT_EQ(nearest("xyz", names), "");
    EXPECT_EQ(nearest("", names), "");
    EXPECT_EQ(nearest(std::string(100'000, 'x'), names), "");
}

TEST(Quotes, AreOneBoundedLine) {
    EXPECT_EQ(in_quotes("a\n\x1b[31m\"\\"), R"("a\u000A\u001B[31m\"\\")");
    EXPECT_EQ(in_quotes(std::string(200, 'x')), "\"" + std::string(80, 'x') + "...\"");
    EXPECT_EQ(in_quotes(std::string(79, 'x') + "\xC3\xA4"), "\"" + std::string(79, 'x') + "...\"");
}

TEST(SplitEscaped, TakesAwayOnlyItsOwnBackslashes) {
    EXPECT_EQ(split_escaped("a:b", ':'), (Texts{"a", "b"}));
    EXPECT_EQ(split_escaped("a\\:b", ':'), Texts{"a:b"});
    EXPECT_EQ(split_escaped("a\\*b:c\\", ':'), (Texts{"a\\*b", "c\\"}));
    EXPECT_EQ(split_escaped("", ':'), Texts{""});
    EXPECT_EQ(split_escaped("::", ':'), (Texts{"", "", ""}));
}

TEST(StateDirectory, IsTheManagersElseTheUsersElseTheSystems) {
    const Environment home{{"HOME", "/home/u"}, {"EUID", "1000"}};
    const auto with = [](Environment environment,
                         const std::vector<std::pair<std::string, std::string>>& more) {
        environment.insert(environment.end(), more.begin(), more.end());
        return usual_state_directory(environment).path;
    };
    EXPECT_EQ(with({}, {}), "");
    EXPECT_EQ(with(home, {}), "/home/u/.local/state/logwisp");
    EXPECT_EQ(with({{"HOME", "/root"}, {"EUID", "0"}}, {}), "/var/lib/logwisp");
    EXPECT_EQ(with({{"EUID", "0"}}, {}), "/var/lib/logwisp");
    EXPECT_EQ(with(home, {{"XDG_STATE_HOME", "/state"}}), "/state/logwisp");
    EXPECT_EQ(with({{"EUID", "0"}}, {{"XDG_STATE_HOME", "/state"}}), "/state/logwisp");
    EXPECT_EQ(with(home, {{"XDG_STATE_HOME", "state"}}), "/home/u/.local/state/logwisp");
    EXPECT_EQ(with(home, {{"XDG_STATE_HOME", ""}}), "/home/u/.local/state/logwisp");
    const std::pair<std::string, std::string> xdg{"XDG_STATE_HOME", "/state"};
    EXPECT_EQ(with(home, {xdg, {"STATE_DIRECTORY", "/var/lib/lw"}}), "/var/lib/lw");
    EXPECT_EQ(with(home, {xdg, {"STATE_DIRECTORY", "/var/lib/lw:/var/lib/b"}}), "/var/lib/lw");
    EXPECT_EQ(with(home, {xdg, {"STATE_DIRECTORY", ":/var/lib/b"}}), "/state/logwisp");
    EXPECT_EQ(with(home, {xdg, {"STATE_DIRECTORY", ""}}), "/state/logwisp");
}

TEST(Targets, OfAVariableAreSplitAtCommasThatAreNotEscaped) {
    Problems problems;
    TargetList list =
        parse_targets(R"(/a\,b:*.log:true,/c\:d,/e::off)", Place::variable("V"), problems);
    EXPECT_TRUE(problems.empty());
    ASSERT_EQ(list.targets.size(), 3U);
    EXPECT_EQ(list.targets[0].path, "/a,b");
    EXPECT_EQ(list.targets[0].is_file, std::optional(true));
    EXPECT_EQ(list.targets[1].path, "/c:d");
    EXPECT_EQ(list.targets[2].pattern, "*.log");
    EXPECT_EQ(list.targets[2].is_file, std::optional(false));
}

TEST(Hosts, OverlapWhenOneSocketWouldTakeTheOthersClients) {
    struct Pair {
        const char* a;
        const char* b;
        bool overlap;
    };
    for (const Pair& pair :
         {Pair{"127.0.0.1", "127.0.0.1", true}, Pair{"127.0.0.1", "127.0.0.2", false},
          Pair{"127.0.0.1", "0.0.0.0", true}, Pair{"127.0.0.1", "*", true},
          Pair{"127.0.0.1", "", true}, Pair{"127.0.0.1", "::1", false},
          Pair{"::1", "0:0::0:1", true}, Pair{"::1", "::", true}, Pair{"::1", "0.0.0.0", false},
          Pair{"0.0.0.0", "::", true}, Pair{"localhost", "::1", true},
          Pair{"localhost", "127.0.0.1", true}, Pair{"localhost", "10.0.0.1", false},
          Pair{"::ffff:10.0.0.1", "10.0.0.1", true}, Pair{"*", "*", true}}) {
        EXPECT_EQ(hosts_overlap(pair.a, pair.b), pair.overlap) << pair.a << " " << pair.b;
        EXPECT_EQ(hosts_overlap(pair.b, pair.a), pair.overlap) << pair.b << " " << pair.a;
    }
}

TEST(Rules, OfTexts) {
    EXPECT_TRUE(is_stream_name(std::string(64, 'a')));
    EXPECT_FALSE(is_stream_name(std::string(65, 'a')));
    EXPECT_FALSE(is_stream_name("a/b"));
    EXPECT_TRUE(is_host("::ffff:10.0.0.1"));
    EXPECT_FALSE(is_host("1.2.3"));
    EXPECT_FALSE(is_host(std::string_view("::1\0x", 5)));
    EXPECT_TRUE(is_url_path("/"));
    EXPECT_TRUE(is_url_path("/a..b/.c"));
    EXPECT_FALSE(is_url_path("/a/./b"));
    EXPECT_FALSE(is_url_path("/a/.."));
    EXPECT_FALSE(is_url_path("/%41"));
    EXPECT_FALSE(is_url_path("/" + std::string(256, 'a')));
    EXPECT_TRUE(is_origin("https://a.example:8443"));
    EXPECT_FALSE(is_origin("a.example"));
    EXPECT_FALSE(is_origin("://a"));
    EXPECT_TRUE(is_name_pattern("[]a]*"));
    EXPECT_TRUE(is_name_pattern("[!]]"));
    EXPECT_TRUE(is_name_pattern("\\[a"));
    EXPECT_FALSE(is_name_pattern("[]"));
    EXPECT_FALSE(is_name_pattern("[!]"));
    EXPECT_FALSE(is_name_pattern("a["));
}

TEST(Feedback, FindsTheFileInWhateverWayItIsFollowed) {
    std::string root = shell_output(
        "cd \"$(mktemp -d)\" && mkdir -p a/b && touch a/x.log a/b/y.log && ln -s a link && pwd -P");
    root.pop_back();
    auto takes = [&](const std::string& path, const std::string& file, auto... change) {
        Target target;
        target.path = root + path;
        (change(target), ...);
        return target_takes(target, root + file);
    };
    auto recursive = [](Target& target) { target.recursive = true; };
    auto excluding = [](const char* pattern) {
        return [pattern](Target& target) { target.exclude = {pattern}; };
    };
    EXPECT_TRUE(takes("/a", "/a/x.log"));
    EXPECT_TRUE(takes("/a/", "/a/x.log"));
    EXPECT_TRUE(takes("/link", "/a/x.log"));
    EXPECT_TRUE(takes("/*", "/a/x.log"));
    EXPECT_TRUE(takes("/a/x.log", "/a/x.log"));
    EXPECT_TRUE(takes("/a/*.log", "/a/x.log"));
    EXPECT_FALSE(takes("/a", "/a/x.txt"));
    EXPECT_FALSE(takes("/a", "/a/b/y.log"));
    EXPECT_TRUE(takes("/a", "/a/b/y.log", recursive));
    EXPECT_FALSE(takes("/a", "/a/x.log", excluding("x*")));
    EXPECT_FALSE(takes("/a", "/a/b/y.log", recursive, excluding("b/*")));
    EXPECT_FALSE(takes("/missing", "/a/x.log"));
    shell_output("rm -r " + root);
}

}  // namespace
}  // namespace logwisp::test
