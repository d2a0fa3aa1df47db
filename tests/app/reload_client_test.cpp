// What answers in place of a service is not trusted: not with time, not with memory, not with the terminal; and a name is a service only
// when its process listens there. Method: this process takes the place of the service, under its own name and under others'.
#include "app/reload_client.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>
#include <thread>

#include "logwisp/control.hpp"

namespace logwisp {
namespace {

class Impostor {
  public:
    explicit Impostor(pid_t process)
        : listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const ControlAddress at = control_address(process);
        EXPECT_EQ(::bind(listening_, reinterpret_cast<const sockaddr*>(&at.address), at.bytes), 0);
        EXPECT_EQ(::listen(listening_, 1), 0);
    }
    ~Impostor() {
        if (thread_.joinable()) thread_.join();
        ::close(listening_);
    }
    Impostor(const Impostor&) = delete;
    Impostor& operator=(const Impostor&) = delete;

    // `text` to the one that comes; with `more` until he goes, but never more than he could miss.
    void answer(std::string text, const std::string& more = {}) {
        thread_ = std::thread([this, text = std::move(text), more] {
            const int asker = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
            ::send(asker, text.data(), text.size(), MSG_NOSIGNAL);
            for (std::size_t sent = 0; !more.empty() && sent < 100 * control_answer_bytes_max;) {
                const ssize_t got = ::send(asker, more.data(), more.size(), MSG_NOSIGNAL);
                if (got < 0) break;
                sent += static_cast<std::size_t>(got);
            }
            ::close(asker);
        });
    }

  private:
    int listening_;
    std::thread thread_;
};

struct Seen {
    int exit_code = 0;
    std::string text;
};

Seen reload(std::chrono::milliseconds wait = reload_wait_max) {
    ::testing::internal::CaptureStderr();
    const int exit_code = reload_main({std::to_string(::getpid())}, wait);
    return {exit_code, ::testing::internal::GetCapturedStderr()};
}

TEST(ReloadClient, WhatIsSaidIsTextInLines) {
    Impostor impostor(::getpid());
    impostor.answer("78\none\x1b[2J\ntwo\xff");
    const Seen seen = reload();
    EXPECT_EQ(seen.exit_code, 78);
    EXPECT_TRUE(seen.text.starts_with("one\\x1b[2J\ntwo\xEF\xBF\xBD\n")) << seen.text;
}

TEST(ReloadClient, AnExitCodeIsOne) {
    for (const char* code : {"256", "-1"}) {
        Impostor impostor(::getpid());
        impostor.answer(std::string(code) + "\n");
        EXPECT_EQ(reload().exit_code, 1) << code;
    }
}

TEST(ReloadClient, AnAnswerWithoutEndIsCut) {
    Impostor impostor(::getpid());
    impostor.answer("1\n", std::string(4096, 'x'));
    const Seen seen = reload();
    EXPECT_EQ(seen.exit_code, 1);
    EXPECT_LT(seen.text.size(), 2 * control_answer_bytes_max);
}

TEST(ReloadClient, WhoSaysNothingIsNotWaitedForForEver) {
    const Impostor impostor(::getpid());
    const Seen seen = reload(std::chrono::milliseconds(20));
    EXPECT_EQ(seen.exit_code, 1);
    EXPECT_NE(seen.text.find("does not answer"), std::string::npos) << seen.text;
}

TEST(ReloadClient, ANameIsAServiceWhenItsProcessListensThere) {
    constexpr pid_t nobody = std::numeric_limits<pid_t>::max();
    const Impostor own(::getpid()), parent(::getppid()), none(nobody);
    const auto services = running_services();
    const auto has = [&](pid_t process) {
        return std::find(services.begin(), services.end(), process) != services.end();
    };
    EXPECT_TRUE(has(::getpid()));
    EXPECT_FALSE(has(::getppid()));
    EXPECT_FALSE(has(nobody));
}

}  // namespace
}  // namespace logwisp
