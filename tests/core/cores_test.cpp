// Cores and their threads from outside: readers on any core get the same entries, history and status; a reload leaves the readers of what
// did not change alone; a stop tells everybody. On every backend, with one, two and three cores.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "core/running_cores.hpp"
#include "net/listener.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

using test::Client;

class Cores : public testing::TestWithParam<std::tuple<BackendChoice, std::size_t>> {
  protected:
    Cores() : cores(std::get<0>(GetParam()), std::get<1>(GetParam())) {
        config.streams.push_back(test::stream_config("app", directory.path));
    }
    void start() {
        cores.apply(config);
        ASSERT_TRUE(cores.ready());
    }
    // Enough readers that every core has some: the kernel spreads them by a hash.
    std::vector<std::unique_ptr<Client>> readers(std::uint16_t port, const std::string& target) {
        std::vector<std::unique_ptr<Client>> all;
        for (int index = 0; index < 12; ++index) {
            all.push_back(std::make_unique<Client>(port));
            if (!target.empty()) all.back()->get(target);
        }
        for (auto& reader : all)
            EXPECT_TRUE(target.empty() || reader->hears("event: connected")) << reader->heard;
        return all;
    }
    // A raw TCP reader is told nothing when it has joined, so it is given lines until it hears one.
    void wait_until_joined(std::vector<std::unique_ptr<Client>>& all) {
        for (auto& reader : all) {
            bool joined = false;
            for (int attempt = 0; attempt < 20 && !joined; ++attempt) {
                directory.append("a.log", "are you there\n");
                joined = reader->hears("are you there", std::chrono::seconds(1));
            }
            EXPECT_TRUE(joined) << reader->heard;
        }
    }
    [[nodiscard]] const StreamConfig& app() const { return config.streams[0]; }

    test::Directory directory;
    Config config;
    test::RunningCores cores;
};

INSTANTIATE_TEST_SUITE_P(Backends, Cores,
                         testing::Combine(testing::ValuesIn(test::backend_choices()),
                                          testing::Values(std::size_t{1}, std::size_t{2},
                                                          std::size_t{3})));

TEST_P(Cores, EveryReaderGetsHistoryAndLiveEntriesOnce) {
    start();
    directory.append("a.log", "one\ntwo\nthree\n");
    Client first(app().http.port);
    first.get("/stream?tail=1000");
    ASSERT_TRUE(first.hears("\"three\""));
    auto all = readers(app().http.port, "/stream?tail=2");
    for (auto& reader : all) {
        ASSERT_TRUE(reader->hears("\"three\"")) << reader->heard;
        EXPECT_NE(reader->heard.find("\"two\""), std::string::npos);
        EXPECT_EQ(reader->heard.find("\"one\""), std::string::npos);
    }
    directory.append("a.log", "four\n");
    for (auto& reader : all) {
        ASSERT_TRUE(reader->hears("\"four\"")) << reader->heard;
        EXPECT_EQ(reader->heard.find("\"four\""), reader->heard.rfind("\"four\""));
        EXPECT_EQ(reader->heard.find("event: gap"), std::string::npos) << reader->heard;
    }
}

TEST_P(Cores, AnIdResumesOnWhicheverCoreTheReaderComesBackTo) {
    start();
    Client before(app().http.port);
    before.get("/stream");
    ASSERT_TRUE(before.hears("event: connected"));
    directory.append("a.log", "one\ntwo\nthree\n");
    ASSERT_TRUE(before.hears("\"three\""));
    const std::size_t at = before.heard.find("id: ");
    const std::string id = before.heard.substr(at + 4, before.heard.find('\n', at) - at - 4);
    for (int round = 0; round < 12; ++round) {
        Client again(app().http.port);
        again.get("/stream?last_event_id=" + id);
        ASSERT_TRUE(again.hears("\"three\"")) << again.heard;
        EXPECT_EQ(again.heard.find("\"one\""), std::string::npos);
        EXPECT_NE(again.heard.find("\"two\""), std::string::npos);
    }
    Client foreign(app().http.port);
    foreign.get("/stream?last_event_id=abc-17");
    ASSERT_TRUE(foreign.hears("\"three\""));
    EXPECT_NE(foreign.heard.find("event: gap\ndata: {\"dropped\":null,\"from\":\"abc-17\""),
              std::string::npos)
        << foreign.heard;
}

TEST_P(Cores, StatusIsTheSameOnEveryCore) {
    start();
    directory.append("a.log", "one\ntwo\n");
    Client reader(app().http.port);
    reader.get("/stream?tail=9");
    ASSERT_TRUE(reader.hears("\"two\""));
    for (int round = 0; round < 12; ++round) {
        Client asker(app().http.port);
        asker.get("/status");
        asker.get("/status");
        ASSERT_TRUE(asker.hears("\"cores\":")) << asker.heard;
        EXPECT_NE(asker.heard.find("\"total_entries\":2"), std::string::npos) << asker.heard;
        EXPECT_NE(asker.heard.find("\"active_clients\":1"), std::string::npos) << asker.heard;
        EXPECT_NE(asker.heard.find("a.log\",\"size\":8"), std::string::npos) << asker.heard;
    }
}

TEST_P(Cores, AReloadLeavesTheReadersOfUnchangedStreamsAlone) {
    config.streams.push_back(test::stream_config("other", directory.path));
    start();
    auto kept = readers(app().http.port, "/stream");
    auto kept_tcp = readers(app().tcp.port, "");
    wait_until_joined(kept_tcp);
    auto lost = readers(config.streams[1].http.port, "/stream");

    Config changed = config;
    changed.streams[1] = test::stream_config("new", directory.path);
    cores.apply(changed);
    for (auto& reader : lost) {
        EXPECT_TRUE(reader->hears("event: disconnect\ndata: {\"reason\":\"stream_removed\"}"));
        EXPECT_TRUE(reader->hears_the_end());
    }
    ASSERT_TRUE(cores.ready());
    auto fresh = readers(changed.streams[1].http.port, "/stream");
    directory.append("a.log", "after the reload\n");
    for (auto* group : {&kept, &kept_tcp, &fresh})
        for (auto& reader : *group) {
            EXPECT_TRUE(reader->hears("after the reload")) << reader->heard;
            EXPECT_EQ(reader->heard.find("disconnect"), std::string::npos) << reader->heard;
        }
}

TEST_P(Cores, AReloadKeepsCountOfTheConnectionsOfAPortThatStays) {
    start();
    auto kept = readers(app().http.port, "/stream");
    // The port stays and is served anew: beside the stream that does not change there is another.
    const auto connections = [&] {
        return cores.plan().listeners[0].site->counters->connections.load();
    };
    EXPECT_EQ(connections(), kept.size());
    config.streams.push_back(test::stream_config("other", directory.path));
    start();
    EXPECT_EQ(connections(), kept.size());
    auto more = readers(app().http.port, "/stream");
    EXPECT_EQ(connections(), kept.size() + more.size());
    kept.clear();
    more.clear();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (connections() != 0 && std::chrono::steady_clock::now() < end) {
        directory.append("a.log", "anybody there\n");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(connections(), 0u);
}

TEST_P(Cores, AStopTellsEveryReader) {
    start();
    auto events = readers(app().http.port, "/stream");
    auto lines = readers(app().tcp.port, "");
    wait_until_joined(lines);
    directory.append("a.log", "last words\n");
    for (auto* group : {&events, &lines})
        for (auto& reader : *group) EXPECT_TRUE(reader->hears("last words")) << reader->heard;
    cores.stop();
    for (auto& reader : events) {
        EXPECT_TRUE(reader->hears("event: disconnect\ndata: {\"reason\":\"server_shutdown\"}\n\n"));
        EXPECT_TRUE(reader->hears_the_end());
    }
    for (auto& reader : lines) {
        EXPECT_TRUE(reader->hears("{\"type\":\"disconnect\",\"reason\":\"server_shutdown\"}\n"));
        EXPECT_TRUE(reader->hears_the_end());
    }
}

TEST_P(Cores, ReadersThatComeAndGoLeaveNothingBehind) {
    start();
    for (int round = 0; round < 200; ++round) {
        Client client(app().http.port);
        client.get(round % 2 == 0 ? "/stream?tail=5" : "/status");
        if (round % 3 == 0) directory.append("a.log", "line\n");
        EXPECT_TRUE(round % 5 != 0 || client.hears("HTTP/1.1 200"));
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto& stream = *cores.plan().streams[0];
    const auto& site = *cores.plan().listeners[0].site;
    while ((stream.http_readers.load() != 0 || site.counters->connections.load() != 0) &&
           std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(stream.http_readers.load(), 0u);
    EXPECT_EQ(site.counters->connections.load(), 0u);
}

// What a reload changed is asked for on a connection that was there before it.
TEST_P(Cores, AKeptConnectionIsAnsweredByTheStreamAsItIsNow) {
    start();
    const std::uint16_t port = app().http.port;
    std::vector<std::unique_ptr<Client>> kept;
    for (int index = 0; index < 8; ++index) {
        kept.push_back(std::make_unique<Client>(port));
        kept.back()->get("/status");
        ASSERT_TRUE(kept.back()->hears("\"watchers\"")) << kept.back()->heard;
    }
    config.streams[0].http.buffer_entries = 4321;
    cores.apply(config);
    ASSERT_TRUE(cores.ready());
    for (const auto& client : kept) {
        // The stream is ready when its home core is: this client's may hear of the plan a moment later, and from then on knows it.
        int news = 0;
        for (int again = 0; again < 1000 && news < 3; ++again) {
            client->heard.clear();
            client->get("/status");
            ASSERT_TRUE(client->hears("\"accept_failures\"")) << client->heard;
            const bool is_new = client->heard.find("\"buffer_size\":4321") != std::string::npos;
            ASSERT_TRUE(is_new || news == 0) << client->heard;
            if (is_new) ++news;
        }
        ASSERT_EQ(news, 3) << client->heard;
        client->get("/stream");
        ASSERT_TRUE(client->hears("event: connected")) << client->heard;
    }
}

// There is one socket, and no hash of the kernel spreads its connections.
TEST_P(Cores, ASocketOfTheServiceManagerServesEveryCoreAlike) {
    const std::size_t count = std::get<1>(GetParam());
    const std::uint16_t port = config.streams[0].http.port;
    auto opened = open_listeners("127.0.0.1", port, 1);
    ASSERT_TRUE(opened.has_value()) << opened.error().text();
    PassedSockets passed({{opened->front(), "app/http", "127.0.0.1", port}});
    cores.apply(config, &passed);
    ASSERT_TRUE(cores.ready());
    while (cores.plan().applied.load() < count) std::this_thread::yield();
    std::vector<std::unique_ptr<Client>> all;
    for (std::size_t index = 0; index < 4 * count; ++index) {
        all.push_back(std::make_unique<Client>(port));
        all.back()->get("/stream");
        ASSERT_TRUE(all.back()->hears("event: connected")) << all.back()->heard;
    }
    EXPECT_EQ(cores.sessions(), std::vector<std::size_t>(count, 4));
    directory.append("a.log", "to everybody\n");
    for (auto& reader : all) EXPECT_TRUE(reader->hears("to everybody")) << reader->heard;

    // The port goes away, somebody connects all the same, and it comes back.
    config.streams[0].http.enabled = false;
    cores.apply(config, &passed);
    for (auto& reader : all) EXPECT_TRUE(reader->hears("stream_changed")) << reader->heard;
    all.clear();
    Client waits(port);
    waits.get("/healthz");
    config.streams[0].http.enabled = true;
    cores.apply(config, &passed);
    EXPECT_TRUE(waits.hears("200 OK")) << waits.heard;
    cores.stop();
    Client still(port);  // the service manager's queue
}

TEST(Plans, APortThatIsTakenIsAnErrorAndNothingStaysOpen) {
    test::Directory directory;
    Config config;
    config.streams.push_back(test::stream_config("app", directory.path));
    auto first = make_plan(config, nullptr, nullptr, {2}, {});
    ASSERT_TRUE(first.has_value());
    auto second = make_plan(config, nullptr, nullptr, {2}, {});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, EADDRINUSE);
    EXPECT_NE(second.error().text().find(std::to_string(config.streams[0].http.port)),
              std::string::npos);
    for (const auto& listener : (*first)->listeners)
        for (const int socket : listener.sockets) ::close(socket);
    auto third = make_plan(config, nullptr, nullptr, {2}, {});
    ASSERT_TRUE(third.has_value());
    for (const auto& listener : (*third)->listeners)
        for (const int socket : listener.sockets) ::close(socket);
}

}  // namespace
}  // namespace logwisp
