// What the writer writes is JSON with the commas in place, and a string is escaped whatever bytes
// it was made of.
#include "wire/json.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace logwisp {
namespace {

std::string json_string(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(JsonString, PlainTextIsQuoted) {
    EXPECT_EQ(json_string(""), R"("")");
    EXPECT_EQ(json_string("abc"), R"("abc")");
    EXPECT_EQ(json_string("a/b 'c'"), R"("a/b 'c'")");
}

TEST(JsonString, QuotesBackslashesAndControlsAreEscaped) {
    EXPECT_EQ(json_string("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(json_string("\n\r\t"), R"("\n\r\t")");
    EXPECT_EQ(json_string(std::string_view("\0\x1f\x08\x7f", 4)), "\"\\u0000\\u001f\\u0008\x7f\"");
}

TEST(JsonString, NoControlByteEverComesOutRaw) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        for (const char out : json_string({&c, 1}))
            EXPECT_GE(static_cast<unsigned char>(out), 0x20);
    }
}

TEST(JsonString, WellFormedUtf8StaysAsItIs) {
    for (const char* text : {"caf\xC3\xA9", "\xE2\x80\xA8", "\xEF\xBB\xBF", "\xF0\x9F\x98\x80",
                             "\xF4\x8F\xBF\xBF", "\xEE\x80\x80", "\xED\x9F\xBF"}) {
        EXPECT_EQ(json_string(text), '"' + std::string(text) + '"');
    }
}

TEST(JsonString, IllFormedUtf8BecomesOneReplacementPerMaximalSubpart) {
    const std::string r = "\xEF\xBF\xBD";
    EXPECT_EQ(json_string("a\xFFz"), "\"a" + r + "z\"");
    EXPECT_EQ(json_string("\x80"), "\"" + r + "\"");
    EXPECT_EQ(json_string("\xC0\xAF"), "\"" + r + r + "\"");          // overlong
    EXPECT_EQ(json_string("\xE0\x80\xAF"), "\"" + r + r + r + "\"");  // overlong
    EXPECT_EQ(json_string("\xED\xA0\x80"), "\"" + r + r + r + "\"");  // surrogate
    EXPECT_EQ(json_string("\xF4\x90\x80\x80"), "\"" + r + r + r + r + "\"");
    EXPECT_EQ(json_string("\xE2\x82"), "\"" + r + "\"");        // cut at the end
    EXPECT_EQ(json_string("\xF0\x9F\x98z"), "\"" + r + "z\"");  // cut in the middle
    EXPECT_EQ(json_string("\xE2\x82\""), "\"" + r + "\\\"\"");  // never swallows a quote
}

TEST(JsonWriter, CommasStandBetweenAndNowhereElse) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("a");
    json.number(1);
    json.key("b");
    json.begin_array();
    json.begin_object();
    json.end_object();
    json.begin_array();
    json.end_array();
    json.string("x");
    json.null();
    json.end_array();
    json.key("c");
    json.begin_object();
    json.key("d");
    json.boolean(true);
    json.key("e");
    json.boolean(false);
    json.end_object();
    json.key("f");
    json.raw("[1,2]");
    json.end_object();
    EXPECT_EQ(out, R"({"a":1,"b":[{},[],"x",null],"c":{"d":true,"e":false},"f":[1,2]})");
}

TEST(JsonWriter, NumbersOfEveryWidth) {
    std::string out;
    JsonWriter json(out);
    json.begin_array();
    json.number(std::numeric_limits<std::uint64_t>::max());
    json.number(std::numeric_limits<std::int64_t>::min());
    json.number(std::uint16_t{8080});
    json.number(-1);
    json.number(std::uint8_t{7});
    json.number(std::size_t{0});
    json.end_array();
    EXPECT_EQ(out, "[18446744073709551615,-9223372036854775808,8080,-1,7,0]");
}

TEST(JsonWriter, KeysAreEscapedToo) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("a\"b\n");
    json.null();
    json.end_object();
    EXPECT_EQ(out, R"({"a\"b\n":null})");
}

TEST(JsonWriter, AppendsToWhatIsThere) {
    std::string out = "data: ";
    JsonWriter(out).string("x");
    EXPECT_EQ(out, R"(data: "x")");
}

}  // namespace
}  // namespace logwisp
