// An entry is valid JSON in its canonical form and says what the contract says, whatever the line
// holds. Method: random lines of several kinds against a second implementation (reference.hpp) that
// works on a tree of JSON read by an independent reader.
#include "entry/encode.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "check_entry.hpp"

namespace logwisp {
namespace {

using namespace test;
using namespace std::string_view_literals;

class EncodeTest : public ::testing::Test {
  protected:
    std::string fault(std::string_view line, const LineOptions& options = {}) {
        return fault_of_entry(encoder_, line, options);
    }
    std::size_t below(std::size_t bound) { return random_() % bound; }
    bool one_in(std::size_t count) { return below(count) == 0; }
    template <class Container>
    const auto& any(const Container& of) {
        return of[below(std::size(of))];
    }
    std::string spaces() {
        static constexpr std::string_view all[] = {"", "", "", " ", "  ", "\t", "\r", "\n "};
        return std::string(any(all));
    }

    std::string json_string() {
        static constexpr std::string_view pieces[] = {
            "a",
            "message",
            "0123456789abcdef",
            "\\n",
            "\\\"",
            "\\\\",
            "\\/",
            "\\u0000",
            "\\u001F",
            "\\u0041",
            "\\u00e9",
            "\\u2028",
            "\\u2029",
            "\\ud83d\\ude00",
            "\\ud83d",
            "\\ude00",
            "\\ud83d\\u0041",
            "\\uD83D\\uD83D",
            "\xE2\x80\xA8",
            "\xE2\x80\xA9",
            "\xE2\x80\x99",
            "\xC3\xA9",
            "\xF0\x9F\x98\x80",
            "\x7F",
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            " ",
            "\\b\\f\\r\\t",
        };
        std::string out = "\"";
        for (std::size_t count = below(6); count > 0; --count) out += any(pieces);
        return out + "\"";
    }
    std::string json_number() {
        static constexpr std::string_view all[] = {"0",
                                                   "-0",
                                                   "1",
                                                   "30",
                                                   "3",
                                                   "10",
                                                   "1704067200",
                                                   "1704067200123",
                                                   "1704067200.5",
                                                   "-12.5e-3",
                                                   "1E+400",
                                                   "123456789012345678901234567890",
                                                   "0.1",
                                                   "1e5"};
        return std::string(any(all));
    }
    std::string json_value(std::size_t depth) {
        switch (below(depth == 0 ? 4 : 7)) {
            case 0:
                return json_number();
            case 1:
                return one_in(2) ? "true" : one_in(2) ? "false" : "null";
            case 2:
            case 3:
                return json_string();
            case 4: {
                std::string out = "[" + spaces();
                for (std::size_t count = below(4); count > 0; --count)
                    out += json_value(depth - 1) + spaces() + (count > 1 ? "," + spaces() : "");
                return out + "]";
            }
            default:
                return json_object(depth - 1, below(4));
        }
    }
    std::string json_name() {
        static constexpr std::string_view names[] = {"time",
                                                     "timestamp",
                                                     "ts",
                                                     "@timestamp",
                                                     "level",
                                                     "severity",
                                                     "lvl",
                                                     "message",
                                                     "msg",
                                                     "log",
                                                     "fields",
                                                     "a",
                                                     "b",
                                                     "a_2",
                                                     "a_3",
                                                     "",
                                                     "truncated",
                                                     "partial",
                                                     "original_bytes",
                                                     "caller",
                                                     "mess\\u0061ge",
                                                     "source",
                                                     "\\u0061",
                                                     "a_2_2",
                                                     "truncated_2"};
        return one_in(8) ? json_string() : "\"" + std::string(any(names)) + "\"";
    }
    std::string json_object(std::size_t depth, std::size_t members) {
        std::string out = "{" + spaces();
        for (std::size_t index = 0; index < members; ++index) {
            if (index > 0) out += "," + spaces();
            const std::string name = json_name();
            out += name + spaces() + ":" + spaces();
            if (name == "\"fields\"" && depth > 0 && !one_in(3)) {
                out += json_object(depth - 1, below(4));
            } else if (one_in(3)) {
                static constexpr std::string_view likely[] = {"\"info\"",
                                                              "\"WARNING\"",
                                                              "\"banana\"",
                                                              "30",
                                                              "\"2024-01-02T03:04:05Z\"",
                                                              "\"2024-01-02T03:04:05\\u002B01:00\"",
                                                              "\"1704067200\"",
                                                              "1704067200.123456",
                                                              "\"text\""};
                out += any(likely);
            } else {
                out += json_value(depth);
            }
            out += spaces();
        }
        return out + "}" + spaces();
    }

    std::mt19937_64 random_{20240102};
    Encoder encoder_;
};

TEST_F(EncodeTest, RandomBytes) {
    for (int round = 0; round < 20'000; ++round) {
        std::string line(below(100), '\0');
        for (char& c : line) c = static_cast<char>(random_());
        ASSERT_EQ(fault(line), "");
    }
}

// Mostly text, with now and then what needs care, at every distance from the borders of blocks.
TEST_F(EncodeTest, RandomText) {
    static constexpr std::string_view pieces[] = {"a",
                                                  "hello ",
                                                  "0123456789abcdef",
                                                  "\"",
                                                  "\\",
                                                  "\n",
                                                  "\0"sv,
                                                  "\x1F",
                                                  "\x7F",
                                                  "\t",
                                                  "\r",
                                                  "\xC3\xA9",
                                                  "\xE2\x82\xAC",
                                                  "\xE2\x80\xA8",
                                                  "\xE2\x80\xA9",
                                                  "\xE2\x80\x99",
                                                  "\xF0\x9F\x98\x80",
                                                  "\xE2",
                                                  "\xE2\x80",
                                                  "\xF0\x9F",
                                                  "\xC3",
                                                  "\x80",
                                                  "\xFF",
                                                  "\xED\xA0\x80",
                                                  "ERROR ",
                                                  "[info]",
                                                  "level=warn ",
                                                  "\x1B[31m"};
    for (int round = 0; round < 30'000; ++round) {
        std::string line;
        const bool well_formed = one_in(2);
        for (std::size_t count = below(20); count > 0; --count) {
            const std::string_view piece = any(pieces);
            if (!well_formed || is_utf8(piece)) line += piece;
        }
        ASSERT_EQ(fault(line), "");
    }
}

TEST_F(EncodeTest, RandomObjects) {
    std::size_t objects = 0;
    for (int round = 0; round < 15'000; ++round) {
        const std::string line = spaces() + json_object(4, below(12));
        LineOptions options;
        if (one_in(8)) options.original_bytes = line.size() + below(1000) + 1;
        options.partial = one_in(8);
        options.behind = any("{}[]:,\"\\ 0x\n"sv);
        objects += Reference::is_object(line) ? 1 : 0;
        ASSERT_EQ(fault(line, options), "") << line;
    }
    EXPECT_EQ(objects, 15'000U);
}

// One byte changed, lost or doubled: what is still JSON and what is text is decided as the
// independent reader decides it.
TEST_F(EncodeTest, DamagedObjects) {
    std::size_t objects = 0;
    for (int round = 0; round < 30'000; ++round) {
        std::string line = json_object(3, 1 + below(4));
        for (std::size_t count = 1 + below(2); count > 0 && !line.empty(); --count) {
            const std::size_t at = below(line.size());
            switch (below(4)) {
                case 0:
                    line[at] = static_cast<char>(random_());
                    break;
                case 1:
                    line[at] = any("{}[]:,\"\\ 0-.eEtfn\n\x01"sv);
                    break;
                case 2:
                    line.erase(at, 1);
                    break;
                default:
                    line.insert(at, 1, line[below(line.size())]);
                    break;
            }
        }
        LineOptions options;
        options.behind = any("{}[]:,\"\\ 0x\n"sv);
        objects += Reference::is_object(line) ? 1 : 0;
        ASSERT_EQ(fault(line, options), "") << line;
    }
    EXPECT_GT(objects, 2'000U);
    EXPECT_LT(objects, 28'000U);
}

// Cut anywhere, a line of JSON is text, not an object with something missing.
TEST_F(EncodeTest, ObjectsCutAnywhere) {
    const std::string line =
        R"({"level":"error","a":[1,{"b":"\u00e9\n"}],"message":"x","fields":{"c":-1.5e3}})";
    for (std::size_t size = 0; size < line.size(); ++size)
        for (const char behind : "}]\",:{0"sv) {
            LineOptions options;
            options.behind = behind;
            ASSERT_EQ(fault(line.substr(0, size), options), "");
        }
    EXPECT_TRUE(Reference::is_object(line));
}

TEST_F(EncodeTest, NestingHasALimit) {
    for (const std::uint32_t depth :
         {json_depth_max - 1, json_depth_max, json_depth_max + 1, 100'000U}) {
        const std::string nested = std::string(depth, '[') + std::string(depth, ']');
        const std::string entry = encode_line(encoder_, R"({"a":)" + nested + "}");
        const bool is_object = entry.find(R"("fields":{"a":[)") != std::string::npos;
        EXPECT_EQ(is_object, depth <= json_depth_max) << depth;
        const std::string half = encode_line(encoder_, R"({"a":)" + std::string(depth, '['));
        EXPECT_NE(half.find(R"("message":"{\"a\":[)"), std::string::npos);
    }
}

TEST_F(EncodeTest, MembersHaveALimit) {
    for (const std::size_t count : {json_members_max, json_members_max + 1}) {
        for (const bool alike : {false, true}) {
            std::string line = "{";
            for (std::size_t index = 0; index < count; ++index) {
                if (index > 0) line += ',';
                line += alike ? std::string("\"\":0") : '"' + std::to_string(index) + "\":0";
            }
            line += '}';
            const std::optional<Json> json = read_json(encode_line(encoder_, line));
            ASSERT_TRUE(json);
            const Json* fields = json->find("fields");
            EXPECT_EQ(fields != nullptr, count <= json_members_max);
            if (fields != nullptr) {
                EXPECT_EQ(fields->members.size(), count);
            } else {
                EXPECT_EQ(json->find("message")->text, line);
            }
        }
    }
}

// What grows most, at sizes around those of the first allocation: the entry fits into the room that
// the contract gives (encode_line gives exactly that much, and a sanitizer sees the rest).
TEST_F(EncodeTest, TheWorstLinesFitTheirRoom) {
    const auto repeated = [](std::string_view piece, std::size_t bytes) {
        std::string out;
        while (out.size() + piece.size() <= bytes) out += piece;
        return out;
    };
    const std::string source(source_bytes_max, '\x01');
    for (const std::size_t bytes : {1UL, 100UL, 4'000UL, 65'535UL, 65'536UL, 65'537UL, 300'000UL}) {
        std::vector<std::string> lines;
        for (const std::string_view piece :
             {"\0"sv, "\x1F"sv, "\xFF"sv, "\""sv, "\xE2\x80\xA8"sv, "\xE2\x80"sv, "\xC3\xA9"sv})
            lines.push_back(repeated(piece, bytes));
        for (const std::string_view piece :
             {"\\u0000"sv, "\\u2028"sv, "\xE2\x80\xA8"sv, "\\ud800"sv, "\xFF"sv, "\\/"sv}) {
            lines.push_back(R"({"msg":")" + repeated(piece, bytes) + "\"}");
            lines.push_back(R"({"a":")" + repeated(piece, bytes) + "\"}");
            lines.push_back("{\"" + repeated(piece, bytes) + R"(":"x"})");
        }
        lines.push_back(R"({"ts":1704067200,"a":[1)" + repeated(",1", bytes) + "]}");
        lines.push_back("{\"\":0" +
                        repeated(",\"\":0", std::min(bytes, 5 * (json_members_max - 1))) + "}");
        for (const std::string& line : lines) {
            LineOptions options;
            options.source = source;
            options.original_bytes = UINT64_MAX;
            options.partial = true;
            const std::string entry = encode_line(encoder_, line, options);
            ASSERT_LE(entry.size(), entry_bytes_max(line.size()));
            ASSERT_TRUE(read_json(entry));
            if (bytes <= 4'000) {
                ASSERT_EQ(fault(line, options), "");
            }
        }
    }
}

TEST_F(EncodeTest, TenMegabytesOfNoise) {
    std::string noise(10'000'000, '\0');
    for (std::size_t index = 0; index + 8 <= noise.size(); index += 8) {
        const std::uint64_t value = random_();
        std::memcpy(&noise[index], &value, 8);
    }
    const std::string entry = encode_line(encoder_, noise);
    const std::optional<Json> json = read_json(entry);
    ASSERT_TRUE(json);
    EXPECT_EQ(json->find("message")->text, repaired_utf8(noise));
    std::size_t lines = 0;
    noise.resize(1'000'000);
    for (std::size_t begin = 0; begin < noise.size();) {
        const std::size_t end = std::min(noise.find('\n', begin), noise.size());
        ASSERT_EQ(fault(std::string_view(noise).substr(begin, end - begin)), "");
        begin = end + 1;
        ++lines;
    }
    EXPECT_GT(lines, 3'000U);
}

TEST_F(EncodeTest, SourceIsAnyBytes) {
    for (const std::string_view source :
         {""sv, "a\nb.log"sv, "\x1B]0;x\x07.log"sv, "\"quoted\".log"sv, "caf\xE9.log"sv, "-rf"sv,
          "a\0b"sv, "\xE2\x80\xA8"sv}) {
        LineOptions options;
        options.source = std::string(source);
        EXPECT_EQ(fault("x", options), "");
        EXPECT_EQ(fault(R"({"a":1})", options), "");
    }
}

TEST_F(EncodeTest, Notices) {
    const auto notice = [&](std::string_view source, std::string_view message,
                            std::string_view fields) {
        const auto out = std::make_unique<char[]>(entry_bytes_max(message.size() + fields.size()));
        const std::size_t bytes =
            encoder_.encode_notice(read_at, source, message, fields, out.get());
        return std::string(out.get(), bytes);
    };
    EXPECT_EQ(notice("app.log", "Log rotation detected (#1): inode change", ""),
              R"({"time":"2023-11-14T22:13:20.123456Z","source":"app.log","level":"INFO",)"
              R"("message":"Log rotation detected (#1): inode change"})");
    EXPECT_EQ(notice("a\"b\xFF", "x\n", R"("lost_bytes":5)"),
              R"({"time":"2023-11-14T22:13:20.123456Z","source":"a\"b)"
              "\xEF\xBF\xBD"
              R"(","level":"INFO","message":"x\n","fields":{"lost_bytes":5}})");
    for (std::size_t bytes = 0; bytes < 70; ++bytes) {
        const std::string message(bytes, '\x02');
        const std::optional<Json> json = read_json(notice("s", message, ""));
        ASSERT_TRUE(json);
        EXPECT_EQ(json->find("message")->text, message);
    }
}

}  // namespace
}  // namespace logwisp
