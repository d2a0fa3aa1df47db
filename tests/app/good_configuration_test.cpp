// Good configurations mean what they say, and what `check` prints reads back as the same
// configuration. Method: the files users of the earlier LogWisp have, and random configurations
// made from the option table.
#include <gtest/gtest.h>

#include <random>

#include "configuration.hpp"

namespace logwisp::test {
namespace {

// Where tests/e2e runs them and the fuzzer begins with them.
std::string corpus(const std::string& name) {
    return read_text(LOGWISP_SOURCE_DIR "/tests/fuzz/corpus/config/" + name);
}
const std::string several_streams = corpus("several_streams.toml");
const std::string one_stream = corpus("one_stream.toml");

void expect_good(const Loaded& loaded) {
    EXPECT_EQ(texts(loaded.problems), std::vector<std::string>{});
    EXPECT_EQ(texts(loaded.warnings), std::vector<std::string>{});
}

// `check` prints the same configuration.
void expect_round_trip(const Loaded& loaded) {
    std::string printed = effective_toml(loaded);
    Loaded again = load(printed);
    EXPECT_EQ(texts(again.problems), std::vector<std::string>{}) << printed;
    again.config.file = loaded.config.file;
    EXPECT_EQ(again.config, loaded.config) << printed;
}

TEST(GoodConfiguration, OfSeveralStreams) {
    Loaded loaded = load(several_streams);
    expect_good(loaded);
    ASSERT_EQ(loaded.config.streams.size(), 2U);
    const StreamConfig& app = loaded.config.streams[0];
    EXPECT_EQ(app.name, "app");
    ASSERT_EQ(app.monitor.targets.size(), 2U);
    EXPECT_EQ(app.monitor.targets[0].is_file, std::optional(false));
    EXPECT_EQ(app.monitor.targets[1].path, "/var/log/myapp/app.log");
    EXPECT_EQ(app.monitor.targets[1].is_file, std::optional(true));
    EXPECT_EQ(app.monitor.check_interval_ms, 100U);
    EXPECT_EQ(app.http.buffer_entries, 2000U);
    EXPECT_EQ(app.http.heartbeat.format, HeartbeatFormat::json);
    EXPECT_TRUE(app.http.heartbeat.include_stats);
    EXPECT_FALSE(app.tcp.enabled);
    const StreamConfig& system = loaded.config.streams[1];
    EXPECT_EQ(system.monitor.check_interval_ms, 50U);
    EXPECT_EQ(system.tcp.buffer_entries, 5000U);
    EXPECT_TRUE(system.tcp.enabled && system.http.enabled);
    EXPECT_EQ(system.http.port, 8443);
    EXPECT_EQ(system.http.status_path, "/health");
    EXPECT_EQ(loaded.config.router.port, 8080);
    expect_round_trip(loaded);
    expect_good(load(several_streams, {}, {"--router"}));
}

TEST(GoodConfiguration, OfOneStreamWithoutAName) {
    Loaded loaded = load(one_stream);
    expect_good(loaded);
    ASSERT_EQ(loaded.config.streams.size(), 1U);
    const StreamConfig& stream = loaded.config.streams[0];
    EXPECT_EQ(stream.name, "default");
    EXPECT_EQ(stream.http.heartbeat.format, HeartbeatFormat::json);
    ASSERT_EQ(stream.monitor.targets.size(), 1U);
    EXPECT_EQ(stream.monitor.targets[0].is_file, std::optional(false));
    expect_round_trip(loaded);
    expect_good(load(one_stream,
                     {{"LOGWISP_TCPSERVER_PORT", "9090"}, {"LOGWISP_HTTPSERVER_PORT", "8080"}},
                     {"--enable-tcp", "--enable-http"}));
}

TEST(GoodConfiguration, OfNothing) {
    Loaded loaded = load("");
    expect_good(loaded);
    Config expected;
    StreamConfig stream;
    stream.name = "default";
    Target target;
    target.path = "./";
    stream.monitor.targets = {target};
    stream.http.enabled = true;
    stream.http.port = 8080;
    stream.tcp.port = 9090;
    expected.streams = {stream};
    expected.router.port = 8080;
    expected.state.enabled = true;
    expected.file = "logwisp.toml";
    EXPECT_EQ(loaded.config, expected);
    expect_round_trip(loaded);
}

TEST(GoodConfiguration, TheSamePortTwiceIsFineWithTheRouterOrOnOtherAddresses) {
    std::string streams = R"(
[[streams]]
name = "a"
monitor.targets = [{ path = "a" }]
httpserver = { enabled = true }
[[streams]]
name = "b"
monitor.targets = [{ path = "b" }]
httpserver = { enabled = true }
tcpserver = { enabled = true, host = "127.0.0.2", port = 8080 }
)";
    EXPECT_FALSE(load(streams).problems.empty());
    expect_good(load(streams, {}, {"--router"}));
    expect_good(load("router.enabled = true\nrouter.port = 80" + streams));
}

TEST(GoodConfiguration, TheNamesOfTheRouterAreFineWithoutIt) {
    std::string text = R"(
[[streams]]
name = "status"
monitor.targets = [{ path = "a" }]
httpserver = { enabled = true }
)";
    expect_good(load(text));
}

// One random value an option allows.
Value random_value(const Option& option, std::mt19937& random) {
    auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
    switch (option.kind) {
        case Kind::boolean:
            return below(2) == 1;
        case Kind::integer:
            return option.least +
                   static_cast<std::int64_t>(random()) % (option.most - option.least + 1);
        case Kind::choice:
            return std::string(option.choices[below(option.choices.size())]);
        case Kind::text: {
            // Whatever of this the option accepts.
            const Texts all{"127.0.0.1", "::1",         "*",         "localhost", "10.1.2.3",
                            "/a",        "/b/c",        "/d~e",      "*.log",     "[a-z]*.?",
                            "a b",       "tab\there",   "quote\"d",  "back\\\\",  "\xC3\xA4.x",
                            "new\nline", "\x7F\x01end", "/abs/\\[x]"};
            for (;;)
                if (const std::string& text = all[below(all.size())]; option.accepts(text))
                    return text;
        }
        case Kind::texts: {
            const Texts all{
                "*", "https://a.example", "http://[::1]:80", "*.gz", "old/*", "[!a]\"x", "/srv"};
            Texts out;
            for (const std::string& text : all)
                if (below(2) == 1 && option.accepts(text)) out.push_back(text);
            return out;
        }
        case Kind::targets:
            break;
    }
    return {};
}

Loaded random_configuration(std::mt19937& random) {
    Loaded out;
    for (const auto& option : service_options())
        if (random() % 2 == 0) option.set(out.config, random_value(option, random));
    std::size_t streams = 1 + random() % 4;
    for (std::size_t i = 0; i < streams; ++i) {
        StreamConfig stream = stream_defaults();
        for (const auto& option : stream_options())
            if (option.set != nullptr && random() % 2 == 0)
                option.set(stream, random_value(option, random));
        stream.name = "stream-" + std::to_string(i);
        std::size_t targets = 1 + random() % 3;
        for (std::size_t t = 0; t < targets; ++t) {
            Target target = default_target();
            for (const auto& option : target_options())
                if (random() % 2 == 0) option.set(target, random_value(option, random));
            if (target.recursive) target.is_file.reset();
            stream.monitor.targets.push_back(target);
        }
        out.config.streams.push_back(stream);
    }
    return out;
}

TEST(GoodConfiguration, WhatCheckPrintsReadsBackAsTheSame) {
    std::mt19937 random(20261122);
    int good = 0;
    for (int i = 0; i < 2200; ++i) {
        Loaded loaded = random_configuration(random);
        std::string printed = effective_toml(loaded);
        Loaded first = load(printed);
        // Many of them contradict themselves (no server, one port twice): those are no
        // configurations.
        if (!first.problems.empty()) continue;
        ++good;
        first.config.file.clear();
        // The router's place, where it was not said, is the first HTTP stream's from now on.
        loaded.config.router = first.config.router;
        EXPECT_EQ(first.config, loaded.config) << printed;
        expect_round_trip(first);
    }
    EXPECT_GT(good, 200);
}

}  // namespace
}  // namespace logwisp::test
