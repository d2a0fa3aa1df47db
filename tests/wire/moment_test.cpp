// A point in time as people write it, and nothing else. Method: a table.
#include "wire/moment.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace logwisp {
namespace {

constexpr std::int64_t now_us = 1'700'000'000'000'000;
constexpr std::int64_t second_us = 1'000'000;

TEST(Moment, IsATimeOrHowLongAgo) {
    struct {
        std::string_view text;
        std::int64_t us;
    } const good[] = {
        {"0s", now_us},
        {"90s", now_us - 90 * second_us},
        {"10m", now_us - 600 * second_us},
        {"2h", now_us - 7200 * second_us},
        {"7d", now_us - 7 * 86'400 * second_us},
        {"1970-01-01T00:00:00Z", 0},
        {"2023-11-14T22:13:20Z", now_us},
        {"2023-11-14t22:13:20z", now_us},
        {"2023-11-14 22:13:20Z", now_us},
        {"2023-11-14T22:13:20.000001Z", now_us + 1},
        {"2023-11-14T22:13:20.5Z", now_us + second_us / 2},
        {"2023-11-14T22:13:20.0000019999999Z", now_us + 1},
        {"2023-11-15T00:13:20+02:00", now_us},
        {"2023-11-15T00:13:20 02:00", now_us},  // '+' in a query
        {"2023-11-14T17:43:20-04:30", now_us},
        {"2024-02-29T00:00:00Z", 1'709'164'800 * second_us},
    };
    for (const auto& one : good) EXPECT_EQ(parse_moment(one.text, now_us), one.us) << one.text;
}

TEST(Moment, IsNothingElse) {
    for (const std::string_view text : {"",
                                        "10",
                                        "m",
                                        "-5m",
                                        "+5m",
                                        "5 m",
                                        "10mm",
                                        "10M",
                                        "1w",
                                        "99999999999999999999s",
                                        "9223372036854775807d",
                                        "2023-11-14",
                                        "2023-11-14T22:13Z",
                                        "2023-11-14T22:13:20",
                                        "2023-13-14T22:13:20Z",
                                        "2023-02-29T22:13:20Z",
                                        "2023-11-14T24:13:20Z",
                                        "2023-11-14T22:60:20Z",
                                        "2023-11-14T22:13:61Z",
                                        "2023-11-14T22:13:20.Z",
                                        "2023-11-14T22:13:20+2:00",
                                        "2023-11-14T22:13:20+02:60",
                                        "2023-11-14T22:13:20Zx",
                                        "2O23-11-14T22:13:20Z",
                                        "-023-11-14T22:13:20Z"})
        EXPECT_FALSE(parse_moment(text, now_us)) << text;
}

}  // namespace
}  // namespace logwisp
