// What the service manager says of the sockets that it passes is believed only as far as it makes sense, and what is taken is taken once.
// Method: tables of values; real sockets as descriptor 3 of a process of their own.
#include "net/passed_sockets.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "logwisp/limits.hpp"
#include "net/listener.hpp"

namespace logwisp {
namespace {

constexpr pid_t self = 4711;

Result<Activation> read(const char* pid, const char* count, const char* names = nullptr) {
    return read_activation(pid, count, names, self);
}

TEST(ReadActivation, NothingSaidIsNoSocket) {
    for (const auto& said : {read(nullptr, nullptr), read("4711", nullptr), read(nullptr, "2"),
                             read("4711", "0"), read("4711", "0", "")}) {
        ASSERT_TRUE(said.has_value()) << said.error().text();
        EXPECT_EQ(said->count, 0u);
        EXPECT_FALSE(said->for_another);
    }
}

TEST(ReadActivation, NamesAreOnePerSocket) {
    const auto said = read("4711", "3", "app/http::app/tcp");
    ASSERT_TRUE(said.has_value()) << said.error().text();
    EXPECT_EQ(said->count, 3u);
    EXPECT_EQ(said->names, (std::vector<std::string>{"app/http", "", "app/tcp"}));
    EXPECT_TRUE(read("4711", "3")->names.empty());
}

TEST(ReadActivation, AnotherProcesssAreLeftAlone) {
    const auto said = read("4712", "nonsense", "::::");
    ASSERT_TRUE(said.has_value()) << said.error().text();
    EXPECT_TRUE(said->for_another);
    EXPECT_EQ(said->count, 0u);
}

TEST(ReadActivation, NonsenseIsRefused) {
    for (const char* number : {"", " ", "-1", "+1", "1 ", " 1", "1x", "0x1", "1.0", "\n1",
                               "18446744073709551617", "99999999999999999999999999"}) {
        EXPECT_FALSE(read("4711", number).has_value()) << number;
        EXPECT_FALSE(read(number, "1").has_value()) << number;
    }
    EXPECT_FALSE(read("0", "1").has_value());
    EXPECT_TRUE(read("4711", std::to_string(passed_sockets_max).c_str()).has_value());
    EXPECT_FALSE(read("4711", std::to_string(passed_sockets_max + 1).c_str()).has_value());
    for (const char* names : {"", "a:b:", "a:b:c", ":::::::::"})
        EXPECT_FALSE(read("4711", "2", names).has_value()) << names;
    const std::string longest(passed_name_bytes_max, 'n');
    EXPECT_TRUE(read("4711", "1", longest.c_str()).has_value());
    EXPECT_FALSE(read("4711", "1", (longest + "n").c_str()).has_value());
}

// Runs `body` in a process whose descriptor 3 is `socket`, as the environment says; true when it returned true.
bool as_activated(int socket, const char* names, const std::function<bool()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (socket != 3) ::dup2(socket, 3);
        ::fcntl(3, F_SETFD, 0);
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        ::setenv("LISTEN_FDS", "1", 1);
        if (names != nullptr) ::setenv("LISTEN_FDNAMES", names, 1);
        ::_exit(body() ? 0 : 1);
    }
    int status = -1;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool taken_as(int socket, const std::string& host) {
    return as_activated(socket, "app/http", [&host] {
        const auto taken = PassedSockets::take();
        if (!taken || taken->all().size() != 1) return false;
        const PassedSocket& one = taken->all().front();
        const bool once = std::getenv("LISTEN_PID") == nullptr &&
                          std::getenv("LISTEN_FDS") == nullptr &&
                          std::getenv("LISTEN_FDNAMES") == nullptr;
        const bool set =
            (::fcntl(3, F_GETFD) & FD_CLOEXEC) != 0 && (::fcntl(3, F_GETFL) & O_NONBLOCK) != 0;
        return once && set && one.descriptor == 3 && one.host == host && one.port != 0 &&
               taken->named("app/http") == &one && taken->named("app/tcp") == nullptr &&
               taken->at(host, one.port) == &one && taken->at(host, 1) == nullptr;
    });
}

bool refused(int socket, const std::string& why) {
    const bool told = as_activated(socket, nullptr, [&why] {
        const auto taken = PassedSockets::take();
        return !taken && taken.error().text().find(why) != std::string::npos &&
               std::getenv("LISTEN_FDS") == nullptr;
    });
    ::close(socket);
    return told;
}

TEST(PassedSockets, AreKnownByTheirAddress) {
    for (const char* host : {"127.0.0.1", "0.0.0.0", "::1", "*", "::"}) {
        const auto opened = open_listeners(host, 0, 1);
        ASSERT_TRUE(opened.has_value()) << opened.error().text();
        EXPECT_TRUE(taken_as(opened->front(), host)) << host;
        ::close(opened->front());
    }
}

TEST(PassedSockets, OneAddressHasManySpellings) {
    const PassedSockets sockets(
        {{-1, "", "::1", 80}, {-1, "", "127.0.0.1", 80}, {-1, "", "*", 81}});
    EXPECT_EQ(sockets.at("0:0::01", 80), &sockets.all()[0]);
    EXPECT_EQ(sockets.at("localhost", 80), &sockets.all()[1]);
    EXPECT_EQ(sockets.at("", 81), &sockets.all()[2]);
    EXPECT_EQ(sockets.at("::", 81), nullptr);
    EXPECT_EQ(sockets.at("0.0.0.0", 81), nullptr);
}

TEST(PassedSockets, WhatCannotBeServedIsRefused) {
    EXPECT_TRUE(refused(::socket(AF_INET, SOCK_DGRAM, 0), "ListenDatagram="));
    EXPECT_TRUE(refused(::socket(AF_INET, SOCK_STREAM, 0), "does not listen"));
    EXPECT_TRUE(refused(::socket(AF_UNIX, SOCK_STREAM, 0), "Unix socket"));
    EXPECT_TRUE(refused(::open("/dev/null", O_RDONLY), "is no socket"));
}

}  // namespace
}  // namespace logwisp
