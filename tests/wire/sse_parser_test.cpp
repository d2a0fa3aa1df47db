// The tests' own event-stream reader reads what the WHATWG text says, with that text's examples
// among the rows.
#include "support/sse_parser.hpp"

#include <gtest/gtest.h>

namespace logwisp::test {
namespace {

struct Row {
    std::string_view stream;
    std::vector<SseEvent> events;
};

std::vector<SseEvent> read(std::string_view stream) {
    SseParser parser;
    parser.feed(stream);
    return parser.events();
}

TEST(SseParser, Table) {
    using namespace std::string_view_literals;
    const Row rows[] = {
        {"", {}},
        {"data: a\n\n", {{"message", "a", ""}}},
        {"data: a\r\n\r\n", {{"message", "a", ""}}},
        {"data: a\r\r", {{"message", "a", ""}}},
        {"data: a\r\n\n", {{"message", "a", ""}}},
        {"data: a\n", {}},
        {"data: a\ndata: b\n\n", {{"message", "a\nb", ""}}},
        {"data:a\n\n", {{"message", "a", ""}}},
        {"data:  a\n\n", {{"message", " a", ""}}},
        {"data\n\ndata\ndata\n\ndata:", {{"message", "", ""}, {"message", "\n", ""}}},
        {"\xEF\xBB\xBF"
         "data: a\n\n",
         {{"message", "a", ""}}},
        {"\xEF\xBB\xBF\xEF\xBB\xBF"
         "data: a\n\n",
         {}},
        {"\n\xEF\xBB\xBF"
         "data: a\n\n",
         {}},
        {": comment\n\ndata: a\n\n", {{"message", "a", ""}}},
        {"event: x\ndata: a\n\ndata: b\n\n", {{"x", "a", ""}, {"message", "b", ""}}},
        {"event: x\n\ndata: b\n\n", {{"message", "b", ""}}},
        {"id: 1\ndata: a\n\ndata: b\n\n", {{"message", "a", "1"}, {"message", "b", "1"}}},
        {"id: 1\ndata: a\n\nid\ndata: b\n\n", {{"message", "a", "1"}, {"message", "b", ""}}},
        {"id: 1\n\nid: 2\0\ndata: a\n\n"sv, {{"message", "a", "1"}}},
        {"Data: a\n\n", {}},
        {" data: a\n\n", {}},
        {"data : a\n\n", {}},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(read(row.stream), row.events) << row.stream;
        SseParser by_byte;
        for (const char c : row.stream) by_byte.feed({&c, 1});
        EXPECT_EQ(by_byte.events(), row.events) << row.stream;
    }
}

TEST(SseParser, RetryTakesDigitsAlone) {
    SseParser parser;
    parser.feed("retry: 12\n");
    EXPECT_EQ(parser.retry_ms(), 12u);
    parser.feed("retry: -1\nretry: 1s\nretry:\nretry: 0x1\n");
    EXPECT_EQ(parser.retry_ms(), 12u);
}

}  // namespace
}  // namespace logwisp::test
