// Every operation ends with exactly one last outcome, however a cancel and its own end race; after
// that join a close sends FIN, and nothing of the old connection reaches the one that got its
// number. Method: repeated races with shuffled order, poisoned bytes.
#include <poll.h>

#include <random>
#include <utility>

#include "reactor/recorder.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

using test::Recorder;
using test::TcpPair;

class Close : public test::BackendTest {};
LOGWISP_ON_ALL_BACKENDS(Close);

TEST_P(Close, a_cancelled_operation_ends_once_and_later) {
    TcpPair pair;
    Recorder receiving;
    reactor().recv(receiving.completion, pair.ours);
    reactor().cancel(receiving.completion);  // before any turn
    EXPECT_EQ(receiving.finals, 0);
    ASSERT_TRUE(turn_until([&] { return receiving.ended(); }));
    EXPECT_EQ(receiving.last(), -ECANCELED);

    reactor().recv(receiving.completion, pair.ours);
    reactor().run_turn(0);
    reactor().cancel(receiving.completion);
    reactor().cancel(receiving.completion);  // asking twice changes nothing
    EXPECT_EQ(receiving.finals, 1);
    ASSERT_TRUE(turn_until([&] { return receiving.finals == 2; }));
    for (int i = 0; i < 5; ++i) reactor().run_turn(0);
    EXPECT_EQ(receiving.finals, 2);
    reactor().cancel(receiving.completion);  // free: nothing to do
}

TEST_P(Close, cancel_races_end_exactly_once_in_any_order) {
    std::mt19937 random(99);
    for (int round = 0; round < 200; ++round) {
        TcpPair pair;
        Recorder receiving;
        Recorder polling;
        Recorder sending;
        reactor().recv(receiving.completion, pair.ours);
        reactor().poll(polling.completion, pair.ours, round % 2 == 0 ? POLLIN : POLLOUT);
        if (random() % 2 == 0) reactor().run_turn(0);
        const auto step = [&](std::uint32_t dice) {
            switch (dice % 6) {
                case 0:
                    test::write_all(pair.theirs, "data");
                    break;
                case 1:
                    reactor().cancel(receiving.completion);
                    break;
                case 2:
                    reactor().cancel(polling.completion);
                    break;
                case 3:
                    backend().shutdown_both(pair.ours);
                    break;
                case 4:
                    reactor().run_turn(0);
                    break;
                default:
                    if (!sending.completion.in_flight())
                        reactor().send(sending.completion, pair.ours, std::string_view("answer"));
                    break;
            }
        };
        const auto first = static_cast<std::uint32_t>(random() % 6);
        const auto second = static_cast<std::uint32_t>(random() % 6);
        step(first);
        step(second);
        backend().shutdown_both(pair.ours);
        reactor().cancel(receiving.completion);
        reactor().cancel(polling.completion);
        reactor().cancel(sending.completion);
        ASSERT_TRUE(turn_until([&] {
            return !receiving.completion.in_flight() && !polling.completion.in_flight() &&
                   !sending.completion.in_flight();
        }));
        reactor().run_turn(0);
        EXPECT_EQ(receiving.finals, 1);
        EXPECT_EQ(polling.finals, 1);
        backend().close(pair.ours);
        pair.ours = -1;
    }
}

TEST_P(Close, after_the_join_the_peer_sees_fin) {
    TcpPair pair;
    Recorder receiving;
    reactor().recv(receiving.completion, pair.ours);
    reactor().run_turn(0);
    reactor().cancel(receiving.completion);
    ASSERT_TRUE(turn_until([&] { return receiving.ended(); }));
    backend().close(pair.ours);
    pair.ours = -1;
    pollfd peer{.fd = pair.theirs, .events = POLLIN | POLLRDHUP, .revents = 0};
    ASSERT_EQ(::poll(&peer, 1, 10'000), 1);
    char byte = 0;
    EXPECT_EQ(::recv(pair.theirs, &byte, 1, MSG_DONTWAIT), 0);
}

TEST_P(Close, a_reused_number_never_hears_of_the_old_connection) {
    std::unique_ptr<TcpPair> old_pair = std::make_unique<TcpPair>();
    for (int round = 0; round < 200; ++round) {
        Recorder receiving;
        reactor().recv(receiving.completion, old_pair->ours);
        reactor().run_turn(0);
        // Data and a cancel at once, then the number goes to the next connection.
        test::write_all(old_pair->theirs, "poison");
        reactor().cancel(receiving.completion);
        ASSERT_TRUE(turn_until([&] { return receiving.ended(); }));
        const int number = old_pair->ours;
        auto next = std::make_unique<TcpPair>();
        backend().close(number);
        ASSERT_EQ(::dup3(next->ours, number, O_CLOEXEC), number);
        ::close(next->ours);
        next->ours = number;
        old_pair->ours = -1;
        old_pair = std::move(next);

        Recorder fresh;
        reactor().recv(fresh.completion, number);
        for (int i = 0; i < 3; ++i) reactor().run_turn(0);
        ASSERT_EQ(fresh.received, "");
        ASSERT_EQ(fresh.finals, 0);
        test::write_all(old_pair->theirs, "clean");
        ASSERT_TRUE(turn_until([&] { return fresh.received.size() >= 5; }));
        ASSERT_EQ(fresh.received, "clean");
        reactor().cancel(fresh.completion);
        ASSERT_TRUE(turn_until([&] { return fresh.ended(); }));
    }
}

using CloseDeathTest = Close;
LOGWISP_ON_ALL_BACKENDS(CloseDeathTest);

TEST_P(CloseDeathTest, closing_under_a_pending_operation_is_a_bug) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            TcpPair pair;
            Recorder receiving;
            reactor().recv(receiving.completion, pair.ours);
            backend().close(pair.ours);
        },
        "CHECK");
}

TEST_P(Close, a_peer_that_reset_the_connection_is_gone_though_nothing_is_in_flight) {
    test::TcpPair pair;
    EXPECT_FALSE(backend().peer_is_gone(pair.ours));
    ::shutdown(pair.theirs, SHUT_WR);
    test::Recorder receiving;
    reactor().recv(receiving.completion, pair.ours);
    ASSERT_TRUE(turn_until([&] { return receiving.ended(); }));
    EXPECT_EQ(receiving.last(), 0);
    EXPECT_FALSE(backend().peer_is_gone(pair.ours)) << "it has only finished sending";
    test::close_with_reset(std::exchange(pair.theirs, -1));
    EXPECT_TRUE(turn_until([&] { return backend().peer_is_gone(pair.ours); }));
}

}  // namespace
}  // namespace logwisp
