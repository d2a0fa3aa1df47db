// Times. Method: tables of texts that are and are not times, and the C library's calendar as the
// second opinion on every day.
#include "entry/time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace logwisp {
namespace {

std::string text_of(std::int64_t microseconds) {
    TimeWriter writer;
    char text[32];
    return {text, writer.write({microseconds}, text)};
}

TEST(TimeTest, Rfc3339) {
    constexpr std::string_view good[] = {
        "2024-01-02T03:04:05Z",           "2024-01-02T03:04:05.6Z",
        "2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.123456789012345678901234567890Z",
        "2024-01-02t03:04:05z",           "2024-01-02T03:04:05+00:00",
        "2024-01-02T03:04:05-00:00",      "2024-01-02T03:04:05+23:59",
        "2024-01-02T03:04:05-23:59",      "2024-01-02T03:04:05.5-07:30",
        "0000-01-01T00:00:00Z",           "9999-12-31T23:59:59Z",
        "2024-02-29T00:00:00Z",           "2000-02-29T00:00:00Z",
        "2024-01-31T00:00:00Z",           "2024-04-30T00:00:00Z",
        "2016-12-31T23:59:60Z",           "2016-12-31T23:59:60.5Z",
        "2017-01-01T00:59:60+01:00",      "2016-12-31T15:59:60-08:00",
        "2017-01-01T05:29:60+05:30",      "2015-06-30T23:59:60Z",
    };
    for (const std::string_view text : good) EXPECT_TRUE(is_rfc3339(text)) << text;

    constexpr std::string_view bad[] = {
        "",
        "2024",
        "2024-01-02",
        "2024-01-02T03:04:05",
        "2024-01-02 03:04:05Z",
        "2024-01-02_03:04:05Z",
        "2024-01-02T03:04Z",
        "2024-01-02T03:04:05.Z",
        "2024-01-02T03:04:05,5Z",
        "2024-01-02T03:04:05+0100",
        "2024-01-02T03:04:05+01",
        "2024-01-02T03:04:05+24:00",
        "2024-01-02T03:04:05+01:60",
        "2024-01-02T03:04:05 Z",
        "2024-01-02T03:04:05Z ",
        " 2024-01-02T03:04:05Z",
        "2024-01-02T03:04:05ZZ",
        "2024-00-02T03:04:05Z",
        "2024-13-02T03:04:05Z",
        "2024-01-00T03:04:05Z",
        "2024-01-32T03:04:05Z",
        "2024-04-31T03:04:05Z",
        "2023-02-29T03:04:05Z",
        "1900-02-29T03:04:05Z",
        "2024-02-30T03:04:05Z",
        "2024-01-02T24:00:00Z",
        "2024-01-02T03:60:05Z",
        "2024-01-02T03:04:61Z",
        "2024-01-02T03:04:60Z",
        "2016-12-31T23:58:60Z",
        "2016-12-30T23:59:60Z",
        "2017-01-01T23:59:60+01:00",
        "2016-12-31T23:59:60+01:00",
        "24-01-02T03:04:05Z",
        "12024-01-02T03:04:05Z",
        "-024-01-02T03:04:05Z",
        "2024-1-2T3:4:5Z",
        "20240102T030405Z",
        "2024-W01-2T03:04:05Z",
        "2024-01-02T03:04:05.5",
        "2024-01-02T03:04:05.1234567890123456789012345678901234567890123456789Z",
        "Tue Jan  2 03:04:05 2024",
        "yesterday",
    };
    for (const std::string_view text : bad) EXPECT_FALSE(is_rfc3339(text)) << text;
}

struct Row {
    std::string_view text;
    std::int64_t microseconds;  // 0: no time
};

TEST(TimeTest, EpochOfANumber) {
    constexpr Row rows[] = {
        {"1704067200", 1'704'067'200'000'000},
        {"1704067200.5", 1'704'067'200'500'000},
        {"1704067200.123456", 1'704'067'200'123'456},
        {"1704067200.1234569", 1'704'067'200'123'456},
        {"1704067200123", 1'704'067'200'123'000},
        {"1704067200123.456", 1'704'067'200'123'456},
        {"1704067200123456", 1'704'067'200'123'456},
        {"1704067200123456789", 1'704'067'200'123'456},
        {"1.7040672e9", 1'704'067'200'000'000},
        {"1.7040672E+09", 1'704'067'200'000'000},
        {"17040672000e-1", 1'704'067'200'000'000},
        {"0.000017040672e14", 1'704'067'200'000'000},
        {"1.704067200123456789e18", 1'704'067'200'123'456},
        {"100000000", 100'000'000'000'000},
        {"99999999999", 99'999'999'999'000'000},
        {"100000000000", 100'000'000'000'000},
        {"99999999999999", 99'999'999'999'999'000},
        {"100000000000000", 100'000'000'000'000},
        {"99999999999999999", 99'999'999'999'999'999},
        {"100000000000000000", 100'000'000'000'000},
        {"99999999999999999999", 99'999'999'999'999'999},
        {"99999999.999999", 0},
        {"100000000000000000000", 0},
        {"0", 0},
        {"-0", 0},
        {"0e10", 0},
        {"0.0", 0},
        {"0.123", 0},
        {"12", 0},
        {"-1704067200", 0},
        {"1e400", 0},
        {"1e-400", 0},
        {"1e99999999999999999999", 0},
        {"1e-99999999999999999999", 0},
        {"170406720000000000000000000000000000000000000000000000000000", 0},
        {"0.00000000000000000000000000000000000000000000000000000000017040672e67",
         1'704'067'200'000'000},
    };
    for (const Row& row : rows) {
        const std::optional<Timestamp> time = epoch_of_number(row.text);
        EXPECT_EQ(time ? time->microseconds : 0, row.microseconds) << row.text;
    }
    EXPECT_FALSE(epoch_of_number(""));
}

TEST(TimeTest, EpochOfAString) {
    constexpr Row rows[] = {
        {"1704067200", 1'704'067'200'000'000},
        {"1704067200.25", 1'704'067'200'250'000},
        {"1704067200123", 1'704'067'200'123'000},
        {"1704067200123456", 1'704'067'200'123'456},
        {"1704067200123456789", 1'704'067'200'123'456},
        {"20240102030405", 0},
        {"20240102", 0},
        {"0704067200", 0},
        {"1704067200.", 0},
        {"1704067200.x", 0},
        {"1704067200x", 0},
        {" 1704067200", 0},
        {"1704067200 ", 0},
        {"+1704067200", 0},
        {"1.7040672e9", 0},
        {"", 0},
        {"x", 0},
    };
    for (const Row& row : rows) {
        const std::optional<Timestamp> time = epoch_of_string(row.text);
        EXPECT_EQ(time ? time->microseconds : 0, row.microseconds) << row.text;
    }
}

TEST(TimeTest, Text) {
    EXPECT_EQ(text_of(0), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(text_of(1), "1970-01-01T00:00:00.000001Z");
    EXPECT_EQ(text_of(-1), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(text_of(-1'000'000), "1969-12-31T23:59:59.000000Z");
    EXPECT_EQ(text_of(1'700'000'000'123'456), "2023-11-14T22:13:20.123456Z");
    EXPECT_EQ(text_of(4'294'967'296'000'000), "2106-02-07T06:28:16.000000Z");
    EXPECT_EQ(text_of(INT64_MAX), "9999-12-31T23:59:59.999999Z");
    EXPECT_EQ(text_of(INT64_MIN), "0000-01-01T00:00:00.000000Z");
}

// Every day of the years that logs are of, and every 37th from the year 0 to 9999, through one
// writer, as the C library has it.
TEST(TimeTest, TheCalendar) {
    constexpr std::int64_t first_day = -719'528;
    constexpr std::int64_t last_day = 2'932'896;
    constexpr std::int64_t day_1900 = -25'567;
    constexpr std::int64_t day_2200 = 84'006;
    TimeWriter writer;
    for (std::int64_t day = first_day; day <= last_day;
         day += day >= day_1900 && day < day_2200 ? 1 : 37) {
        const std::int64_t second = day * 86'400 + (day * 7919 % 86'400 + 86'400) % 86'400;
        const std::time_t time = second;
        std::tm parts{};
        gmtime_r(&time, &parts);
        char expected[64];
        std::snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.000007Z",
                      parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                      parts.tm_min, parts.tm_sec);
        char text[32];
        const char* end = writer.write({second * 1'000'000 + 7}, text);
        ASSERT_EQ(std::string_view(text, static_cast<std::size_t>(end - text)), expected);
        ASSERT_TRUE(is_rfc3339(expected));
    }
}

}  // namespace
}  // namespace logwisp
