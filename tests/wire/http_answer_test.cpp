// An answer's head says exactly how long it is and whether another follows, and nothing put into a
// header can add a line to it.
#include <gtest/gtest.h>

#include "wire/http.hpp"

namespace logwisp {
namespace {

TEST(HttpAnswer, AStatusPage) {
    HttpAnswer answer;
    answer.body = "{}";
    EXPECT_EQ(http_answer(answer),
              "HTTP/1.1 200 OK\r\n"
              "Content-Type: application/json\r\n"
              "X-Content-Type-Options: nosniff\r\n"
              "Content-Length: 2\r\n"
              "\r\n"
              "{}");
}

TEST(HttpAnswer, HeadSaysTheLengthAndSendsNothing) {
    HttpAnswer answer;
    answer.body = "{\"a\":1}";
    answer.head_only = true;
    const std::string out = http_answer(answer);
    EXPECT_NE(out.find("Content-Length: 7\r\n"), std::string::npos);
    EXPECT_TRUE(out.ends_with("\r\n\r\n"));
}

TEST(HttpAnswer, AnEmptyBodyHasALengthToo) {
    HttpAnswer answer;
    answer.content_type = "";
    EXPECT_EQ(http_answer(answer),
              "HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpAnswer, ConnectionIsSaidWhenItIsNotTheVersionsDefault) {
    HttpAnswer answer;
    EXPECT_EQ(http_answer(answer).find("Connection:"), std::string::npos);
    answer.minor_version = 0;
    EXPECT_NE(http_answer(answer).find("\r\nConnection: keep-alive\r\n"), std::string::npos);
    answer.keep_alive = false;
    EXPECT_NE(http_answer(answer).find("\r\nConnection: close\r\n"), std::string::npos);
    answer.minor_version = 1;
    EXPECT_NE(http_answer(answer).find("\r\nConnection: close\r\n"), std::string::npos);
}

TEST(HttpAnswer, AStreamIsDelimitedByItsClose) {
    HttpAnswer answer;
    answer.streaming = true;
    answer.content_type = "text/event-stream; charset=utf-8";
    answer.headers = {{"Cache-Control", "no-store, no-transform"}, {"X-Accel-Buffering", "no"}};
    answer.body = "retry: 2000\n";
    EXPECT_EQ(http_answer(answer),
              "HTTP/1.1 200 OK\r\n"
              "Content-Type: text/event-stream; charset=utf-8\r\n"
              "Cache-Control: no-store, no-transform\r\n"
              "X-Accel-Buffering: no\r\n"
              "X-Content-Type-Options: nosniff\r\n"
              "Connection: close\r\n"
              "\r\n"
              "retry: 2000\n");
}

TEST(HttpAnswer, HeadOfAStreamLeavesTheConnectionUsable) {
    HttpAnswer answer;
    answer.streaming = true;
    answer.head_only = true;
    const std::string out = http_answer(answer);
    EXPECT_EQ(out.find("Connection:"), std::string::npos);
    EXPECT_EQ(out.find("Content-Length:"), std::string::npos);
}

TEST(HttpAnswer, NoContentHasNeitherTypeNorLength) {
    HttpAnswer answer;
    answer.status = 204;
    answer.headers = {{"Allow", "GET, HEAD, OPTIONS"}};
    EXPECT_EQ(http_answer(answer),
              "HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, OPTIONS\r\n"
              "X-Content-Type-Options: nosniff\r\n\r\n");
}

TEST(HttpAnswer, NoValueCanAddALine) {
    for (int byte = 0; byte < 256; ++byte) {
        HttpAnswer answer;
        answer.headers = {{"Access-Control-Allow-Origin",
                           std::string("a") + static_cast<char>(byte) + "Set-Cookie: b"}};
        const std::string out = http_answer(answer);
        const std::string value = out.substr(out.find("-Origin: ") + 9, 15);
        const bool dangerous = (byte < 0x20 && byte != '\t') || byte == 0x7F;
        EXPECT_EQ(static_cast<unsigned char>(value[1]), dangerous ? ' ' : byte) << byte;
        EXPECT_EQ(out.find("\r\nSet-Cookie"), std::string::npos) << byte;
    }
}

TEST(HttpAnswerDeathTest, NamesAndFramingAreOurOwn) {
    for (const char* name :
         {"", "a b", "a:", "a\r\nb", "Content-Length", "connection", "TRANSFER-ENCODING"}) {
        HttpAnswer answer;
        answer.headers = {{name, "x"}};
        EXPECT_DEATH((void)http_answer(answer), "CHECK") << name;
    }
}

TEST(HttpReason, EveryStatusTheParserRefusesWithHasItsName) {
    for (const int status : {200, 204, 400, 404, 405, 408, 413, 414, 417, 431, 500, 503, 505}) {
        EXPECT_NE(http_reason(static_cast<std::uint16_t>(status)), "Unknown") << status;
    }
    EXPECT_EQ(http_reason(299), "Unknown");
}

TEST(HttpErrorBody, ListsWhatThereIs) {
    EXPECT_EQ(http_error_body(404, "no \"x\"", {"/stream", "/status"}),
              R"({"error":"Not Found","message":"no \"x\"","available":["/stream","/status"]})");
    EXPECT_EQ(http_error_body(400, "bad", {}), R"({"error":"Bad Request","message":"bad"})");
}

}  // namespace
}  // namespace logwisp
