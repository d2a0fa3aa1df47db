// Recv is multishot: every byte arrives once and in order however it was split; the end of the
// peer's stream is one last outcome of 0. Receiving goes on when more sockets have data than there
// are buffers. Method: TCP on loopback, byte patterns.
#include "reactor/recorder.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

using test::Recorder;
using test::TcpPair;

class Recv : public test::BackendTest {};
LOGWISP_ON_ALL_BACKENDS(Recv);

TEST_P(Recv, gives_every_byte_once_in_order_then_the_end) {
    TcpPair pair;
    Recorder receiving;
    reactor().recv(receiving.completion, pair.ours);
    const std::string sent = test::pattern(300'000);
    std::string_view rest = sent;
    for (std::size_t piece = 1; !rest.empty(); piece = piece * 2 % 50'000 + 1) {
        test::write_all(pair.theirs, rest.substr(0, piece));
        rest.remove_prefix(std::min(piece, rest.size()));
        reactor().run_turn(0);
    }
    ASSERT_TRUE(turn_until([&] { return receiving.received.size() == sent.size(); }));
    EXPECT_EQ(receiving.finals, 0);
    ::shutdown(pair.theirs, SHUT_WR);
    ASSERT_TRUE(turn_until([&] { return receiving.ended(); }));
    EXPECT_EQ(receiving.last(), 0);
    EXPECT_EQ(receiving.received, sent);

    // The peer only finished sending: it still receives.
    Recorder sending;
    reactor().send(sending.completion, pair.ours, std::string_view("still here"));
    ASSERT_TRUE(turn_until([&] { return sending.ended(); }));
    EXPECT_EQ(test::read_available(pair.theirs), "still here");
}

TEST_P(Recv, what_was_there_before_the_first_recv_is_delivered) {
    TcpPair pair;
    test::write_all(pair.theirs, "early");
    ::shutdown(pair.theirs, SHUT_WR);
    Recorder receiving;
    reactor().recv(receiving.completion, pair.ours);
    ASSERT_TRUE(turn_until([&] { return receiving.ended(); }));
    EXPECT_EQ(receiving.received, "early");
    EXPECT_EQ(receiving.results, (std::vector<std::int32_t>{5, 0}));
}

TEST_P(Recv, a_reset_is_the_last_outcome) {
    TcpPair pair;
    Recorder receiving;
    reactor().recv(receiving.completion, pair.ours);
    reactor().run_turn(0);
    test::close_with_reset(pair.theirs);
    pair.theirs = -1;
    ASSERT_TRUE(turn_until([&] { return receiving.ended(); }));
    EXPECT_EQ(receiving.last(), -ECONNRESET);
}

TEST_P(Recv, goes_on_when_more_sockets_have_data_than_there_are_buffers) {
    use({.recv_buffers = 8});
    constexpr std::size_t connections = 200;
    std::vector<std::unique_ptr<TcpPair>> pairs;
    std::vector<std::unique_ptr<Recorder>> receivers;
    for (std::size_t i = 0; i < connections; ++i) {
        pairs.push_back(std::make_unique<TcpPair>());
        receivers.push_back(std::make_unique<Recorder>());
        reactor().recv(receivers[i]->completion, pairs[i]->ours);
    }
    reactor().run_turn(0);
    for (std::size_t round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < connections; ++i)
            test::write_all(pairs[i]->theirs, test::pattern(10'000, i + round));
        ASSERT_TRUE(turn_until([&] {
            return std::all_of(receivers.begin(), receivers.end(), [&](const auto& receiver) {
                return receiver->received.size() >= 10'000 * (round + 1);
            });
        }));
    }
    for (std::size_t i = 0; i < connections; ++i) {
        EXPECT_EQ(receivers[i]->received, test::pattern(10'000, i) + test::pattern(10'000, i + 1) +
                                              test::pattern(10'000, i + 2));
        EXPECT_EQ(receivers[i]->finals, 0);  // starvation is not the owner's business
    }
    for (auto& receiver : receivers) reactor().cancel(receiver->completion);
    ASSERT_TRUE(turn_until([&] {
        return std::all_of(receivers.begin(), receivers.end(), [](auto& r) { return r->ended(); });
    }));
    for (auto& receiver : receivers) EXPECT_EQ(receiver->finals, 1);
}

TEST_P(Recv, cancelled_while_it_waits_for_a_buffer_ends_once) {
    use({.recv_buffers = 8});
    constexpr std::size_t connections = 100;
    std::vector<std::unique_ptr<TcpPair>> pairs;
    std::vector<std::unique_ptr<Recorder>> receivers;
    for (std::size_t i = 0; i < connections; ++i) {
        pairs.push_back(std::make_unique<TcpPair>());
        test::write_all(pairs[i]->theirs, test::pattern(20'000));
        receivers.push_back(std::make_unique<Recorder>());
        reactor().recv(receivers[i]->completion, pairs[i]->ours);
    }
    reactor().run_turn(0);
    for (auto& receiver : receivers) reactor().cancel(receiver->completion);
    ASSERT_TRUE(turn_until([&] {
        return std::all_of(receivers.begin(), receivers.end(), [](auto& r) { return r->ended(); });
    }));
    for (int i = 0; i < 5; ++i) reactor().run_turn(0);
    for (auto& receiver : receivers) EXPECT_EQ(receiver->finals, 1);
}

}  // namespace
}  // namespace logwisp
