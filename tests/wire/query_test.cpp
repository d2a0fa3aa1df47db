// query_value finds the first pair of that name and decodes it once; what is badly encoded is given as it was written rather than half right,
// and never passed over.
#include <gtest/gtest.h>

#include <string>

#include "wire/http.hpp"

namespace logwisp {
namespace {

struct Row {
    std::string_view query;
    std::string_view name;
    std::optional<std::string> value;
};

TEST(QueryValue, Table) {
    using namespace std::string_literals;
    const Row rows[] = {
        {"", "tail", std::nullopt},
        {"tail=5", "tail", "5"},
        {"tail=5", "tai", std::nullopt},
        {"tail=5", "tail5", std::nullopt},
        {"tail=5", "Tail", std::nullopt},
        {"tail=5", "", std::nullopt},
        {"=5", "", "5"},
        {"a=1&tail=5&b=2", "tail", "5"},
        {"a=1&tail=5&b=2", "b", "2"},
        {"tail=5&tail=6", "tail", "5"},
        {"tail", "tail", ""},
        {"tail=", "tail", ""},
        {"tail&x", "x", ""},
        {"&&tail=5&&", "tail", "5"},
        {"&", "tail", std::nullopt},
        {"a=tail=5", "a", "tail=5"},
        {"a=tail=5", "tail", std::nullopt},
        {"xtail=4&tail=5", "tail", "5"},
        {"t%61il=5", "tail", "5"},
        {"t%zzil=4&tail=5", "tail", "5"},
        {"last_event_id=e%2D1", "last_event_id", "e-1"},
        {"a=b+c%20d%2Be", "a", "b c d+e"},
        {"a+b=c", "a b", "c"},
        {"a=%41%2541", "a", "A%41"},
        {"a=%26b%3D", "a", "&b="},
        {"a=%", "a", "%"},
        {"a=%4", "a", "%4"},
        {"a=%4g", "a", "%4g"},
        {"a=%%41", "a", "%%41"},
        {"a=+%zz", "a", "+%zz"},
        {"a=%&a=1", "a", "%"},
        {"a=caf%C3%A9", "a", "caf\xC3\xA9"},
        {"a=%ff", "a", "%ff"},
        {"a=%c0%af", "a", "%c0%af"},
        {"a=%00", "a", "\0"s},
        {"a=%0d%0aX", "a", "\r\nX"},
        {"a;b=c", "b", std::nullopt},
        {"a?b=c", "a?b", "c"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(query_value(row.query, row.name), row.value) << row.query << " / " << row.name;
    }
}

TEST(QueryValue, LongQueriesAreWalkedOnce) {
    std::string query;
    for (int i = 0; i < 100'000; ++i) query += "a=%41&";
    EXPECT_EQ(query_value(query + "b=1", "b"), "1");
    EXPECT_EQ(query_value(query, "b"), std::nullopt);
}

}  // namespace
}  // namespace logwisp
