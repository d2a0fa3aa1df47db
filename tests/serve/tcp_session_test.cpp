// A raw TCP reader hears every entry from its connection on, however long the stream takes to come to its core. Method: a session on a socket
// pair; its core lets it in when it is told to.
#include "serve/tcp_session.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "serve/fake_host.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

class TcpSessions : public test::BackendTest {
  protected:
    TcpSessions() {
        StreamConfig config;
        config.name = "app";
        config.tcp.enabled = true;
        info = std::make_shared<StreamInfo>(config, 1, 0);
        info->epoch = "e";
        site = make_tcp_site(info, false);
        host.joins_at_once = false;
    }
    ~TcpSessions() override {
        ::close(client);
        EXPECT_TRUE(turn_until([&] { return host.sessions.empty(); }));
    }
    void connect() { client = host.connect<TcpSession>(site); }
    void let_in() {
        for (Session* session : std::exchange(host.joining, {})) session->on_joined(*host.stream);
    }
    bool hears(const std::string& text) {
        return turn_until([&] {
            char bytes[4096];
            ssize_t count = 0;
            while ((count = ::recv(client, bytes, sizeof bytes, 0)) > 0)
                heard.append(bytes, static_cast<std::size_t>(count));
            return heard.find(text) != std::string::npos;
        });
    }

    test::FakeHost host{reactor()};
    std::shared_ptr<StreamInfo> info;
    std::shared_ptr<Site> site;
    int client = -1;
    std::string heard;
};
LOGWISP_ON_ALL_BACKENDS(TcpSessions);

TEST_P(TcpSessions, WhatIsPublishedWhileAReaderJoinsIsForIt) {
    host.publish(*info, {"before"});
    connect();
    host.publish(*info, {"meanwhile", "again"});
    let_in();
    host.publish(*info, {"after"});
    EXPECT_TRUE(hears("after\n"));
    EXPECT_EQ(heard, "meanwhile\nagain\nafter\n");
}

TEST_P(TcpSessions, AReaderThatSaysSomethingElseWhileItJoinsIsNotForgotten) {
    connect();
    ASSERT_EQ(::send(client, "hello\n", 6, MSG_NOSIGNAL), 6);
    ASSERT_TRUE(turn_until([&] { return reactor().turns() > 3; }));
    host.publish(*info, {"meanwhile"});
    let_in();
    EXPECT_TRUE(hears("meanwhile\n"));
}

TEST_P(TcpSessions, WhatTheRingHasLostMeanwhileIsAGap) {
    connect();
    const std::uint64_t published = 3 * info->config.tcp.buffer_entries;
    for (std::uint64_t number = 1; number <= published; ++number)
        host.publish(*info, {std::to_string(number)});
    let_in();
    ASSERT_TRUE(hears("\n" + std::to_string(published) + "\n"));
    std::uint64_t dropped = 0;
    ASSERT_EQ(std::sscanf(heard.c_str(), "{\"type\":\"gap\",\"dropped\":%lu}", &dropped), 1)
        << heard;
    EXPECT_EQ(heard.substr(heard.find('\n') + 1, 10),
              (std::to_string(dropped + 1) + "\n" + std::to_string(dropped + 2) + "\n"));
}

TEST_P(TcpSessions, WhoeverAsksForIdsWhenItHasHeardSomethingIsGivenThemFromThereOn) {
    connect();
    let_in();
    host.publish(*info, {R"({"m":1})"});
    ASSERT_TRUE(hears("1}\n"));
    ASSERT_EQ(::send(client, "TAIL 0\n", 7, MSG_NOSIGNAL), 7);
    std::uint64_t number = 1;
    ASSERT_TRUE(turn_until([&] {
        if (number < 100 && host.lent_sends == 0)
            host.publish(*info, {fmt::format(R"({{"m":{}}})", ++number)});
        char bytes[4096];
        const ssize_t count = ::recv(client, bytes, sizeof bytes, 0);
        if (count > 0) heard.append(bytes, static_cast<std::size_t>(count));
        return heard.find("\"m\":100}\n") != std::string::npos;
    }));
    std::string expected;
    const std::size_t first = heard.find("{\"id\"");
    ASSERT_NE(first, std::string::npos) << heard;
    const std::size_t before =
        static_cast<std::size_t>(std::count(heard.begin(), heard.begin() + first, '\n'));
    EXPECT_LT(before, 100);
    for (std::size_t entry = 1; entry <= 100; ++entry)
        expected += entry <= before ? fmt::format("{{\"m\":{}}}\n", entry)
                                    : fmt::format("{{\"id\":\"e-{0}\",\"m\":{0}}}\n", entry);
    EXPECT_EQ(heard, expected);
}

TEST_P(TcpSessions, WhoeverAsksForThePastWhenItHasHeardSomethingIsTooLate) {
    connect();
    let_in();
    host.publish(*info, {R"({"m":1})"});
    ASSERT_TRUE(hears("1}\n"));
    ASSERT_EQ(::send(client, "TAIL 1\n", 7, MSG_NOSIGNAL), 7);
    ASSERT_TRUE(hears("Too late"));
    host.publish(*info, {R"({"m":2})"});
    EXPECT_TRUE(hears("}\n{\"m\":2}\n"));
}

}  // namespace
}  // namespace logwisp
