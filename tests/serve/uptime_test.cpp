// How long a stream has been served is told by a clock that nobody sets. Method: the same monotonic time with wall clocks years apart.
#include <gtest/gtest.h>

#include "serve/fake_host.hpp"
#include "serve/status.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

StreamConfig both_servers() {
    StreamConfig config;
    config.name = "app";
    config.http.enabled = true;
    config.tcp.enabled = true;
    config.tcp.heartbeat.include_stats = true;
    return config;
}

TEST(Uptime, OfTheStatusIsCountedFromTheBeginningOfTheStream) {
    auto stream = std::make_shared<StreamInfo>(both_servers(), 1, 0);
    stream->started_ms = 5'000;
    StatusFacts facts;
    facts.now_ms = 65'999;
    EXPECT_NE(stream_status(*stream, facts, {}).find("\"uptime_seconds\":60"), std::string::npos);
    EXPECT_NE(all_status({stream}, facts).find("\"uptime_seconds\":60"), std::string::npos);
    facts.now_ms = 4'999;
    EXPECT_NE(stream_status(*stream, facts, {}).find("\"uptime_seconds\":0"), std::string::npos);
}

class UptimeOfHeartbeats : public test::BackendTest {};
LOGWISP_ON_ALL_BACKENDS(UptimeOfHeartbeats);

TEST_P(UptimeOfHeartbeats, DoesNotFollowTheWallClock) {
    test::FakeHost host(reactor());  // its wall clock stands still, in 2023
    auto stream = std::make_shared<StreamInfo>(both_servers(), 1, 0);
    const std::uint64_t uptime_seconds = 40;
    reactor().run_turn(0);
    ASSERT_GT(reactor().now_ms(), uptime_seconds * 1000) << "the machine has just started";
    stream->started_ms = reactor().now_ms() - uptime_seconds * 1000;
    const int client = host.connect<TcpSession>(make_tcp_site(stream, false));
    // It is asked by a heartbeat whether it still reads.
    ::shutdown(client, SHUT_WR);
    std::string heard;
    EXPECT_TRUE(turn_until([&] {
        char bytes[512];
        const ssize_t count = ::recv(client, bytes, sizeof bytes, 0);
        if (count > 0) heard.append(bytes, static_cast<std::size_t>(count));
        return heard.find('\n') != std::string::npos;
    }));
    EXPECT_NE(heard.find("\"uptime_seconds\":4"), std::string::npos) << heard;
    ::close(client);
    EXPECT_TRUE(turn_until([&] { return host.sessions.empty(); }));
}

}  // namespace
}  // namespace logwisp
