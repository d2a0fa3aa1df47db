// Where a reader wants to begin, in a query and in a line, and what is said when it cannot be understood. Method: tables.
#include "serve/read_from.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace logwisp {
namespace {

constexpr std::int64_t now_us = 1'700'000'000'000'000;

TEST(ReadCommand, IsOneLineOfKnownWords) {
    const auto from = [](std::string_view line) {
        const auto command = read_command(line, now_us);
        EXPECT_TRUE(command) << line;
        EXPECT_EQ(command->wrong, "") << line;
        return command->from;
    };
    EXPECT_EQ(from("RESUME abc-5").last_event_id, "abc-5");
    EXPECT_EQ(from("  TAIL\t7 \r").tail_entries, 7U);
    EXPECT_EQ(from("SINCE 10m").since_us, now_us - 600'000'000);
    EXPECT_TRUE(from("LOSSLESS").lossless);
    const ReadFrom both = from("LOSSLESS RESUME abc-5");
    EXPECT_TRUE(both.lossless && both.last_event_id == "abc-5");
    EXPECT_TRUE(from("TAIL 3 LOSSLESS").lossless);
    EXPECT_EQ(from("tail 5").tail_entries, 5U);
    EXPECT_EQ(from("Resume Abc-5").last_event_id, "Abc-5");
    EXPECT_TRUE(from("since 1h lossless").lossless);
}

TEST(ReadCommand, WhatMeansNothingIsNone) {
    for (const std::string_view line :
         {"", "\r", "hello", "GET / HTTP/1.1", "RESUMEX a", "tailor 5", "\x01\x02"})
        EXPECT_FALSE(read_command(line, now_us)) << line;
}

TEST(ReadCommand, WhatIsMeantAndWrongIsSaid) {
    for (const std::string_view line :
         {"RESUME", "RESUME zzz", "TAIL", "TAIL x", "TAIL -1", "TAIL 18446744073709551616", "SINCE",
          "SINCE noon", "LOSSLESS please", "TAIL 5 x", "resume nonsense", "tail -f app.log"}) {
        const auto command = read_command(line, now_us);
        ASSERT_TRUE(command) << line;
        EXPECT_NE(command->wrong, "") << line;
    }
}

TEST(ReadQuery, TakesWhatIsThereAndSaysWhatIsWrong) {
    ReadFrom from;
    EXPECT_EQ(
        read_query(
            "tail=5&last_event_id=a-1&since=1h&until=2023-11-14T22:13:20%2B00:00&lossless=1&x=y",
            now_us, from),
        "");
    EXPECT_EQ(from.tail_entries, 5U);
    EXPECT_EQ(from.last_event_id, "a-1");
    EXPECT_EQ(from.since_us, now_us - 3'600'000'000);
    EXPECT_EQ(from.until_us, now_us);
    EXPECT_TRUE(from.lossless && from.needs_past());
    EXPECT_EQ(read_query("lastEventId=b-2", now_us, from = {}), "");
    EXPECT_EQ(from.last_event_id, "b-2");
    EXPECT_FALSE(from.needs_past());
    // A page that has no id yet.
    EXPECT_EQ(read_query("last_event_id=&lastEventId=c-3", now_us, from = {}), "");
    EXPECT_EQ(from.last_event_id, "c-3");
    for (const auto& [query, name] : {std::pair{"tail=", "tail"},
                                      {"tail=5x", "tail"},
                                      {"tail=%zz", "tail"},
                                      {"tail=5%", "tail"},
                                      {"since=", "since"},
                                      {"since=%zz", "since"},
                                      {"since=1%ff", "since"},
                                      {"until=never", "until"},
                                      {"last_event_id=nonsense", "last_event_id"},
                                      {"last_event_id=a-01", "last_event_id"},
                                      {"last_event_id=%", "last_event_id"},
                                      {"lastEventId=null", "lastEventId"},
                                      {"last_event_id=a-1&lastEventId=b", "lastEventId"},
                                      {"lossless=%31%", "lossless"},
                                      {"lossless=true", "lossless"}})
        EXPECT_TRUE(read_query(query, now_us, from = {}).starts_with(name)) << query;
}

}  // namespace
}  // namespace logwisp
