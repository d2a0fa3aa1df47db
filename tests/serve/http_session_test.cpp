// Every request is answered, in order, also those that came while an answer was still being put together elsewhere, and also when the client
// has said that it will send nothing more. Method: a session on a socket pair; its core answers when it is told to.
#include "serve/http_session.hpp"

#include <gtest/gtest.h>

#include <string>

#include "serve/fake_host.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

class HttpSessions : public test::BackendTest {
  protected:
    HttpSessions() {
        StreamConfig config;
        config.name = "app";
        config.http.enabled = true;
        site = make_http_site(std::make_shared<StreamInfo>(config, 1, 0));
    }
    ~HttpSessions() override {
        ::close(client);
        EXPECT_TRUE(turn_until([&] { return host.sessions.empty(); }));
    }
    void connect() { client = host.connect<HttpSession>(site); }
    void say(const std::string& text) {
        EXPECT_EQ(::send(client, text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    void get(const std::string& target) { say("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"); }
    void hear() {
        char bytes[4096];
        ssize_t count = 0;
        while ((count = ::recv(client, bytes, sizeof bytes, 0)) > 0)
            heard.append(bytes, static_cast<std::size_t>(count));
        closed = closed || count == 0;
    }
    bool hears(const std::string& text) {
        return turn_until([&] {
            hear();
            return heard.find(text) != std::string::npos;
        });
    }
    bool hears_the_end() {
        return turn_until([&] {
            hear();
            return closed;
        });
    }
    bool somebody_waits() {
        return turn_until([&] { return !host.waiting_for_status.empty(); });
    }

    test::FakeHost host{reactor()};
    std::shared_ptr<Site> site;
    int client = -1;
    std::string heard;
    bool closed = false;
};
LOGWISP_ON_ALL_BACKENDS(HttpSessions);

std::string statuses(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; (at = text.find("HTTP/1.1 ", at)) != std::string::npos; at += 9)
        out += text.substr(at + 9, 3) + " ";
    return out;
}

TEST_P(HttpSessions, RequestsBehindAStatusAreAnsweredAfterIt) {
    connect();
    get("/status");
    get("/nowhere");
    get("/healthz");
    ASSERT_TRUE(somebody_waits());
    host.answer_status();
    ASSERT_TRUE(hears("\"ok\""));
    EXPECT_EQ(statuses(heard), "200 404 200 ");
}

TEST_P(HttpSessions, AClientThatHasFinishedSendingIsAnsweredEverythingItAsked) {
    connect();
    get("/status");
    get("/nowhere");
    get("/status");
    get("/healthz");
    ::shutdown(client, SHUT_WR);
    ASSERT_TRUE(somebody_waits());
    // Until the session knows, too, that nothing more comes.
    for (int turn = 0; turn < 5; ++turn) reactor().run_turn(1'000'000);
    host.answer_status();
    ASSERT_TRUE(somebody_waits());
    host.answer_status();
    ASSERT_TRUE(hears_the_end());
    EXPECT_EQ(statuses(heard), "200 404 200 200 ");
    EXPECT_NE(heard.find("\"ok\""), std::string::npos) << heard;
}

TEST_P(HttpSessions, AStreamAskedForBehindAStatusBeginsAlsoForOneThatHasFinishedSending) {
    connect();
    get("/status");
    get("/stream");
    ::shutdown(client, SHUT_WR);
    ASSERT_TRUE(somebody_waits());
    for (int turn = 0; turn < 5; ++turn) reactor().run_turn(1'000'000);
    host.answer_status();
    ASSERT_TRUE(hears("event: connected"));
    // Whether it still reads is found out by comments.
    ASSERT_TRUE(hears("\n:"));
    EXPECT_EQ(statuses(heard), "200 200 ");
    EXPECT_FALSE(closed) << heard;
}

TEST_P(HttpSessions, AClientThatIsGoneWhileAStatusIsBeingMadeLeavesNothingBehind) {
    connect();
    get("/status");
    ASSERT_TRUE(somebody_waits());
    ::close(std::exchange(client, -1));
    for (int turn = 0; turn < 5; ++turn) reactor().run_turn(1'000'000);
    if (!host.waiting_for_status.empty()) host.answer_status();
    EXPECT_TRUE(turn_until([&] { return host.sessions.empty(); }));
}

}  // namespace
}  // namespace logwisp
