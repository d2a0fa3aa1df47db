// Whoever connects to the control socket cannot hold the control thread: each call takes a bounded number, and one that cannot accept
// asks not to be waited for. Method: the socket itself, more peers than one call takes, another user's peers, no descriptors left.
#include "core/control.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "logwisp/control.hpp"

namespace logwisp {
namespace {

constexpr uid_t nobody = 65534;

// As many as the kernel lets wait.
std::vector<int> connect_until_full() {
    std::vector<int> peers;
    const ControlAddress at = control_address(::getpid());
    for (;;) {
        const int peer = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (::connect(peer, reinterpret_cast<const sockaddr*>(&at.address), at.bytes) != 0) {
            ::close(peer);
            return peers;
        }
        peers.push_back(peer);
    }
}

void close_all(const std::vector<int>& sockets) {
    for (const int socket : sockets) ::close(socket);
}

bool is_readable(int socket) {
    pollfd wait{socket, POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
}

const Control::Time now{};

TEST(Control, OneCallTakesABoundedNumber) {
    Control control;
    const auto peers = connect_until_full();
    const auto first = control.accept(now);
    EXPECT_GT(first.size(), 0u);
    EXPECT_LT(first.size(), peers.size());
    EXPECT_TRUE(is_readable(control.descriptor(now)));
    const auto second = control.accept(now);
    EXPECT_EQ(first.size() + second.size(), peers.size());
    EXPECT_FALSE(is_readable(control.descriptor(now)));
    for (const auto& sockets : {peers, first, second}) close_all(sockets);
}

// Only root can be another user. Where this is not root nobody is refused, and as many are answered.
TEST(Control, TheRefusedCountToo) {
    const uid_t own = ::geteuid();
    Control control;
    ASSERT_EQ(::seteuid(own == 0 ? nobody : own), 0);
    const auto peers = connect_until_full();
    ASSERT_EQ(::seteuid(own), 0);
    // A process that was another user may no longer be looked at; what looks for leaks must.
    ASSERT_EQ(::prctl(PR_SET_DUMPABLE, 1), 0);
    const auto answer_some = [&] {
        const auto askers = control.accept(now);
        EXPECT_EQ(askers.empty(), own == 0);
        for (const int asker : askers) Control::answer(asker, 0, "");
    };
    answer_some();
    EXPECT_TRUE(is_readable(peers.front()));
    EXPECT_FALSE(is_readable(peers.back()));
    EXPECT_TRUE(is_readable(control.descriptor(now)));
    answer_some();
    EXPECT_TRUE(is_readable(peers.back()));
    close_all(peers);
}

TEST(Control, WithoutDescriptorsItIsLeftAloneForAWhile) {
    Control control;
    const auto peers = connect_until_full();
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto refused = control.accept(now);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(refused.empty());
    EXPECT_EQ(control.descriptor(now), -1);
    EXPECT_TRUE(control.accept(now).empty());
    const Control::Time later = control.pause_ends();
    EXPECT_GT(later, now);
    EXPECT_NE(control.descriptor(later), -1);
    const auto askers = control.accept(later);
    EXPECT_GT(askers.size(), 0u);
    close_all(peers);
    close_all(askers);
}

}  // namespace
}  // namespace logwisp
