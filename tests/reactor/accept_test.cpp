// Accept is multishot on every backend: each connection gives one outcome with a descriptor of its
// own; an error is the last outcome and comes once, so that the owner can back off; nothing spins
// meanwhile. Method: real connections on loopback.
#include <sys/resource.h>

#include <set>

#include "reactor/recorder.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

using test::Recorder;

class Accept : public test::BackendTest {};
LOGWISP_ON_ALL_BACKENDS(Accept);

void close_all(const std::vector<std::int32_t>& descriptors) {
    for (const int descriptor : descriptors)
        if (descriptor >= 0) ::close(descriptor);
}

TEST_P(Accept, a_burst_gives_every_connection_once) {
    std::uint16_t port = 0;
    const int listener = test::listen_on_loopback(port);
    std::vector<std::int32_t> clients;
    for (int i = 0; i < 300; ++i) clients.push_back(test::connect_to(port));
    Recorder accepting;
    reactor().accept(accepting.completion, listener);
    ASSERT_TRUE(turn_until([&] { return accepting.results.size() >= 300; }));
    for (int i = 0; i < 10; ++i) clients.push_back(test::connect_to(port));
    ASSERT_TRUE(turn_until([&] { return accepting.results.size() >= 310; }));
    EXPECT_EQ(std::set<int>(accepting.results.begin(), accepting.results.end()).size(), 310U);
    EXPECT_EQ(accepting.finals, 0);
    EXPECT_NE(::fcntl(accepting.results[0], F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(accepting.results[0], F_GETFD) & FD_CLOEXEC, 0);

    close_all(accepting.results);
    close_all(clients);
    reactor().cancel(accepting.completion);
    ASSERT_TRUE(turn_until([&] { return accepting.ended(); }));
    EXPECT_EQ(accepting.last(), -ECANCELED);
    backend().close(listener);
}

TEST_P(Accept, connect_and_reset_at_once_still_gives_a_descriptor_whose_recv_ends) {
    std::uint16_t port = 0;
    const int listener = test::listen_on_loopback(port);
    for (int i = 0; i < 20; ++i) test::close_with_reset(test::connect_to(port));
    const int last = test::connect_to(port);
    Recorder accepting;
    reactor().accept(accepting.completion, listener);
    ASSERT_TRUE(turn_until([&] { return accepting.results.size() >= 21; }));
    Recorder receiving;
    reactor().recv(receiving.completion, accepting.results[0]);
    ASSERT_TRUE(turn_until([&] { return receiving.ended(); }));
    EXPECT_EQ(receiving.last(), -ECONNRESET);
    backend().configure_accepted(accepting.results[0]);
    EXPECT_TRUE(backend().peer_is_gone(accepting.results[0]));
    EXPECT_FALSE(backend().peer_is_gone(accepting.results[20]));
    close_all(accepting.results);
    ::close(last);
    reactor().cancel(accepting.completion);
    ASSERT_TRUE(turn_until([&] { return accepting.ended(); }));
    backend().close(listener);
}

TEST_P(Accept, at_the_descriptor_limit_the_owner_hears_it_once_and_nothing_spins) {
    std::uint16_t port = 0;
    const int listener = test::listen_on_loopback(port);
    const int client = test::connect_to(port);
    reactor().run_turn(0);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const int next = ::dup(client);
    ::close(next);
    const rlimit lowered{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);

    Recorder accepting;
    reactor().accept(accepting.completion, listener);
    const bool told = turn_until([&] { return accepting.ended(); });
    std::size_t callbacks = 0;
    for (int i = 0; i < 10; ++i) callbacks += backend().turn(1'000'000);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_TRUE(told);
    EXPECT_EQ(accepting.last(), -EMFILE);
    EXPECT_EQ(callbacks, 0U);

    // The owner backed off and tries again: nobody who connected meanwhile is lost.
    const int second = test::connect_to(port);
    accepting.finals = 0;
    reactor().accept(accepting.completion, listener);
    ASSERT_TRUE(turn_until([&] { return accepting.results.size() == 3; }));
    EXPECT_GE(accepting.results[1], 0);
    EXPECT_GE(accepting.results[2], 0);
    reactor().cancel(accepting.completion);
    ASSERT_TRUE(turn_until([&] { return accepting.ended(); }));
    close_all(accepting.results);
    ::close(client);
    ::close(second);
    backend().close(listener);
}

TEST_P(Accept, on_what_is_no_listener_ends_with_the_error) {
    test::TcpPair pair;
    Recorder accepting;
    reactor().accept(accepting.completion, pair.ours);
    ASSERT_TRUE(turn_until([&] { return accepting.ended(); }));
    EXPECT_EQ(accepting.last(), -EINVAL);
}

}  // namespace
}  // namespace logwisp
