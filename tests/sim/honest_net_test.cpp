// The simulated kernel behaves as the real ones: each script leaves the same transcript on the
// simulated backend, on io_uring and on epoll. What the program relies on is here: which call
// reports which error, once; what a cancel leaves; what a close tells the peer.
#include <gtest/gtest.h>

#include "net_script.hpp"

namespace logwisp::sim {
namespace {

struct Script {
    const char* name;
    const char* text;
};
void PrintTo(const Script& script, std::ostream* out) { *out << script.name; }

constexpr Script scripts[] = {
    {"echo", R"(
        listen
        accept
        connect a
        turn
        recv s1
        say a hello
        turn
        send s1 world
        turn
        hear a
        say a again
        turn)"},
    {"three_clients", R"(
        listen
        accept
        connect a
        connect b
        turn
        connect c
        turn
        recv s1
        recv s2
        recv s3
        say c three
        say a one
        turn
        send s2 two
        turn
        hear b)"},
    {"bytes_before_recv_is_armed", R"(
        listen
        accept
        connect a
        say a early
        turn
        recv s1
        turn)"},
    {"client_finishes_then_reads", R"(
        listen
        accept
        connect a
        turn
        recv s1
        say a request
        finish a
        turn
        send s1 answer
        turn
        close s1
        hear a)"},
    {"client_leaves", R"(
        listen
        accept
        connect a
        turn
        recv s1
        say a bye
        leave a
        turn
        close s1)"},
    {"send_to_a_client_that_left", R"(
        listen
        accept
        connect a
        turn
        leave a
        recv s1
        turn
        send s1 one
        turn
        send s1 two
        turn
        send s1 three
        turn
        close s1)"},
    {"client_resets_under_recv", R"(
        listen
        accept
        connect a
        turn
        recv s1
        turn
        reset a
        turn
        send s1 one
        turn
        close s1)"},
    {"client_resets_before_send", R"(
        listen
        accept
        connect a
        turn
        reset a
        send s1 one
        turn
        send s1 two
        turn
        recv s1
        turn
        close s1)"},
    {"reset_after_bytes", R"(
        listen
        accept
        connect a
        turn
        say a last
        reset a
        recv s1
        turn
        recv s1
        turn)"},
    {"client_leaves_with_unread_bytes", R"(
        listen
        accept
        connect a
        turn
        recv s1
        send s1 unread
        turn
        leave a
        turn
        send s1 more
        turn)"},
    {"server_closes", R"(
        listen
        accept
        connect a
        turn
        send s1 goodbye
        turn
        close s1
        hear a)"},
    {"server_closes_with_unread_bytes", R"(
        listen
        accept
        connect a
        turn
        say a unread
        close s1
        hear a)"},
    {"server_half_closes", R"(
        listen
        accept
        connect a
        turn
        recv s1
        send s1 end
        turn
        half s1
        hear a
        say a still
        turn
        send s1 late
        turn)"},
    {"server_ends_under_recv", R"(
        listen
        accept
        connect a
        turn
        recv s1
        turn
        end s1
        turn
        hear a
        close s1)"},
    {"cancel_recv", R"(
        listen
        accept
        connect a
        turn
        recv s1
        turn
        cancel s1 recv
        turn
        say a kept
        recv s1
        turn)"},
    {"cancel_recv_with_bytes_behind", R"(
        listen
        accept
        connect a
        turn
        recv s1
        say a taken
        turn
        cancel s1 recv
        turn
        close s1
        hear a)"},
    {"cancel_accept", R"(
        listen
        accept
        turn
        cancel accept
        turn
        connect a
        accept
        turn)"},
    {"cancel_poll", R"(
        listen
        accept
        connect a
        turn
        poll s1 in
        turn
        cancel s1 poll
        turn
        say a x
        poll s1 in
        turn)"},
    {"poll_in", R"(
        listen
        accept
        connect a
        turn
        poll s1 in
        turn
        say a x
        turn
        poll s1 in
        turn
        recv s1
        turn)"},
    {"poll_out", R"(
        listen
        accept
        connect a
        turn
        poll s1 out
        turn)"},
    {"full_socket", R"(
        listen
        accept
        connect a
        turn
        fill s1
        send s1 more
        turn
        poll s1 out
        turn
        reset a
        turn
        send s1 more
        turn
        send s1 more
        turn)"},
    {"poll_on_finished_peer", R"(
        listen
        accept
        connect a
        turn
        finish a
        poll s1 in
        turn
        recv s1
        turn)"},
    {"poll_on_reset_peer", R"(
        listen
        accept
        connect a
        turn
        poll s1 in
        turn
        reset a
        turn
        recv s1
        turn
        recv s1
        turn)"},
    {"poll_after_end", R"(
        listen
        accept
        connect a
        turn
        end s1
        poll s1 out
        turn
        finish a
        poll s1 in
        turn)"},
    {"recv_again_after_the_end", R"(
        listen
        accept
        connect a
        turn
        finish a
        recv s1
        turn
        recv s1
        turn)"},
    {"descriptors_come_back", R"(
        listen
        accept
        connect a
        turn
        leave a
        close s1
        connect b
        turn
        recv s2
        say b new
        turn
        send s2 answer
        turn
        hear b)"},
    {"client_left_before_accept", R"(
        listen
        connect a
        say a hello
        leave a
        accept
        turn
        recv s1
        turn
        close s1)"},
    {"two_operations_at_once", R"(
        listen
        accept
        connect a
        turn
        recv s1
        send s1 one
        say a two
        turn
        hear a
        end s1
        turn
        send s1 three
        turn)"},
    {"send_after_half_close_by_both", R"(
        listen
        accept
        connect a
        turn
        recv s1
        finish a
        turn
        half s1
        send s1 x
        turn
        hear a
        close s1)"},
    {"send_and_close_in_order", R"(
        listen
        accept
        connect a
        turn
        send s1 1
        turn
        send s1 2
        turn
        half s1
        hear a
        leave a
        recv s1
        turn
        close s1)"},
};

class HonestNet : public testing::TestWithParam<std::tuple<Script, BackendChoice>> {};

TEST_P(HonestNet, LeavesTheSameTranscript) {
    const auto& [script, choice] = GetParam();
    const auto simulated_net = make_simulated_net();
    const Transcript simulated = run_net_script(*simulated_net, script.text, nullptr);
    auto backends = make_backends(1, {.choice = choice, .connections_max = 64});
    if (!backends && choice == BackendChoice::io_uring) return;  // not allowed on this machine
    ASSERT_TRUE(backends) << backends.error().text();
    const auto real_net = make_real_net(std::move(backends->backends[0]));
    const Transcript real = run_net_script(*real_net, script.text, &simulated);
    EXPECT_EQ(real.text, simulated.text);
}

INSTANTIATE_TEST_SUITE_P(
    Scripts, HonestNet,
    testing::Combine(testing::ValuesIn(scripts),
                     testing::Values(BackendChoice::io_uring, BackendChoice::epoll)),
    [](const auto& parameters) {
        const bool uring = std::get<1>(parameters.param) == BackendChoice::io_uring;
        return std::string(std::get<0>(parameters.param).name) + (uring ? "_uring" : "_epoll");
    });

}  // namespace
}  // namespace logwisp::sim
