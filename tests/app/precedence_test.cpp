// Flags win over variables, variables over the file, the file over defaults; `check` knows for
// every value who said it. Method: every option of the table, and every subset of the sources that
// may set it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "configuration.hpp"

namespace logwisp::test {
namespace {

// Three values an option allows, all different from each other where it has three.
std::vector<std::string> allowed(const Option& option) {
    switch (option.kind) {
        case Kind::boolean:
            return {"true", "false", "true"};
        case Kind::integer:
            return {std::to_string(option.least), std::to_string(option.least + 1),
                    std::to_string(option.most)};
        case Kind::choice:
            return {std::string(option.choices[0]), std::string(option.choices[1]),
                    std::string(option.choices.back())};
        case Kind::text:
            for (const std::vector<std::string>& texts :
                 {std::vector<std::string>{"127.0.0.2", "::1", "*"},
                  std::vector<std::string>{"/a", "/b", "/c"}})
                if (option.accepts(texts[0]) && option.accepts(texts[1])) return texts;
            return {"a", "b", "c"};
        case Kind::texts:
            if (!option.accepts("*")) return {"/a", "/b", "/c,/d"};
            return {"*", "https://a.example", "http://b.example:8080,http://c.example"};
        case Kind::targets:
            break;
    }
    return {};
}

std::string as_toml(const Option& option, const std::string& text) {
    return written(*parse_value(option.kind, text));
}

constexpr std::string_view named_stream = R"([[streams]]
name = "app-1"
monitor.targets = [{ path = "a" }]
)";

enum Sources : unsigned { in_file = 1, in_environment = 2, in_flags = 4, all_sources = 8 };

// `place` is where the key stands in the file and `variable` what sets it.
template <class Read>
void expect_precedence(const Option& option, const std::string& file_head,
                       const std::string& file_key, const std::string& variable,
                       const std::string& origin_key, Read read) {
    std::vector<std::string> values = allowed(option);
    for (unsigned sources = 0; sources < all_sources; ++sources) {
        if ((sources & in_flags) != 0 && option.flag.empty()) continue;
        std::string text = file_head;
        Environment environment;
        std::vector<std::string> arguments;
        std::string expected;
        Place::Source from = Place::Source::builtin;
        if ((sources & in_file) != 0) {
            text += file_key + " = " + as_toml(option, values[0]) + "\n";
            expected = values[0];
            from = Place::Source::file;
        }
        if ((sources & in_environment) != 0) {
            environment.emplace_back(variable, values[1]);
            expected = values[1];
            from = Place::Source::environment;
        }
        if ((sources & in_flags) != 0) {
            arguments.push_back(std::string(option.flag) + "=" + values[2]);
            expected = values[2];
            from = Place::Source::flag;
        }
        Loaded loaded = load(text, environment, arguments);
        EXPECT_TRUE(loaded.warnings.empty()) << texts(loaded.warnings)[0];
        if (from == Place::Source::builtin) {
            EXPECT_EQ(loaded.origins.of(origin_key).source, from) << origin_key;
            continue;
        }
        EXPECT_EQ(loaded.origins.of(origin_key).source, from) << origin_key << " " << sources;
        EXPECT_EQ(read(loaded.config), parse_value(option.kind, expected))
            << origin_key << " " << sources;
    }
}

TEST(Precedence, OfEveryServiceOption) {
    for (const auto& option : service_options())
        expect_precedence(option, "", option.key, option.variable(), option.key,
                          [&](const Config& config) { return option.get(config); });
}

TEST(Precedence, OfEveryOptionOfTheImplicitStream) {
    for (const auto& option : stream_options()) {
        if (option.named_only || option.kind == Kind::targets) continue;
        expect_precedence(option, "", option.key, option.variable(), "streams.0." + option.key,
                          [&](const Config& config) { return option.get(config.streams.at(0)); });
    }
}

TEST(Precedence, OfEveryOptionOfANamedStream) {
    for (const auto& option : stream_options()) {
        if (option.named_only || option.kind == Kind::targets) continue;
        std::string variable = "LOGWISP_STREAMS_APP_1_" + option.variable().substr(8);
        expect_precedence(option, std::string(named_stream), option.key, variable,
                          "streams.0." + option.key,
                          [&](const Config& config) { return option.get(config.streams.at(0)); });
    }
}

TEST(Precedence, TheStreamsOwnMonitorWinsOverTheSharedOne) {
    std::string shared = "[monitor]\ncheck_interval_ms = 200\n";
    std::string own = std::string(named_stream) + "monitor.check_interval_ms = 300\n";
    auto interval = [](const Loaded& loaded) {
        return loaded.config.streams.at(0).monitor.check_interval_ms;
    };
    EXPECT_EQ(interval(load(shared + std::string(named_stream))), 200U);
    EXPECT_EQ(interval(load(shared + own)), 300U);
    EXPECT_EQ(interval(load(own, {{"LOGWISP_MONITOR_CHECK_INTERVAL_MS", "400"}})), 300U);
    EXPECT_EQ(
        interval(load(std::string(named_stream), {{"LOGWISP_MONITOR_CHECK_INTERVAL_MS", "400"}})),
        400U);
    EXPECT_EQ(interval(load(shared + own, {}, {"--check-interval", "500"})), 500U);
}

TEST(Precedence, OfTargets) {
    std::string text = "[[monitor.targets]]\npath = \"file\"\n";
    Environment environment{{"LOGWISP_MONITOR_TARGETS", "variable,other:*.txt:false"}};
    auto paths = [](const Loaded& loaded) {
        std::vector<std::string> out;
        for (const Target& target : loaded.config.streams.at(0).monitor.targets)
            out.push_back(target.path);
        return out;
    };
    using Paths = std::vector<std::string>;
    EXPECT_EQ(paths(load("")), Paths{"./"});
    EXPECT_EQ(paths(load(text)), Paths{"file"});
    EXPECT_EQ(paths(load(text, environment)), (Paths{"variable", "other"}));
    EXPECT_EQ(paths(load(text, environment, {"flag"})), Paths{"flag"});
    Environment named{{"LOGWISP_STREAMS_APP_1_MONITOR_TARGETS", "variable"}};
    EXPECT_EQ(paths(load(named_stream)), Paths{"a"});
    EXPECT_EQ(paths(load(named_stream, named)), Paths{"variable"});
}

TEST(Precedence, TargetsReplaceTheStreamsOfTheFileAndKeepTheRest) {
    std::string text = "[server]\ncores = 3\n[monitor]\ncheck_interval_ms = 200\n" +
                       std::string(named_stream) + "tcpserver = { enabled = true, port = 7000 }\n";
    Loaded loaded = load(text, {}, {"/var/log:*.txt", "/b"});
    EXPECT_TRUE(loaded.problems.empty());
    ASSERT_EQ(loaded.config.streams.size(), 1U);
    const StreamConfig& stream = loaded.config.streams[0];
    EXPECT_EQ(stream.name, "default");
    EXPECT_EQ(stream.monitor.targets.size(), 2U);
    EXPECT_EQ(stream.monitor.targets[0].pattern, "*.txt");
    EXPECT_EQ(stream.monitor.check_interval_ms, 200U);
    EXPECT_TRUE(stream.http.enabled);
    EXPECT_FALSE(stream.tcp.enabled);
    EXPECT_EQ(loaded.config.cores, 3U);
}

TEST(Precedence, TheRouterFollowsTheFirstHttpStreamUnlessTold) {
    std::string text = std::string(named_stream) +
                       "httpserver = { enabled = true, port = 7000, host = \"::1\" }\n";
    Loaded follows = load(text, {}, {"--router"});
    EXPECT_TRUE(follows.problems.empty());
    EXPECT_EQ(follows.config.router.port, 7000);
    EXPECT_EQ(follows.config.router.host, "::1");
    EXPECT_EQ(follows.origins.of("router.port").text(), "default: as in stream \"app-1\"");
    Loaded told = load("router.port = 7001\n" + text, {}, {"--router"});
    EXPECT_EQ(told.config.router.port, 7001);
    EXPECT_EQ(told.config.router.host, "::1");
    EXPECT_EQ(load(text, {}, {"--router", "--http-port=7002"}).config.router.port, 7002);
}

TEST(Precedence, OfTheStateDirectory) {
    const Environment usual{{"STATE_DIRECTORY", "/var/lib/lw:/var/lib/b"}, {"HOME", "/home/u"}};
    Environment named = usual;
    named.emplace_back("LOGWISP_STATE_DIRECTORY", "/variable");
    const std::string text = "[state]\ndirectory = \"/file\"\n";
    const auto shown = [](const Loaded& loaded) {
        return loaded.config.state.directory + " " + loaded.origins.of("state.directory").text();
    };
    EXPECT_EQ(shown(load("")), " default");
    EXPECT_EQ(shown(load("", usual)), "/var/lib/lw default: $STATE_DIRECTORY");
    EXPECT_EQ(shown(load("", {{"HOME", "/home/u"}})),
              "/home/u/.local/state/logwisp default: $HOME");
    EXPECT_EQ(shown(load(text, usual)), "/file logwisp.toml:2:13");
    EXPECT_EQ(shown(load(text, named)), "/variable LOGWISP_STATE_DIRECTORY");
    EXPECT_EQ(shown(load(text, named, {"--state-directory", "flag"})), "flag --state-directory");
    // A stream of a file keeps its state, one of the command line does not.
    EXPECT_TRUE(load(text, named).config.state.enabled);
    EXPECT_EQ(load(text).origins.of("state.enabled").text(), "default: for the streams of a file");
    EXPECT_FALSE(load(text, named, {"/var/log/syslog"}).config.state.enabled);
    EXPECT_TRUE(load(text, named, {"--state", "/var/log/syslog"}).config.state.enabled);
    EXPECT_FALSE(load_config_text("", "", command_line({}), {}).config.state.enabled);
    EXPECT_FALSE(load("", {{"LOGWISP_STATE_ENABLED", "false"}}).config.state.enabled);
    EXPECT_FALSE(load("[state]\nenabled = true\n", {}, {"--state=off"}).config.state.enabled);
}

TEST(Environment, NamesNobodyKnowsAreWarningsAndOthersNamesAreNone) {
    auto warnings = [](const Environment& environment) {
        return texts(load(named_stream, environment).warnings);
    };
    using Lines = std::vector<std::string>;
    EXPECT_EQ(warnings({{"LOGWISP_ROUTER_PROT", "1"}}),
              Lines{"LOGWISP_ROUTER_PROT: unknown variable, ignored; did you mean "
                    "\"LOGWISP_ROUTER_PORT\"?"});
    EXPECT_EQ(
        warnings({{"LOGWISP_STREAMS_APP_1_HTTPSERVER_PROT", "1"}}),
        Lines{"LOGWISP_STREAMS_APP_1_HTTPSERVER_PROT: unknown variable, ignored; did you mean "
              "\"LOGWISP_STREAMS_APP_1_HTTPSERVER_PORT\"?"});
    EXPECT_EQ(warnings({{"LOGWISP_SERVICE_HOST", "10.0.0.1"},
                        {"LOGWISP_PORT_8080_TCP", "tcp://10.0.0.1"}}),
              Lines{});
    EXPECT_EQ(warnings({{"LOGWISP_ROUTER_PORT", ""}, {"LOGWISP_CONFIG_DIR", "/x"}}), Lines{});
    EXPECT_EQ(warnings({{"LOGWISP_HTTPSERVER_PORT", "1"}}),
              Lines{"LOGWISP_HTTPSERVER_PORT: has no effect: it is for the stream of a file "
                    "without [[streams]]; use "
                    "LOGWISP_STREAMS_APP_1_... instead"});
}

TEST(Environment, WrongValuesAreFaultsThatNameTheVariable) {
    Loaded loaded = load("", {{"LOGWISP_HTTPSERVER_PORT", "80a"},
                              {"LOGWISP_LOG_LEVEL", "warning"},
                              {"LOGWISP_MONITOR_TARGETS", "a,b:c:d:e,:x"},
                              {"LOGWISP_ROUTER_ENABLED", "maybe"}});
    EXPECT_EQ(texts(loaded.problems),
              (std::vector<std::string>{
                  "LOGWISP_HTTPSERVER_PORT: must be a whole number from 1 to 65535, not \"80a\"",
                  "LOGWISP_LOG_LEVEL: must be \"debug\", \"info\", \"warn\" or \"error\", not "
                  "\"warning\"; did you mean "
                  "\"warn\"?",
                  "LOGWISP_MONITOR_TARGETS: too many colons in target \"b:c:d:e\": it is "
                  "path[:pattern[:isfile]]; write "
                  "\"\\:\" for a colon in a name",
                  "LOGWISP_MONITOR_TARGETS: target \":x\" has no usable path",
                  "LOGWISP_ROUTER_ENABLED: must be true or false, not \"maybe\""}));
}

}  // namespace
}  // namespace logwisp::test
