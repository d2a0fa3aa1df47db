// What we frame, a reader written from the WHATWG text gets back: exactly the events sent, whatever
// the log lines held and however the stream was cut. And an id of ours comes back as it was, while
// nothing else is taken for one.
#include "wire/sse.hpp"

#include <gtest/gtest.h>

#include <random>

#include "support/sse_parser.hpp"
#include "wire/json.hpp"

namespace logwisp {
namespace {

using test::SseEvent;
using test::SseParser;

std::string frame(std::string_view epoch, std::uint64_t sequence, std::string_view json) {
    // One byte more than promised, to see that it is not touched.
    std::string out(sse_frame_overhead_max + json.size() + 1, '#');
    const std::size_t bytes = sse_frame(epoch, sequence, json, out.data());
    EXPECT_LE(bytes, sse_frame_overhead_max + json.size());
    EXPECT_EQ(out.find_first_not_of('#', bytes), std::string::npos);
    out.resize(bytes);
    return out;
}

// Lines that try to become fields, events or comments of their own.
std::vector<std::string> hostile_lines() {
    using namespace std::string_literals;
    std::vector<std::string> lines = {"\r",
                                      "\n",
                                      "\r\n",
                                      "\n\n",
                                      "\r\r",
                                      "a\rb",
                                      "a\nb",
                                      "a\r\nb",
                                      "\ndata: pwned",
                                      "\revent: pwned",
                                      "event: pwned",
                                      "data: x",
                                      "id: 0-0",
                                      "retry: 1",
                                      ": comment",
                                      ":",
                                      "",
                                      " ",
                                      "  leading",
                                      "\n\nevent: pwned\ndata: y\n\n",
                                      "\0"s,
                                      "a\0b"s,
                                      "id: \0"s,
                                      "\xEF\xBB\xBF",
                                      "\xEF\xBB\xBF: x",
                                      "\xE2\x80\xA8",
                                      "\xE2\x80\xA9",
                                      "\xC2\x85",
                                      "\x0B\x0C",
                                      "\x7F",
                                      "\xFF\xFE",
                                      "\xC0\x8A",
                                      "\xF0\x9F\x98\x80",
                                      "\"}\n\ndata: {\"",
                                      "\\n",
                                      "\\r\\n",
                                      "\\u000a",
                                      "\\\\n",
                                      "\"\\\"",
                                      "</script>",
                                      "{\"a\":1}",
                                      std::string(100'000, '\n')};
    for (int byte = 0; byte < 256; ++byte) lines.emplace_back(3, static_cast<char>(byte));
    return lines;
}

std::string entry_of(std::string_view line) {
    std::string json = "{\"message\":";
    append_json_string(json, line);
    return json + '}';
}

TEST(SseFrame, IsWhatTheContractShows) {
    EXPECT_EQ(frame("e1", 42, R"({"message":"x"})"), "id: e1-42\ndata: {\"message\":\"x\"}\n\n");
    EXPECT_EQ(frame("e", 0, ""), "id: e-0\ndata: \n\n");
}

TEST(SseFrame, NumbersOfEveryLength) {
    std::uint64_t power = 1;
    for (int digits = 1; digits <= 20; ++digits, power *= 10) {
        for (const std::uint64_t n : {power - 1, power, power + 1, power * 9 / 10 * 7}) {
            EXPECT_EQ(frame("e", n, "{}"), "id: e-" + std::to_string(n) + "\ndata: {}\n\n");
        }
    }
    EXPECT_EQ(frame("e", UINT64_MAX, "{}"), "id: e-18446744073709551615\ndata: {}\n\n");
}

TEST(SseFrame, TheLongestEpochAndSequenceFit) {
    const std::string epoch(event_epoch_bytes_max, 'z');
    EXPECT_EQ(frame(epoch, UINT64_MAX, "{}").size(), 4 + 30 + 1 + 20 + 7 + 2 + 2u);
}

TEST(SseRoundTrip, EveryHostileLineIsOneEventWithItsOwnId) {
    std::string stream = sse_retry(2000) + sse_event("connected", "{}");
    std::vector<SseEvent> expected = {{"connected", "{}", ""}};
    std::uint64_t sequence = 1;
    for (const std::string& line : hostile_lines()) {
        const std::string json = entry_of(line);
        stream += frame("e1", sequence, json);
        expected.push_back({"message", json, format_event_id("e1", sequence)});
        ++sequence;
    }
    SseParser parser;
    parser.feed(stream);
    EXPECT_EQ(parser.events(), expected);
    EXPECT_EQ(parser.retry_ms(), 2000u);
    EXPECT_TRUE(parser.unknown_fields().empty());
    EXPECT_TRUE(parser.comments().empty());
    EXPECT_TRUE(parser.at_boundary());
}

TEST(SseRoundTrip, RandomLinesWithControlEventsBetweenCutAtRandom) {
    std::mt19937 random(7);
    const std::vector<std::string> pieces = hostile_lines();
    for (int round = 0; round < 300; ++round) {
        std::string stream;
        std::vector<SseEvent> expected;
        std::size_t comments = 0;
        std::string last_id;
        for (int i = 0; i < 20; ++i) {
            const std::uint64_t kind = random() % 8;
            if (kind == 0) {
                stream += sse_comment("heartbeat 2024-01-01T12:00:00Z clients=5 uptime=3600s");
                ++comments;
            } else if (kind == 1) {
                stream += sse_event("gap", R"({"dropped":120})");
                expected.push_back({"gap", R"({"dropped":120})", last_id});
            } else {
                // The last of the pieces is the 100,000 line feeds of the test above: 41 others
                // come first.
                std::string line;
                for (int part = 0; part < 3; ++part) line += pieces[random() % 41];
                const std::string json = entry_of(line);
                const std::uint64_t sequence = random();
                last_id = format_event_id("a.b_C9", sequence);
                stream += frame("a.b_C9", sequence, json);
                expected.push_back({"message", json, last_id});
            }
        }
        SseParser parser;
        for (std::size_t at = 0; at < stream.size();) {
            const std::size_t bytes = 1 + random() % 40;
            parser.feed(std::string_view(stream).substr(at, bytes));
            at += bytes;
        }
        ASSERT_EQ(parser.events(), expected);
        ASSERT_EQ(parser.comments().size(), comments);
        ASSERT_TRUE(parser.unknown_fields().empty());
        ASSERT_TRUE(parser.at_boundary());
    }
}

TEST(SseControl, Spelling) {
    EXPECT_EQ(sse_event("gap", R"({"dropped":1})"), "event: gap\ndata: {\"dropped\":1}\n\n");
    EXPECT_EQ(sse_comment("heartbeat"), ": heartbeat\n\n");
    EXPECT_EQ(sse_comment(""), ": \n\n");
    EXPECT_EQ(sse_retry(0), "retry: 0\n");
    EXPECT_EQ(sse_retry(UINT32_MAX), "retry: 4294967295\n");
}

TEST(SseControlDeathTest, NothingThatCouldBeginAnotherFieldIsTaken) {
    for (const char* event : {"", "a b", "a\nb", "a\r", "a:b", "caf\xC3\xA9"}) {
        EXPECT_DEATH((void)sse_event(event, "{}"), "CHECK");
    }
    EXPECT_DEATH((void)sse_event("gap", "{\n}"), "CHECK");
    EXPECT_DEATH((void)sse_event("gap", "{\r}"), "CHECK");
    EXPECT_DEATH((void)sse_comment("a\nb"), "CHECK");
    EXPECT_DEATH((void)sse_comment("a\rb"), "CHECK");
    EXPECT_DEATH((void)format_event_id("a-b", 1), "CHECK");
    EXPECT_DEATH((void)format_event_id("", 1), "CHECK");
    EXPECT_DEATH((void)format_event_id(std::string(31, 'a'), 1), "CHECK");
}

TEST(EventId, ComesBackAsItWas) {
    const std::string epochs[] = {"e", "01.aF_Z", std::string(event_epoch_bytes_max, '9')};
    for (const std::uint64_t sequence : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{99},
                                         std::uint64_t{1'000'000}, UINT64_MAX}) {
        for (const std::string& epoch : epochs) {
            const std::string text = format_event_id(epoch, sequence);
            EventId id;
            ASSERT_TRUE(parse_event_id(text, id)) << text;
            EXPECT_EQ(id.epoch, epoch);
            EXPECT_EQ(id.sequence, sequence);
        }
    }
}

TEST(EventId, NothingElseIsOne) {
    using namespace std::string_literals;
    const std::string strangers[] = {"",
                                     "-",
                                     "e",
                                     "e-",
                                     "-1",
                                     "1",
                                     "e--1",
                                     "e-+1",
                                     "e- 1",
                                     "e -1",
                                     " e-1",
                                     "e-1 ",
                                     "e-1\n",
                                     "e-1\r\n",
                                     "e-01",
                                     "e-00",
                                     "e-1a",
                                     "e-a",
                                     "e-0x1",
                                     "e-1.0",
                                     "e-1e3",
                                     "e-1-2",
                                     "e-1,2",
                                     "e-18446744073709551616",
                                     "e-99999999999999999999",
                                     "e-100000000000000000000",
                                     "e-184467440737095516150",
                                     "e\0-1"s,
                                     "e-1\0"s,
                                     "\0"s,
                                     "caf\xC3\xA9-1",
                                     "e-\xD9\xA1",
                                     "\xFF\xFE",
                                     "e/-1",
                                     "../-1",
                                     "e%2D1",
                                     "\"e-1\"",
                                     "e:1",
                                     "e_1",
                                     "null",
                                     "undefined",
                                     std::string(event_epoch_bytes_max + 1, 'e') + "-1",
                                     std::string(8192, 'x'),
                                     std::string(8192, '-'),
                                     std::string(8192, '9'),
                                     "e-" + std::string(8192, '0'),
                                     std::string(8192, 'e') + "-1"};
    for (const std::string& text : strangers) {
        EventId id{"untouched", 7};
        EXPECT_FALSE(parse_event_id(text, id)) << text;
        EXPECT_EQ(id.epoch, "untouched");
        EXPECT_EQ(id.sequence, 7u);
    }
}

}  // namespace
}  // namespace logwisp
