// Every row of the golden documents gives what stands beside it, however its bytes were cut: whole,
// in two at every position, byte by byte.
#include <gtest/gtest.h>

#include <algorithm>

#include "http_golden.hpp"
#include "http_transcript.hpp"

namespace logwisp::test {
namespace {

class HttpGolden : public testing::TestWithParam<const char*> {
  protected:
    std::vector<GoldenRow> rows_ = read_goldens(GetParam());
};

TEST_P(HttpGolden, WholeInputGivesWhatTheDocumentSays) {
    ASSERT_FALSE(rows_.empty());
    for (const GoldenRow& row : rows_) {
        const Transcript transcript = transcript_of(row.input);
        EXPECT_EQ(transcript.lines, row.expected) << row.name << ": " << transcript.refusal_message;
    }
}

TEST_P(HttpGolden, EveryRefusalSaysWhy) {
    for (const GoldenRow& row : rows_) {
        const Transcript transcript = transcript_of(row.input);
        const bool refused = !row.expected.empty() && row.expected.back().size() == 3;
        EXPECT_EQ(refused, !transcript.refusal_message.empty()) << row.name;
    }
}

TEST_P(HttpGolden, ByteByByteIsTheSame) {
    for (const GoldenRow& row : rows_) {
        EXPECT_EQ(transcript_by_byte(row.input), transcript_of(row.input)) << row.name;
    }
}

// Rows of many KiB are cut at every position near their ends and at every 97th between: their
// middle is one character repeated.
TEST_P(HttpGolden, CutInTwoAnywhereIsTheSame) {
    constexpr std::size_t every_position_bytes = 2048;
    constexpr std::size_t edge_bytes = 64;
    for (const GoldenRow& row : rows_) {
        const Transcript whole = transcript_of(row.input);
        const std::size_t bytes = row.input.size();
        for (std::size_t cut = 0; cut <= bytes; ++cut) {
            const bool near_an_end = cut < edge_bytes || bytes - cut < edge_bytes;
            if (bytes > every_position_bytes && !near_an_end && cut % 97 != 0) continue;
            ASSERT_EQ(transcript_cut_at(row.input, cut), whole) << row.name << ", cut at " << cut;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Documents, HttpGolden,
                         testing::Values("http_line_ends.md", "http_request_line.md",
                                         "http_targets.md", "http_headers.md", "http_bodies.md",
                                         "http_limits.md"),
                         [](const auto& document) {
                             std::string name = document.param;
                             name.resize(name.size() - 3);
                             return name;
                         });

}  // namespace
}  // namespace logwisp::test
