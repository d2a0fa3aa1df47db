// Ill-formed UTF-8 becomes U+FFFD once per maximal subpart. Method: a table that names every way to
// be wrong, and every string of two and three bytes from a set of interesting ones, against a
// reading of table 3-7 of the Unicode standard (json_check.hpp).
#include "entry/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "encode_line.hpp"
#include "entry/escape.hpp"
#include "support/json_check.hpp"

namespace logwisp {
namespace {

using namespace test;
using namespace std::string_view_literals;

std::string repair(std::string_view text) {
    std::string out(3 * text.size() + 1, '\0');
    char* const end = utf8_repair(text, out.data());
    out.resize(static_cast<std::size_t>(end - out.data()));
    return out;
}

std::string escaped(std::string_view text) {
    std::string out(6 * text.size() + 64, '\0');
    char* const end = write_escaped(text, out.data());
    out.resize(static_cast<std::size_t>(end - out.data()));
    return out;
}

#define R "\xEF\xBF\xBD"

struct Row {
    std::string_view what;
    std::string_view bytes;
    std::string_view repaired;
};

constexpr Row rows[] = {
    {"a lone continuation", "\x80", R},
    {"the last continuation", "\xBF", R},
    {"three continuations", "\x80\x80\xBF", R R R},
    {"bytes that never occur", "\xC0\xC1\xF5\xF6\xF7\xF8\xFB\xFC\xFD\xFE\xFF",
     R R R R R R R R R R R},
    {"overlong slash of two", "\xC0\xAF", R R},
    {"overlong slash of three", "\xE0\x80\xAF", R R R},
    {"overlong slash of four", "\xF0\x80\x80\xAF", R R R R},
    {"overlong slash of five", "\xF8\x80\x80\x80\xAF", R R R R R},
    {"overlong slash of six", "\xFC\x80\x80\x80\x80\xAF", R R R R R R},
    {"overlong NUL of two", "\xC0\x80", R R},
    {"the greatest overlong of two", "\xC1\xBF", R R},
    {"the greatest overlong of three", "\xE0\x9F\xBF", R R R},
    {"the greatest overlong of four", "\xF0\x8F\xBF\xBF", R R R R},
    {"the first surrogate", "\xED\xA0\x80", R R R},
    {"the last high surrogate", "\xED\xAF\xBF", R R R},
    {"the first low surrogate", "\xED\xB0\x80", R R R},
    {"the last surrogate", "\xED\xBF\xBF", R R R},
    {"a pair of surrogates", "\xED\xA0\x80\xED\xB0\x80", R R R R R R},
    {"past U+10FFFF", "\xF4\x90\x80\x80", R R R R},
    {"far past U+10FFFF", "\xF7\xBF\xBF\xBF", R R R R},
    {"two bytes cut to one", "\xC3", R},
    {"three bytes cut to one", "\xE2", R},
    {"three bytes cut to two", "\xE2\x82", R},
    {"four bytes cut to one", "\xF0", R},
    {"four bytes cut to two", "\xF0\x9F", R},
    {"four bytes cut to three", "\xF0\x9F\x98", R},
    {"cut and followed by a letter",
     "\xE2\x82"
     "a",
     R "a"},
    {"cut and followed by a quote", "\xF0\x9F\x98\"", R "\""},
    {"cut and followed by a new one", "\xE2\x82\xE2\x82\xAC", R "\xE2\x82\xAC"},
    {"cut four times", "\xF0\x9F\xE2\x82\xC3\xF0", R R R R},
    {"one continuation too many", "\xC3\xA9\xA9", "\xC3\xA9" R},
    {"Latin-1",
     "caf\xE9 \xFC"
     "ber",
     "caf" R " " R "ber"},
    {"the first and last of two", "\xC2\x80\xDF\xBF", "\xC2\x80\xDF\xBF"},
    {"the first and last of three", "\xE0\xA0\x80\xEF\xBF\xBF", "\xE0\xA0\x80\xEF\xBF\xBF"},
    {"around the surrogates", "\xED\x9F\xBF\xEE\x80\x80", "\xED\x9F\xBF\xEE\x80\x80"},
    {"the first and last of four", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF",
     "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
    {"a byte order mark", "\xEF\xBB\xBFx", "\xEF\xBB\xBFx"},
    {"NUL", "\0"sv, "\0"sv},
    {"nothing", "", ""},
};

TEST(Utf8Test, EveryWayToBeWrong) {
    for (const Row& row : rows) {
        EXPECT_EQ(repair(row.bytes), row.repaired) << row.what;
        EXPECT_EQ(repaired_utf8(row.bytes), row.repaired) << row.what;
        EXPECT_EQ(utf8_valid(row.bytes), row.bytes == row.repaired) << row.what;
        // In a line, with text on both sides, at every distance from a block's border, and where
        // the rest is long enough to be validated as a whole.
        for (std::size_t before = 0; before < 20; ++before) {
            for (const std::size_t after : {0U, 1U, 40U}) {
                const std::string line =
                    std::string(before, 'x') + std::string(row.bytes) + std::string(after, 'y');
                const std::optional<Json> json = read_json(encode_line(line));
                ASSERT_TRUE(json) << row.what;
                if (line.empty()) continue;
                EXPECT_EQ(json->find("message")->text, repaired_utf8(line)) << row.what;
            }
        }
    }
}

// In JSON the object stays an object.
TEST(Utf8Test, InJson) {
    for (const Row& row : rows) {
        if (row.bytes.find('\0') != std::string_view::npos ||
            row.bytes.find('"') != std::string_view::npos)
            continue;
        const std::string bytes(row.bytes);
        const std::optional<Json> json = read_json(
            encode_line("{\"msg\":\"" + bytes + "\",\"k" + bytes + "\":[\"" + bytes + "\"]}"));
        ASSERT_TRUE(json) << row.what;
        EXPECT_EQ(json->find("message")->text, row.repaired) << row.what;
        const Json* fields = json->find("fields");
        ASSERT_NE(fields, nullptr) << row.what;
        EXPECT_EQ(fields->members[0].first, "k" + std::string(row.repaired)) << row.what;
        EXPECT_EQ(fields->members[0].second.items[0].text, row.repaired) << row.what;
    }
}

TEST(Utf8Test, EveryThreeBytes) {
    constexpr std::string_view bytes =
        "a\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4\xF5"
        "\xFF";
    for (const char a : bytes)
        for (const char b : bytes)
            for (const char c : bytes)
                for (const std::string& text :
                     {std::string{a, b}, std::string{a, b, c}, std::string{a, b, c, '\xBF'}}) {
                    ASSERT_EQ(repair(text), repaired_utf8(text));
                    ASSERT_EQ(utf8_valid(text), is_utf8(text));
                }
}

TEST(Utf8Test, EveryCodePoint) {
    for (std::uint32_t point = 0; point < 0x110000; ++point) {
        if (point >= 0xD800 && point < 0xE000) continue;
        char bytes[4];
        const auto count = static_cast<std::size_t>(utf8_write(point, bytes) - bytes);
        const Utf8Sequence sequence = utf8_sequence({bytes, count});
        ASSERT_TRUE(sequence.valid) << point;
        ASSERT_EQ(sequence.bytes, count) << point;
    }
}

TEST(EscapeTest, EveryByte) {
    EXPECT_EQ(escaped("\0\x01\x1F\x20\x7F"sv), "\\u0000\\u0001\\u001f \x7F");
    EXPECT_EQ(escaped("\b\t\n\f\r\v"), "\\b\\t\\n\\f\\r\\u000b");
    EXPECT_EQ(escaped("\"\\/"), "\\\"\\\\/");
    EXPECT_EQ(escaped("\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA"),
              "\xE2\x80\xA7\\u2028\\u2029\xE2\x80\xAA");
    for (int value = 0; value < 256; ++value) {
        for (std::size_t before = 0; before < 34; ++before) {
            const std::string text = std::string(before, 'x') + static_cast<char>(value);
            const std::optional<Json> json = read_json('"' + escaped(text) + '"');
            ASSERT_TRUE(json);
            ASSERT_EQ(json->text, repaired_utf8(text));
        }
    }
}

}  // namespace
}  // namespace logwisp
