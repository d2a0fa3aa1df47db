// A send never waits: it takes what fits, says -EAGAIN when nothing does, and has answered when the
// turn that submitted it ends. Bytes that were overwritten afterwards can therefore not be sent.
// Poll tells when the next send is worth trying. Method: TCP on loopback, byte patterns, a peer
// that reads late.
#include <poll.h>

#include "reactor/recorder.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

using test::Recorder;
using test::TcpPair;

class Send : public test::BackendTest {};
LOGWISP_ON_ALL_BACKENDS(Send);

// Sends from `sent` until the socket takes no more.
void fill(Reactor& reactor, Recorder& sending, int socket, std::string_view bytes,
          std::size_t& sent) {
    for (;;) {
        reactor.send(sending.completion, socket, bytes.substr(sent, 256 * 1024));
        reactor.run_turn(0);
        CHECK(sending.ended());
        if (sending.last() == -EAGAIN) return;
        CHECK(sending.last() > 0);
        sent += static_cast<std::size_t>(sending.last());
    }
}

TEST_P(Send, is_partial_then_eagain_and_goes_on_at_the_byte_after_a_poll) {
    TcpPair pair;
    const std::string bytes = test::pattern(64 * 1024 * 1024);
    Recorder sending;
    Recorder polling;
    std::size_t sent = 0;
    fill(reactor(), sending, pair.ours, bytes, sent);
    EXPECT_LT(sent, bytes.size());
    std::size_t compared = 0;
    for (int round = 0; round < 5; ++round) {
        reactor().poll(polling.completion, pair.ours, POLLOUT);
        reactor().run_turn(0);
        reactor().run_turn(0);
        EXPECT_TRUE(polling.completion.in_flight());  // nobody has read
        const auto polled = polling.results.size();
        ASSERT_TRUE(turn_until([&] {
            const std::string got = test::read_available(pair.theirs);
            EXPECT_EQ(bytes.compare(compared, got.size(), got), 0);
            compared += got.size();
            return polling.results.size() > polled;
        }));
        EXPECT_NE(polling.last() & POLLOUT, 0);
        fill(reactor(), sending, pair.ours, bytes, sent);
    }
    ASSERT_TRUE(turn_until([&] {
        const std::string got = test::read_available(pair.theirs);
        EXPECT_EQ(bytes.compare(compared, got.size(), got), 0);
        compared += got.size();
        return compared == sent;
    }));
}

TEST_P(Send, has_answered_when_its_turn_ends_so_overwritten_bytes_are_never_sent) {
    constexpr std::size_t connections = 300;
    std::vector<std::unique_ptr<TcpPair>> pairs;
    std::vector<std::unique_ptr<Recorder>> senders;
    for (std::size_t i = 0; i < connections; ++i) {
        pairs.push_back(std::make_unique<TcpPair>());
        senders.push_back(std::make_unique<Recorder>());
    }
    for (int round = 0; round < 3; ++round) {
        std::string ring(4000, 'a');
        for (std::size_t i = 0; i < connections; ++i)
            reactor().send(senders[i]->completion, pairs[i]->ours, ring);
        reactor().run_turn(0);
        std::fill(ring.begin(), ring.end(), 'X');
        for (std::size_t i = 0; i < connections; ++i) {
            ASSERT_FALSE(senders[i]->completion.in_flight());
            ASSERT_EQ(senders[i]->last(), 4000);
        }
        reactor().run_turn(0);
        for (auto& pair : pairs)
            ASSERT_EQ(test::read_available(pair->theirs), std::string(4000, 'a'));
    }
}

TEST_P(Send, a_reset_in_the_middle_is_an_error_not_a_signal) {
    TcpPair pair;
    const std::string bytes = test::pattern(64 * 1024 * 1024);
    Recorder sending;
    std::size_t sent = 0;
    fill(reactor(), sending, pair.ours, bytes, sent);
    Recorder polling;
    reactor().poll(polling.completion, pair.ours, POLLOUT);
    reactor().run_turn(0);
    test::close_with_reset(pair.theirs);
    pair.theirs = -1;
    ASSERT_TRUE(turn_until([&] { return polling.ended(); }));
    for (const int expected : {-ECONNRESET, -EPIPE}) {
        reactor().send(sending.completion, pair.ours, bytes);
        reactor().run_turn(0);
        ASSERT_FALSE(sending.completion.in_flight());
        EXPECT_EQ(sending.last(), expected);
    }
}

TEST_P(Send, recv_and_poll_for_writing_wait_on_one_socket_independently) {
    TcpPair pair;
    const std::string bytes = test::pattern(64 * 1024 * 1024);
    Recorder sending;
    std::size_t sent = 0;
    Recorder receiving;
    reactor().recv(receiving.completion, pair.ours);
    fill(reactor(), sending, pair.ours, bytes, sent);
    Recorder polling;
    reactor().poll(polling.completion, pair.ours, POLLOUT);
    reactor().run_turn(0);
    test::write_all(pair.theirs, "one");
    ASSERT_TRUE(turn_until([&] { return receiving.received == "one"; }));
    EXPECT_TRUE(polling.completion.in_flight());
    ASSERT_TRUE(turn_until([&] { return test::read_available(pair.theirs), polling.ended(); }));
    EXPECT_TRUE(receiving.completion.in_flight());
    test::write_all(pair.theirs, "two");
    ASSERT_TRUE(turn_until([&] { return receiving.received == "onetwo"; }));
    reactor().cancel(receiving.completion);
    ASSERT_TRUE(turn_until([&] { return receiving.ended(); }));
}

TEST_P(Send, more_submissions_than_the_queue_has_entries_lose_nothing) {
    use({.submission_entries = 8, .completion_entries = 16});
    constexpr std::size_t connections = 500;
    std::vector<std::unique_ptr<TcpPair>> pairs;
    std::vector<std::unique_ptr<Recorder>> senders;
    std::vector<std::unique_ptr<Recorder>> receivers;
    const std::string text = test::pattern(100);
    for (std::size_t i = 0; i < connections; ++i) {
        pairs.push_back(std::make_unique<TcpPair>());
        senders.push_back(std::make_unique<Recorder>());
        receivers.push_back(std::make_unique<Recorder>());
        reactor().recv(receivers[i]->completion, pairs[i]->ours);
    }
    for (int round = 0; round < 5; ++round) {
        for (std::size_t i = 0; i < connections; ++i) {
            test::write_all(pairs[i]->theirs, text);
            reactor().send(senders[i]->completion, pairs[i]->ours, text);
        }
        reactor().run_turn(0);
        // The completion queue overflowed many times; still every send of the turn has answered.
        for (auto& sender : senders) ASSERT_FALSE(sender->completion.in_flight());
        const auto expected = text.size() * static_cast<std::size_t>(round + 1);
        ASSERT_TRUE(turn_until([&] {
            return std::all_of(receivers.begin(), receivers.end(),
                               [&](auto& r) { return r->received.size() == expected; });
        }));
        for (auto& pair : pairs) ASSERT_EQ(test::read_available(pair->theirs), text);
    }
    for (auto& receiver : receivers) reactor().cancel(receiver->completion);
    ASSERT_TRUE(turn_until([&] {
        return std::all_of(receivers.begin(), receivers.end(), [](auto& r) { return r->ended(); });
    }));
    for (auto& receiver : receivers) {
        EXPECT_EQ(receiver->finals, 1);
        EXPECT_EQ(receiver->received, text + text + text + text + text);
    }
}

TEST_P(Send, what_is_handed_over_has_gone_before_the_turn_goes_on) {
    TcpPair pair;
    reactor().run_turn(0);
    Recorder sending;
    Recorder polling;
    reactor().send(sending.completion, pair.ours, std::string_view("at once"));
    reactor().backend().hand_over();
    pollfd arrives{.fd = pair.theirs, .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&arrives, 1, 10'000), 1);
    EXPECT_EQ(test::read_available(pair.theirs), "at once");
    EXPECT_TRUE(sending.completion.in_flight());
    // What comes behind it is not forgotten.
    reactor().poll(polling.completion, pair.ours, POLLOUT);
    reactor().run_turn(0);
    EXPECT_EQ(sending.last(), 7);
    ASSERT_TRUE(turn_until([&] { return polling.ended(); }));
}

TEST_P(Send, behind_what_was_handed_over_is_answered_in_the_next_turn_too) {
    TcpPair pair;
    reactor().run_turn(0);
    Recorder before;
    Recorder behind;
    reactor().send(before.completion, pair.ours, std::string_view("before, "));
    reactor().backend().hand_over();
    reactor().send(behind.completion, pair.ours, std::string_view("behind"));
    reactor().run_turn(0);
    EXPECT_EQ(before.last(), 8);
    EXPECT_EQ(behind.last(), 6);
    EXPECT_EQ(test::read_available(pair.theirs), "before, behind");
    ASSERT_TRUE(turn_until([&] { return behind.ended(); }));
}

TEST_P(Send, submitted_again_in_its_own_callback_leaves_the_turn_bounded) {
    TcpPair pair;
    Recorder sending;
    int again = 0;
    sending.action = [&](const Outcome&) {
        if (++again < 10) reactor().send(sending.completion, pair.ours, std::string_view("x"));
    };
    reactor().send(sending.completion, pair.ours, std::string_view("x"));
    reactor().run_turn(0);
    EXPECT_EQ(again, 1);
    ASSERT_TRUE(turn_until([&] { return again == 10; }));
    ASSERT_EQ(test::read_available(pair.theirs), "xxxxxxxxxx");
}

}  // namespace
}  // namespace logwisp
