// However a text is cut into reads, the same lines come out: every text of the table is split at
// every place into two and three parts and byte by byte, and compared with a model that sees the
// whole text at once. Lengths around the limit are exact.
#include "tail/splitter.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "logwisp/limits.hpp"

namespace logwisp {
namespace {

struct Expected {
    std::string bytes;
    std::uint64_t original_bytes = 0;
    friend bool operator==(const Expected&, const Expected&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Expected& line) {
        return out << line.bytes << " (" << line.original_bytes << ")";
    }
};

// A buffer whose every byte belongs to the test: behind the chunk stands what must not be seen.
class Chunk {
  public:
    explicit Chunk(std::string_view bytes)
        : storage_(std::string(bytes) + std::string(line_padding_bytes, '\n')),
          left(storage_.data(), bytes.size()) {}

  private:
    std::string storage_;

  public:
    std::string_view left;
};

// With `handed_over` every part has a splitter of its own, which goes on with what the one before it held.
std::vector<Expected> split(const std::vector<std::string_view>& parts,
                            std::uint32_t line_bytes_max, std::uint64_t* nuls = nullptr,
                            bool handed_over = false) {
    CarryPool pool;
    auto splitter = std::make_unique<Splitter>(line_bytes_max, pool);
    std::vector<Expected> lines;
    SplitLine line;
    std::uint64_t skipped = 0;
    for (const std::string_view part : parts) {
        Chunk chunk(part);
        while (splitter->next(chunk.left, line))
            lines.push_back({std::string(line.bytes), line.original_bytes});
        EXPECT_TRUE(chunk.left.empty());
        if (!handed_over) continue;
        skipped += splitter->take_skipped_nul_bytes();
        const HeldLine held = splitter->take_held();
        EXPECT_FALSE(splitter->holding());
        splitter = std::make_unique<Splitter>(line_bytes_max, pool);
        splitter->go_on_with(held);
    }
    if (splitter->take_partial(line)) lines.push_back({"partial:" + std::string(line.bytes), 0});
    if (nuls != nullptr) *nuls = skipped + splitter->take_skipped_nul_bytes();
    return lines;
}

std::vector<Expected> model(std::string text, std::uint32_t line_bytes_max) {
    std::vector<Expected> lines;
    bool first = true;
    while (!text.empty()) {
        text.erase(0, std::min(text.find_first_not_of('\0'), text.size()));
        if (text.empty()) break;
        const std::size_t lf = text.find('\n');
        std::string line = text.substr(0, lf);
        text.erase(0, lf == text.npos ? lf : lf + 1);
        if (lf != text.npos && line.ends_with('\r')) line.pop_back();
        if (first && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
        first = false;
        if (line.empty()) continue;
        const bool whole = line.size() <= line_bytes_max;
        std::string kept(cut_text(line, line_bytes_max));
        if (lf == text.npos)
            lines.push_back({"partial:" + kept, 0});
        else
            lines.push_back({kept, whole ? 0 : line.size()});
    }
    return lines;
}

const std::vector<std::string>& texts() {
    using namespace std::string_literals;
    static const std::vector<std::string> all = {
        "",
        "\n",
        "\n\n\r\n",
        "a\n",
        "a",
        "one\ntwo\nthree\n",
        "one\r\ntwo\r\r\n\rthree\rfour\r\nfive\r",
        "\xEF\xBB\xBFmarked\nnot \xEF\xBB\xBF here\n\xEF\xBB\xBFnor here\n",
        "\xEF\xBB\xBF\nx\n",
        "\xEF\xBBshort\n",
        "\0\0\0after\n\0\0more\nin\0side\n\0\0"s,
        "\0\0\n\0\nend"s,
        "12345678\n123456789\n1234567\n12345678\r\n123456789\r\n12345678\r\r\n",
        "123456\xC3\xA4\n1234567\xC3\xA4\n12345678\xC3\xA4\n12345\xE2\x82\xAC\n123456\xE2\x82\xAC\n"
        "1234567\xE2\x82\xAC\n12345\xF0\x9F\x98\x80z\n123456\xF0\x9F\x98\x80\n",
        "1234567890123456789012345678901234567890\nnext\n",
        "12345678901234567890",
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\n\xF0\xF0\xF0\xF0\xF0\xF0\xF0\xF0\xF0\xF0\n",
    };
    return all;
}

TEST(SplitterTest, the_same_lines_whatever_the_reads) {
    constexpr std::uint32_t line_bytes_max = 8;
    for (const std::string& text : texts()) {
        const auto expected = model(text, line_bytes_max);
        const std::string_view view = text;
        for (std::size_t one = 0; one <= text.size(); ++one) {
            for (std::size_t two = one; two <= text.size(); ++two) {
                ASSERT_EQ(
                    split({view.substr(0, one), view.substr(one, two - one), view.substr(two)},
                          line_bytes_max),
                    expected)
                    << text << " cut at " << one << " and " << two;
            }
        }
        std::vector<std::string_view> bytes;
        for (std::size_t at = 0; at < text.size(); ++at) bytes.push_back(view.substr(at, 1));
        ASSERT_EQ(split(bytes, line_bytes_max), expected) << text;
        ASSERT_EQ(split(bytes, line_bytes_max, nullptr, true), expected) << text;
    }
}

TEST(SplitterTest, the_same_lines_for_texts_and_reads_of_chance) {
    std::mt19937 random(1);  // NOLINT: a fixed seed, so that a failure comes again
    const std::string alphabet("ab\n\r\0\xC3\xA4\xEF\xBB\xBF", 10);
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (std::size_t bytes = random() % 60; bytes > 0; --bytes)
            text.push_back(alphabet[random() % alphabet.size()]);
        const auto line_bytes_max = static_cast<std::uint32_t>(4 + random() % 12);
        std::vector<std::string_view> parts;
        for (std::string_view rest = text; !rest.empty();) {
            const std::size_t bytes = 1 + random() % rest.size();
            parts.push_back(rest.substr(0, bytes));
            rest.remove_prefix(bytes);
        }
        const auto expected = model(text, line_bytes_max);
        ASSERT_EQ(split(parts, line_bytes_max), expected) << round;
        ASSERT_EQ(split(parts, line_bytes_max, nullptr, true), expected) << round;
    }
}

TEST(SplitterTest, nuls_at_a_line_s_beginning_are_counted) {
    using namespace std::string_view_literals;
    std::uint64_t nuls = 0;
    EXPECT_EQ(split({"\0\0"sv, "\0a\0b\n\0"sv}, 100, &nuls).size(), 1u);
    EXPECT_EQ(nuls, 4u);
}

TEST(SplitterTest, a_line_far_too_long_costs_no_more_than_the_limit) {
    CarryPool pool;
    Splitter splitter(1024, pool);
    const std::string piece(64 * 1024, 'x');
    SplitLine line;
    for (int round = 0; round < 1600; ++round) {
        Chunk chunk(piece);
        ASSERT_FALSE(splitter.next(chunk.left, line));
    }
    Chunk end("\nnext\n");
    ASSERT_TRUE(splitter.next(end.left, line));
    EXPECT_EQ(line.bytes, std::string(1024, 'x'));
    EXPECT_EQ(line.original_bytes, 1600u * 64 * 1024);
    ASSERT_TRUE(splitter.next(end.left, line));
    EXPECT_EQ(line.bytes, "next");
}

// The limit may have been changed between the two.
TEST(SplitterTest, a_held_line_never_grows_a_gap) {
    CarryPool pool;
    SplitLine line;
    for (const std::uint32_t limit_before : {4, 8, 12}) {
        for (const std::uint32_t limit_after : {4, 8, 12}) {
            for (std::size_t held = 1; held <= 16; ++held) {
                const std::string text = "abcdefghijklmnop\n";
                Splitter before(limit_before, pool);
                Splitter after(limit_after, pool);
                Chunk first(text.substr(0, held));
                Chunk second(text.substr(held));
                ASSERT_FALSE(before.next(first.left, line));
                after.go_on_with(before.take_held());
                ASSERT_TRUE(after.next(second.left, line));
                EXPECT_TRUE(text.starts_with(line.bytes)) << line.bytes;
                EXPECT_LE(line.bytes.size(), limit_after);
                EXPECT_GE(line.bytes.size(), std::min(limit_before, limit_after));
                EXPECT_EQ(line.original_bytes, 16u);
            }
        }
    }
}

TEST(SplitterTest, what_follows_a_published_beginning_is_another_line) {
    CarryPool pool;
    Splitter splitter(8, pool);
    SplitLine line;
    Chunk begin("abc");
    ASSERT_FALSE(splitter.next(begin.left, line));
    EXPECT_TRUE(splitter.holding());
    ASSERT_TRUE(splitter.take_partial(line));
    EXPECT_EQ(line.bytes, "abc");
    EXPECT_FALSE(splitter.holding());
    EXPECT_FALSE(splitter.take_partial(line));
    Chunk rest("def\n");
    ASSERT_TRUE(splitter.next(rest.left, line));
    EXPECT_EQ(line.bytes, "def");
    // One that is too long already: the rest of it is passed over.
    Chunk long_begin("123456789");
    ASSERT_FALSE(splitter.next(long_begin.left, line));
    ASSERT_TRUE(splitter.take_partial(line));
    EXPECT_EQ(line.bytes, "12345678");
    Chunk long_rest("abc\nnext\n");
    ASSERT_TRUE(splitter.next(long_rest.left, line));
    EXPECT_EQ(line.bytes, "next");
}

TEST(SplitterTest, a_hole_inside_a_line_nobody_keeps_is_passed) {
    CarryPool pool;
    Splitter splitter(8, pool);
    SplitLine line;
    EXPECT_TRUE(splitter.skips_nuls());
    Chunk some("abc");
    ASSERT_FALSE(splitter.next(some.left, line));
    EXPECT_FALSE(splitter.skips_nuls());
    Chunk more("defghijk");
    ASSERT_FALSE(splitter.next(more.left, line));
    ASSERT_TRUE(splitter.skips_nuls());
    splitter.pass_hole(1'000'000);
    Chunk end("\n");
    ASSERT_TRUE(splitter.next(end.left, line));
    EXPECT_EQ(line.bytes, "abcdefgh");
    EXPECT_EQ(line.original_bytes, 1'000'011u);
}

}  // namespace
}  // namespace logwisp
