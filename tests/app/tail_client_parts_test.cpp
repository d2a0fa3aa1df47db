// The parts of `logwisp tail` that are pure over bytes. Event streams give the events of the WHATWG
// grammar, at every split into two and byte by byte; entries are shown completely, as valid UTF-8
// and without control characters; addresses mean what the help says.
#include <gtest/gtest.h>
#include <iconv.h>

#include <algorithm>
#include <random>

#include "app/tail_client_backoff.hpp"
#include "app/tail_client_event_stream.hpp"
#include "app/tail_client_json.hpp"
#include "app/tail_client_options.hpp"
#include "app/tail_client_render.hpp"

namespace logwisp {
namespace {

using namespace std::string_view_literals;

// "type|data" per event, "retry N", and at the end "id X".
std::vector<std::string> events_of(std::initializer_list<std::string_view> pieces,
                                   std::string id = {}) {
    std::vector<std::string> seen;
    EventStreamParser parser(
        {.on_event =
             [&](const ServerEvent& event) {
                 seen.push_back(std::string(event.type) + "|" + std::string(event.data));
             },
         .on_retry = [&](std::uint64_t ms) { seen.push_back("retry " + std::to_string(ms)); }},
        std::move(id));
    for (const std::string_view piece : pieces) parser.feed(piece);
    seen.push_back("id " + parser.last_event_id());
    return seen;
}

struct StreamCase {
    std::string_view bytes;
    std::vector<std::string> events;
};

const std::vector<StreamCase> stream_cases = {
    {"data: a\n\n", {"message|a", "id "}},
    {"data: a\r\n\r\ndata: b\r\rdata: c\n\n", {"message|a", "message|b", "message|c", "id "}},
    {"\xEF\xBB\xBF"
     "data: a\n\n\xEF\xBB\xBF"
     "data: b\n\n",
     {"message|a", "id "}},
    {"data\ndata:\ndata: x\ndata:  y\n\n", {"message|\n\nx\n y", "id "}},
    {"data\n\n", {"message|", "id "}},
    {"event: gap\ndata: 1\n\ndata: 2\n\n", {"gap|1", "message|2", "id "}},
    {"event: lost\n\ndata: 2\n\n", {"message|2", "id "}},
    {"id: 1\ndata: a\n\nid: 2\ndata: half\n", {"message|a", "id 1"}},
    {"id: 1\n\nid\n\n", {"id "}},
    {"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n"sv, {"message|a", "message|b", "id 1"}},
    {"retry: 10\nretry: 1x\nretry: -1\nretry:\nretry: 99999999999999999999\nretry:7\n",
     {"retry 10", "retry 7", "id "}},
    {": comment\n:\nnonsense: 1\nDATA: x\n data: y\ndata: z\n\n", {"message|z", "id "}},
    {"\n\n\rdata: a\n\n", {"message|a", "id "}},
    {"data: {\"a\":\"\xE2\x80\xA8\"}\n\n", {"message|{\"a\":\"\xE2\x80\xA8\"}", "id "}},
};

TEST(TailEventStream, GrammarAtEverySplit) {
    for (const StreamCase& test : stream_cases) {
        for (std::size_t split = 0; split <= test.bytes.size(); ++split)
            EXPECT_EQ(events_of({test.bytes.substr(0, split), test.bytes.substr(split)}),
                      test.events)
                << test.bytes << " split at " << split;
        std::vector<std::string> seen;
        EventStreamParser parser(
            {.on_event = [&](const ServerEvent& event) { seen.emplace_back(event.data); },
             .on_retry = [](std::uint64_t) {}},
            {});
        for (std::size_t i = 0; i < test.bytes.size(); ++i) parser.feed(test.bytes.substr(i, 1));
        EXPECT_EQ("id " + parser.last_event_id(), test.events.back());
    }
}

TEST(TailEventStream, TheIdIsKeptAcrossConnections) {
    EXPECT_EQ(events_of({"data: a\n\n"}, "e-7"), (std::vector<std::string>{"message|a", "id e-7"}));
}

std::string shown_entry(std::string_view json) {
    std::string out;
    const auto members = json_members(json);
    EXPECT_TRUE(members.has_value()) << json;
    if (members) append_entry_text(out, *members, false);
    return out;
}

TEST(TailRender, ShowsTheWholeEntry) {
    EXPECT_EQ(
        shown_entry(
            R"({"time":"t","source":"s","level":"WARN","message":"m\t\"q\" \ud83d\ude00\u00e9","fields":)"
            R"({"a":1,"b":"x","c":"x y","d":{"e":["}"]},"f":null,"g":""}})"),
        "t WARN  s m\t\"q\" \xF0\x9F\x98\x80\xC3\xA9 a=1 b=x c=\"x y\" d={\"e\":[\"}\"]} f=null "
        "g=\"\"\n");
    EXPECT_EQ(shown_entry(R"( { "time" : "t" , "source":"s","message":12} )"), "t -     s 12\n");
    EXPECT_EQ(shown_entry("{}"), " -      \n");
}

TEST(TailJson, ElementsAsTheyAreWritten) {
    using Elements = std::vector<std::string_view>;
    EXPECT_EQ(json_elements(R"([1, {"a":[2]} ,"x,]"])"),
              (Elements{"1", R"({"a":[2]})", R"("x,]")"}));
    for (const char* text : {"", "[]", "[1", "{}", "[1,]", "[,1]"})
        EXPECT_EQ(json_elements(text), Elements{}) << text;
}

TEST(TailJson, OtherTextIsNoObject) {
    for (const std::string_view text :
         {"", "x", "[1]", "{", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\":1", "{\"a\":1,}",
          "{\"a\":1}x", "{\"a\":\"", "{\"a\":\"\\", "{\"\\u12\":1}", "{a:1}"})
        EXPECT_FALSE(json_members(text).has_value()) << text;
    EXPECT_EQ(json_text("\"\\ud800x\""), "\xEF\xBF\xBDx");
    EXPECT_EQ(json_text("12"), std::nullopt);
}

// By the C library's own decoder: valid UTF-8, and no control character but LF and tab, C1 and
// bidirectional ones included.
bool is_harmless(std::string text) {
    const iconv_t decoder = iconv_open("UTF-32LE", "UTF-8");
    std::vector<char32_t> codes(text.size() + 1);
    char* in = text.data();
    char* out = reinterpret_cast<char*>(codes.data());
    std::size_t in_left = text.size();
    std::size_t out_left = codes.size() * sizeof(char32_t);
    const bool valid = iconv(decoder, &in, &in_left, &out, &out_left) == 0 && in_left == 0;
    iconv_close(decoder);
    codes.resize(codes.size() - out_left / sizeof(char32_t));
    return valid && std::none_of(codes.begin(), codes.end(), [](char32_t code) {
               return (code < 0x20 && code != '\n' && code != '\t') ||
                      (code >= 0x7F && code < 0xA0) || (code >= 0x202A && code <= 0x202E) ||
                      (code >= 0x2066 && code <= 0x2069);
           });
}

TEST(TailRender, AnythingAtAllIsHarmless) {
    std::mt19937 random(20240101);
    const std::string_view pieces[] = {"{\"message\":\"",
                                       "\"}",
                                       "\\u001b",
                                       "\x1b[2J",
                                       "\xC2\x9B",
                                       "\xE2\x80\xAE",
                                       "\xED\xA0\x80",
                                       "\xF4\x90\x80\x80",
                                       "\xC0\x80",
                                       "\xE2\x80",
                                       "\x80",
                                       "\r",
                                       "\b",
                                       "\x7f",
                                       "\\",
                                       ",\"fields\":{",
                                       "}",
                                       "\\ud83d",
                                       "é",
                                       "\xF3\xA0\x81\x81"};
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (auto count = random() % 12; count > 0; --count)
            text += pieces[random() % std::size(pieces)];
        std::string out;
        if (const auto members = json_members(text)) append_entry_text(out, *members, false);
        append_plain_text(out, text, EscapeStyle::text);
        append_plain_text(out, text, EscapeStyle::json);
        ASSERT_TRUE(is_harmless(out)) << ::testing::PrintToString(text);
    }
}

TEST(TailRender, RawJsonStaysJson) {
    std::string out;
    append_plain_text(out, "{\"a\":\n\"\xC2\x9B\x1b\xF3\xA0\x81\x81\"}", EscapeStyle::json);
    EXPECT_EQ(out, "{\"a\": \"\\u009b\\u001b\\udb40\\udc41\"}\n");
}

TEST(TailOptions, Addresses) {
    const auto url = parse_tail_address("http://[::1]:8080/a/b?x=1#part");
    ASSERT_TRUE(url.has_value());
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->authority(), "[::1]:8080");
    EXPECT_EQ(url->path, "/a/b");
    EXPECT_EQ(url->query, "x=1");
    EXPECT_EQ(parse_tail_address("http://host")->path, "/stream");
    EXPECT_EQ(parse_tail_address("http://host")->port, "80");
    EXPECT_EQ(parse_tail_address("http://host?tail=3")->query, "tail=3");
    EXPECT_EQ(parse_tail_address("tcp://host:9090")->protocol, TailProtocol::tcp);
    EXPECT_EQ(parse_tail_address(":9090")->host, "localhost");
    EXPECT_EQ(parse_tail_address("[::1]:9090")->port, "9090");
}

TEST(TailBackoff, DoublesUpToHalfAMinuteAndObeysTheServer) {
    Backoff backoff(2000);
    EXPECT_EQ(backoff.next_ms(0), 2000u);
    EXPECT_EQ(backoff.next_ms(0.5), 5000u);
    for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.next_ms(0.99), 30'000u);
    EXPECT_EQ(backoff.next_ms(0), 30'000u);
    backoff.reset();
    backoff.set_base(50);
    EXPECT_EQ(backoff.next_ms(0), 50u);
    backoff.set_base(0);
    backoff.reset();
    EXPECT_EQ(backoff.next_ms(0), 10u);
    backoff.set_base(~0ull);
    EXPECT_EQ(backoff.next_ms(0), 30'000u);
}

}  // namespace
}  // namespace logwisp
