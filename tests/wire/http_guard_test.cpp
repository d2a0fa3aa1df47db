// The guard refuses every malformed line by itself: llhttp behind it is a second lock, and a second
// lock hides that the first is open.
#include "wire/http_guard.hpp"

#include <gtest/gtest.h>

#include "http_golden.hpp"

namespace logwisp::test {
namespace {

// Head after head, with no parser behind.
bool guard_refuses(std::string_view input) {
    while (!input.empty()) {
        HttpGuard guard;
        std::size_t used = 0;
        const auto verdict = guard.scan(input, used);
        if (verdict == HttpGuard::Verdict::refused) return true;
        if (verdict == HttpGuard::Verdict::more) return false;
        input.remove_prefix(used);
    }
    return false;
}

TEST(HttpGuard, RefusesEveryBadLineEndAndByteAlone) {
    for (const GoldenRow& row : read_goldens("http_line_ends.md")) {
        const bool refused = !row.expected.empty() && row.expected.back() == "400";
        EXPECT_EQ(guard_refuses(row.input), refused) << row.name;
    }
}

TEST(HttpGuard, TellsWhereThePartsOfTheRequestLineAre) {
    HttpGuard guard;
    std::size_t used = 0;
    const std::string_view input = "\r\nHEAD /ab HTTP/1.0\r\nA: b\r\nC:\r\n\r\nGET";
    ASSERT_EQ(guard.scan(input, used), HttpGuard::Verdict::complete);
    EXPECT_EQ(used, input.size() - 3);
    EXPECT_EQ(guard.head_bytes(), used - 2) << "the empty line in front is not part of the head";
    EXPECT_EQ(guard.method_bytes(), 4u);
    EXPECT_EQ(guard.target_bytes(), 3u);
    EXPECT_EQ(guard.minor_version(), 0);
    EXPECT_EQ(guard.headers(), 2u);
}

}  // namespace
}  // namespace logwisp::test
