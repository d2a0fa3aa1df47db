// A port is ours alone: whoever else listens there is noticed, but our own sockets that are about to close are in nobody's way. Method: real
// sockets on loopback addresses, for one core (one socket) and for two.
#include "net/listener.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace {
int listens = 0;
}

// The C library's, counted.
extern "C" int listen(int socket, int backlog) {
    ++listens;
    return static_cast<int>(::syscall(SYS_listen, socket, backlog));
}

namespace logwisp {
namespace {

class Sockets {
  public:
    explicit Sockets(Result<std::vector<int>> opened) : opened_(std::move(opened)) {}
    ~Sockets() {
        if (opened_)
            for (const int socket : *opened_) ::close(socket);
    }
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;
    [[nodiscard]] int error() const { return opened_ ? 0 : opened_.error().code; }
    [[nodiscard]] std::uint16_t port() const {
        sockaddr_in address{};
        socklen_t bytes = sizeof address;
        ::getsockname(opened_->front(), reinterpret_cast<sockaddr*>(&address), &bytes);
        return ntohs(address.sin_port);
    }

  private:
    Result<std::vector<int>> opened_;
};

std::uint16_t free_port() { return Sockets(open_listeners("127.0.0.1", 0, 1)).port(); }

class OpenListeners : public testing::TestWithParam<std::size_t> {
  protected:
    Sockets open(const std::string& host, std::vector<std::string> leaving = {}) {
        return Sockets(open_listeners(host, port, GetParam(), leaving));
    }
    std::uint16_t port = free_port();
};
INSTANTIATE_TEST_SUITE_P(Cores, OpenListeners, testing::Values(1, 2));

TEST_P(OpenListeners, ATakenPortIsAnError) {
    const Sockets first = open("127.0.0.1");
    ASSERT_EQ(first.error(), 0);
    EXPECT_EQ(open("127.0.0.1").error(), EADDRINUSE);
    EXPECT_EQ(open("*").error(), EADDRINUSE);
    EXPECT_EQ(open("127.0.0.2").error(), 0);
}

// A client that connected to one that is only tried out would be reset.
TEST_P(OpenListeners, OnlyWhatStaysListens) {
    listens = 0;
    const Sockets opened = open("127.0.0.1");
    EXPECT_EQ(opened.error(), 0);
    EXPECT_EQ(listens, static_cast<int>(GetParam()));
}

TEST_P(OpenListeners, OursThatLeavesIsNoneInBothDirections) {
    const Sockets narrow = open("localhost");
    const Sockets wide = open("*", {"localhost"});
    ASSERT_EQ(wide.error(), 0);
    EXPECT_EQ(open("0.0.0.0", {"127.0.0.1", "*"}).error(), 0);
    EXPECT_EQ(open("127.0.0.3", {""}).error(), 0);
}

TEST_P(OpenListeners, AnotherOnesSocketBesideOursThatLeavesIs) {
    const Sockets ours = open("127.0.0.1");
    // A second instance: its sockets share their port too.
    const Sockets second = open("127.0.0.2");
    ASSERT_EQ(second.error(), 0);
    EXPECT_EQ(open("127.0.0.2", {"127.0.0.1"}).error(), EADDRINUSE);

    const int stranger = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 2);
    ASSERT_EQ(::bind(stranger, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(stranger, 1), 0);
    EXPECT_EQ(open("*", {"127.0.0.1"}).error(), EADDRINUSE);
    ::close(stranger);
}

}  // namespace
}  // namespace logwisp
