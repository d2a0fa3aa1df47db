// `logwisp tail` prints every event once, whatever way the bytes arrive, comes back after every
// kind of lost connection and resumes after the last event it printed, tells gaps, and ends with
// the exit code its header promises. Method: the real client in a process of its own against a
// server that plays one scripted conversation over a real socket.
#include "app/tail_client.hpp"

#include "app/tail_client_harness.hpp"

namespace logwisp::tail_test {
namespace {

TEST(TailClient, PrintsEntriesPlainInAPipe) {
    ScriptedServer server;
    TailProcess tail({server.url(), "--no-reconnect"});
    auto connection = server.accept();
    const std::string request = connection.read_request();
    EXPECT_TRUE(request.starts_with("GET /stream HTTP/1.1\r\nHost: " + server.address() + "\r\n"));
    EXPECT_NE(request.find("Accept: text/event-stream\r\n"), std::string::npos);
    EXPECT_EQ(request.find("Last-Event-ID"), std::string::npos);
    connection.send(stream_head);
    connection.send(std::string(greeting) + entry_event(1) + ": heartbeat\n\n");
    connection.send("data: {\"type\":\"heartbeat\",\"uptime_seconds\":1}\n\n" + entry_event(2));
    connection.close();
    EXPECT_EQ(tail.whole_output(), entry_text(1) + entry_text(2));
    EXPECT_EQ(tail.exit_code(), 0);
}

TEST(TailClient, BytesMayComeOneByOneAndInChunks) {
    for (const bool chunked : {false, true}) {
        ScriptedServer server;
        TailProcess tail({server.url(), "--no-reconnect"});
        auto connection = server.accept();
        connection.read_request();
        const std::string body = std::string(greeting) + entry_event(1) + entry_event(2);
        std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
        if (chunked) {
            char size[16];
            std::snprintf(size, sizeof size, "%zx", body.size() - 7);
            answer += "Transfer-Encoding: chunked\r\n\r\n7\r\n" + body.substr(0, 7) + "\r\n" +
                      size + "\r\n" + body.substr(7) + "\r\n0\r\n\r\n";
        } else {
            answer += "\r\n" + body;
        }
        connection.send_bytewise(answer);
        if (!chunked) connection.close();
        EXPECT_EQ(tail.whole_output(), entry_text(1) + entry_text(2));
        EXPECT_EQ(tail.exit_code(), 0);
    }
}

TEST(TailClient, ResumesAfterTheLastWholeEvent) {
    ScriptedServer server;
    TailProcess tail({server.url("/app/stream?x=1"), "-n", "5"});
    {
        auto connection = server.accept();
        EXPECT_TRUE(
            connection.read_request().starts_with("GET /app/stream?x=1&tail=5 HTTP/1.1\r\n"));
        connection.send(std::string(stream_head) + std::string(greeting) + entry_event(1) +
                        "id: e-2\ndata: {\"half");
        connection.close();
    }
    {
        auto connection = server.accept();
        const std::string request = connection.read_request();
        EXPECT_TRUE(request.starts_with("GET /app/stream?x=1 HTTP/1.1\r\n"));
        EXPECT_NE(request.find("\r\nLast-Event-ID: e-1\r\n"), std::string::npos);
        connection.send(std::string(stream_head) + std::string(greeting) + entry_event(2));
        tail.output_with(entry_text(2));
        connection.abort();
    }
    {
        auto connection = server.accept();
        EXPECT_NE(connection.read_request().find("\r\nLast-Event-ID: e-2\r\n"), std::string::npos);
        connection.send(
            std::string(stream_head) + std::string(greeting) +
            "event: gap\ndata: {\"dropped\":120,\"from\":\"e-3\",\"to\":\"e-122\"}\n\n" +
            entry_event(123));
        EXPECT_EQ(tail.output_with(entry_text(123)),
                  entry_text(1) + entry_text(2) + entry_text(123));
        connection.send("event: disconnect\ndata: {\"reason\":\"server_shutdown\"}\n\n");
    }
    EXPECT_NE(tail.error_with("shutting down").find("-- 120 entries missed --\n"),
              std::string::npos);
    // A proxy in front of a server that is being restarted is no reason to give up.
    {
        auto connection = server.accept();
        connection.read_request();
        connection.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    }
    auto connection = server.accept();
    EXPECT_NE(connection.read_request().find("\r\nLast-Event-ID: e-123\r\n"), std::string::npos);
}

TEST(TailClient, WaitsForAServerThatIsNotThereYet) {
    std::string address;
    {
        ScriptedServer gone;
        address = gone.address();
    }
    TailProcess tail({address});
    EXPECT_NE(tail.error_with("trying again").find("cannot connect: Connection refused"),
              std::string::npos);
    TailProcess once({address, "--no-reconnect"});
    EXPECT_EQ(once.exit_code(), 1);
}

TEST(TailClient, ReadsRawTcpAndComesBack) {
    ScriptedServer server;
    TailProcess tail({server.address(), "--json"});
    {
        auto connection = server.accept();
        connection.send_bytewise(
            "{\"message\":\"one\"}\n{\"type\":\"heartbeat\",\"active_clients\":1}\n{\"type\":"
            "\"gap\",\"dropped\":1}\n");
        connection.send("{\"message\":\"two\"}\n{\"message\":\"cut");
        EXPECT_EQ(tail.output_with("two\"}\n"), "{\"message\":\"one\"}\n{\"message\":\"two\"}\n");
        connection.send("off\"}\n{\"type\":\"disconnect\",\"reason\":\"server_shutdown\"}\n");
    }
    auto connection = server.accept();
    connection.send("{\"message\":\"three\"}\n");
    EXPECT_EQ(tail.output_with("three\"}\n"),
              "{\"message\":\"one\"}\n{\"message\":\"two\"}\n{\"message\":\"cutoff\"}\n{"
              "\"message\":\"three\"}\n");
    const std::string& error = tail.error_with("connected again");
    EXPECT_NE(error.find("-- 1 entry missed --\n"), std::string::npos);
    EXPECT_NE(error.find("-- the server is shutting down; trying again"), std::string::npos);
}

TEST(TailClient, ResumesRawTcpByIds) {
    ScriptedServer server;
    TailProcess tail({server.address(), "--json", "--tail", "3"});
    {
        auto connection = server.accept();
        EXPECT_EQ(connection.read_line(), "TAIL 3");
        connection.send(
            "{\"id\":\"e-7\",\"message\":\"one\"}\n{\"id\":\"e-8\",\"message\":\"two\"}\n");
        EXPECT_EQ(tail.output_with("two\"}\n"), "{\"message\":\"one\"}\n{\"message\":\"two\"}\n");
    }
    auto connection = server.accept();
    EXPECT_EQ(connection.read_line(), "RESUME e-8");
    connection.send("{\"id\":\"e-9\",\"message\":\"three\"}\n");
    tail.output_with("{\"message\":\"three\"}\n");
    EXPECT_NE(tail.error_with("connected again").find("resuming after e-8"), std::string::npos);
}

// Shown as they come they would be shown again by the next connection, and what was before them never.
TEST(TailClient, WhatComesInsteadOfWhatIsResumedIsNotShown) {
    ScriptedServer server;
    TailProcess tail({server.address(), "--json"});
    {
        auto connection = server.accept();
        EXPECT_EQ(connection.read_line(), "TAIL 0");
        connection.send("{\"id\":\"e-7\",\"message\":\"one\"}\n");
        tail.output_with("one\"}\n");
    }
    {
        auto connection = server.accept();
        EXPECT_EQ(connection.read_line(), "RESUME e-7");
        connection.send(
            "{\"message\":\"three\"}\n{\"type\":\"gap\",\"dropped\":5}\n"
            "{\"type\":\"error\",\"message\":\"Too late\"}\n{\"message\":\"four\"}\n");
        tail.error_with("did not resume; trying again");
    }
    auto connection = server.accept();
    EXPECT_EQ(connection.read_line(), "RESUME e-7");
    connection.send(
        "{\"type\":\"gap\",\"dropped\":null,\"from\":\"e-8\",\"to\":\"e-8\"}\n"
        "{\"id\":\"e-9\",\"message\":\"three\"}\n");
    EXPECT_EQ(tail.output_with("three\"}\n"), "{\"message\":\"one\"}\n{\"message\":\"three\"}\n");
    const std::string& error = tail.error_with("entries missed");
    EXPECT_NE(error.find("-- the server says: Too late --\n"), std::string::npos) << error;
    EXPECT_EQ(error.find("5 entries missed"), std::string::npos) << error;
    EXPECT_NE(error.find("-- some entries missed --\n"), std::string::npos) << error;
}

TEST(TailClient, WhatIsWrongWithTheFirstWordsIsNoEntry) {
    ScriptedServer server;
    TailProcess tail({server.address(), "--json", "--tail", "3"});
    auto connection = server.accept();
    connection.send(
        "{\"message\":\"one\"}\n{\"type\":\"error\",\"message\":\"Too "
        "late\"}\n{\"message\":\"two\"}\n");
    EXPECT_EQ(tail.output_with("two\"}\n"), "{\"message\":\"one\"}\n{\"message\":\"two\"}\n");
    tail.error_with("-- the server says: Too late --\n");
}

TEST(TailClient, TellsWhatTheServerRefused) {
    struct Case {
        std::string answer;
        std::string told;
    };
    const std::string body =
        "{\"error\":\"Not Found\",\"message\":\"no such "
        "\\u001b[31mpath\",\"available\":[\"/stream\"]}";
    const Case cases[] = {
        {"HTTP/1.1 404 Not Found\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
             body,
         "the server answers 404 Not Found: no such \\x1b[31mpath (available: [\"/stream\"])"},
        {"HTTP/1.1 503 Service Unavailable\r\n\r\nbusy\nsecond line",
         "503 Service Unavailable: busy\n"},
        {"HTTP/1.1 301 Moved\r\nLocation: http://other/\r\nContent-Length: 0\r\n\r\n",
         "redirecting to http://other/, which is not followed"},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
         "no event stream: the server answers application/json"},
        {"HTTP/1.1 204 No Content\r\n\r\n", "204 No Content"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "not an HTTP answer"},
    };
    for (const Case& test : cases) {
        ScriptedServer server;
        TailProcess tail({server.url()});
        auto connection = server.accept();
        connection.read_request();
        connection.send(test.answer);
        connection.close();
        EXPECT_NE(tail.whole_error().find(test.told), std::string::npos) << tail.whole_error();
        EXPECT_EQ(tail.exit_code(), 1) << test.told;
        EXPECT_EQ(tail.whole_output(), "");
    }
}

TEST(TailClient, HostileTextNeverReachesATerminal) {
    ScriptedServer server;
    TailProcess tail({server.url(), "--no-reconnect"}, TailProcess::Output::terminal);
    auto connection = server.accept();
    connection.read_request();
    connection.send(stream_head);
    connection.send(
        "data: "
        "{\"time\":\"t\",\"source\":\"\\u001b]0;title\\u0007\",\"level\":\"ERROR\",\"message\":"
        "\"a\\u001b[2Jb\\rc\\n"
        "d\\u009b31m\xC2\x9B"
        "e\\u202ef\xff\\u0008\",\"fields\":{\"\\u001bk\":\"\\u001bv\",\"n\":[1,\"\\u001b\"]}}\n\n");
    connection.send("data: raw\x1b[31m\x07\n\n");
    connection.close();
    std::string printed = tail.whole_output();
    // What is left once our own colours are taken away holds nothing that a terminal would obey.
    for (const std::string_view color : {"\x1b[2m", "\x1b[1;31m", "\x1b[34m", "\x1b[0m"}) {
        EXPECT_NE(printed.find(color), std::string::npos);
        for (std::size_t at = 0; (at = printed.find(color)) != std::string::npos;)
            printed.erase(at, color.size());
    }
    EXPECT_EQ(printed,
              "t ERROR \\x1b]0;title\\x07 "
              "a\\x1b[2Jb\\rc\\nd\\x9b31m\\x9be\\u202ef\xEF\xBF\xBD\\x08 \\x1bk=\\x1bv "
              "n=[1,\"\\u001b\"]\r\nraw\\x1b[31m\\x07\r\n");
}

TEST(TailClient, EndsQuietlyWhenNobodyReads) {
    ScriptedServer server;
    TailProcess tail({server.url()});
    auto connection = server.accept();
    connection.read_request();
    connection.send(std::string(stream_head) + std::string(greeting) + entry_event(1));
    tail.output_with(entry_text(1));
    tail.close_output();  // no further entry is needed to notice it
    EXPECT_EQ(tail.exit_code(), 0);
    EXPECT_EQ(tail.whole_error(), "");
}

TEST(TailClient, EndsByTheSignalItGets) {
    for (const int number : {SIGINT, SIGTERM}) {
        ScriptedServer server;
        TailProcess tail({server.url()});
        auto connection = server.accept();
        connection.read_request();
        connection.send(std::string(stream_head) + std::string(greeting) + entry_event(1));
        tail.output_with(entry_text(1));
        tail.send_signal(number);
        EXPECT_EQ(tail.exit_code(), 128 + number);
    }
}

TEST(TailClient, InterruptedBeforeAnythingCameSaysNothing) {
    ScriptedServer server;
    TailProcess tail({server.url()});
    auto connection = server.accept();
    connection.read_request();
    tail.send_signal(SIGINT);
    EXPECT_EQ(tail.exit_code(), 128 + SIGINT);
    EXPECT_EQ(tail.whole_error(), "");
}

TEST(TailClient, BadUsageIsTwo) {
    const std::vector<std::vector<std::string>> wrong = {{},
                                                         {"https://127.0.0.1/stream"},
                                                         {"ftp://x/"},
                                                         {"127.0.0.1"},
                                                         {"127.0.0.1:0"},
                                                         {"127.0.0.1:99999"},
                                                         {"::1:9090"},
                                                         {"http://user@host/"},
                                                         {"http://host/a b"},
                                                         {"-n", "x", "http://host/"},
                                                         {"--what", "host:1"},
                                                         {"host:1", "host:2"}};
    for (const auto& arguments : wrong) {
        TailProcess tail(arguments);
        EXPECT_EQ(tail.exit_code(), 2) << ::testing::PrintToString(arguments);
        EXPECT_EQ(tail.whole_output(), "");
    }
    TailProcess help({"--help"});
    EXPECT_NE(help.whole_output().find("--no-reconnect"), std::string::npos);
    EXPECT_EQ(help.exit_code(), 0);
}

}  // namespace
}  // namespace logwisp::tail_test
