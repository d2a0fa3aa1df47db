// The parser as its connection uses it: what is used and what is left, when a head has begun, what
// it holds between requests; and whatever the bytes, nothing it accepts could be read differently
// by a naive reader (an oracle of a dozen lines).
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "http_golden.hpp"
#include "http_transcript.hpp"
#include "logwisp/limits.hpp"

namespace logwisp::test {
namespace {

using Outcome = HttpParser::Outcome;

std::span<const char> bytes_of(std::string_view text) { return {text.data(), text.size()}; }

const std::string plain_head = "GET /stream?tail=5 HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(HttpParser, LeavesTheNextRequestToItsCaller) {
    HttpParser parser;
    std::size_t used = 99;
    const std::string input = plain_head + "HEAD / HTTP/1.0\r\n\r\n";
    ASSERT_EQ(parser.feed(bytes_of(input), used), Outcome::request);
    EXPECT_EQ(used, plain_head.size());
    EXPECT_EQ(parser.request().path, "/stream");
    EXPECT_EQ(parser.request().query, "tail=5");
    parser.next();
    ASSERT_EQ(parser.feed(bytes_of(input).subspan(used), used), Outcome::request);
    EXPECT_EQ(used, input.size() - plain_head.size());
    EXPECT_EQ(parser.request().method, HttpMethod::head);
}

TEST(HttpParser, TheRequestOutlivesTheBytesItCameFrom) {
    HttpParser parser;
    std::size_t used = 0;
    std::string input = plain_head;
    ASSERT_EQ(parser.feed(bytes_of(input), used), Outcome::request);
    std::fill(input.begin(), input.end(), 'x');
    EXPECT_EQ(parser.request().path, "/stream");
    EXPECT_EQ(parser.request().host, "a");
}

TEST(HttpParser, InHeadOnlyBetweenItsFirstByteAndItsEnd) {
    HttpParser parser;
    std::size_t used = 0;
    EXPECT_FALSE(parser.in_head());
    parser.feed({}, used);
    EXPECT_FALSE(parser.in_head());
    parser.feed(bytes_of("\r\n"), used);
    EXPECT_FALSE(parser.in_head()) << "an empty line in front is not a head";
    parser.feed(bytes_of(plain_head.substr(0, 1)), used);
    EXPECT_TRUE(parser.in_head());
    ASSERT_EQ(parser.feed(bytes_of(plain_head.substr(1)), used), Outcome::request);
    EXPECT_FALSE(parser.in_head());
    parser.next();
    EXPECT_FALSE(parser.in_head());
}

TEST(HttpParser, FeedingNothingChangesNothing) {
    HttpParser parser;
    std::size_t used = 1;
    for (const char c : plain_head) {
        EXPECT_FALSE(parser.in_head() && parser.feed({}, used) != Outcome::need_more);
        parser.feed({&c, 1}, used);
    }
    EXPECT_EQ(parser.request().path, "/stream");
}

TEST(HttpParser, AnEndlessHeadIsRefusedAtItsLimitWhateverFollows) {
    HttpParser parser;
    const std::string input =
        "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20 * 1024 * 1024, 'x');
    std::size_t used = 0;
    ASSERT_EQ(parser.feed(bytes_of(input), used), Outcome::refused);
    EXPECT_EQ(parser.refusal().status, 431);
    EXPECT_EQ(used, request_head_bytes_max + 1);
}

TEST(HttpParser, RefusesAtTheFirstBadByteWithoutWaitingForTheHead) {
    HttpParser parser;
    std::size_t used = 0;
    ASSERT_EQ(parser.feed(bytes_of("\x16\x03\x01"), used), Outcome::refused);
    EXPECT_EQ(used, 1u);
    EXPECT_NE(parser.refusal().message.find("TLS"), std::string_view::npos);
}

TEST(HttpParser, SwallowsWhatComesAfterARefusal) {
    HttpParser parser;
    std::size_t used = 0;
    ASSERT_EQ(parser.feed(bytes_of("GET / HTTP/9.9\r\n\r\n"), used), Outcome::refused);
    EXPECT_EQ(used, 15u);
    ASSERT_EQ(parser.feed(bytes_of(plain_head), used), Outcome::refused);
    EXPECT_EQ(used, plain_head.size());
    EXPECT_EQ(parser.refusal().status, 505);
}

TEST(HttpParserDeathTest, RequestAndRefusalAreThereOnlyWhenTheyAre) {
    HttpParser parser;
    EXPECT_DEATH((void)parser.request(), "CHECK");
    EXPECT_DEATH((void)parser.refusal(), "CHECK");
    std::size_t used = 0;
    parser.feed(bytes_of(plain_head), used);
    EXPECT_DEATH((void)parser.refusal(), "CHECK");
    EXPECT_DEATH(parser.feed(bytes_of("G"), used), "CHECK") << "next() comes first";
}

// --- Mutations ---

std::vector<std::string> seeds() {
    std::vector<std::string> inputs;
    for (const char* file : {"http_line_ends.md", "http_request_line.md", "http_targets.md",
                             "http_headers.md", "http_bodies.md"}) {
        for (GoldenRow& row : read_goldens(file)) {
            if (!row.input.empty()) inputs.push_back(std::move(row.input));
        }
    }
    return inputs;
}

class Mutator {
  public:
    explicit Mutator(std::uint32_t seed) : random_(seed) {}

    std::size_t below(std::size_t bound) { return random_() % bound; }

    std::string mutate(std::string text, const std::string& other) {
        static const std::string pieces[] = {"\r\n",
                                             "\r",
                                             "\n",
                                             " ",
                                             "\t",
                                             ":",
                                             std::string(1, '\0'),
                                             "\r\n\r\n",
                                             "\r\n ",
                                             "Host: b\r\n",
                                             "Content-Length: 0\r\n",
                                             "Content-Length: 5\r\n",
                                             "Transfer-Encoding: chunked\r\n",
                                             "%2e",
                                             "%00",
                                             "/",
                                             "//",
                                             "..",
                                             "?",
                                             "#",
                                             "*",
                                             "\xff",
                                             "\x7f",
                                             "HTTP/1.0",
                                             "HTTP/2.0",
                                             "Connection: close\r\n",
                                             ","};
        for (std::size_t n = 1 + below(4); n > 0 && !text.empty(); --n) {
            const std::size_t at = below(text.size());
            switch (below(5)) {
                case 0:
                    text[at] = static_cast<char>(random_());
                    break;
                case 1:
                    text.erase(at, 1 + below(4));
                    break;
                case 2:
                    text.insert(at, pieces[below(std::size(pieces))]);
                    break;
                case 3:
                    text.insert(at, text.substr(below(text.size()), 1 + below(16)));
                    break;
                default:
                    text = text.substr(0, at) + other.substr(below(other.size()));
            }
        }
        return text;
    }

  private:
    std::mt19937 random_;
};

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++at) ++n;
    return n;
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return out;
}

// What must hold of the bytes of every accepted head, said without a parser.
void expect_unambiguous(std::string_view head, const HttpRequest& request) {
    EXPECT_EQ(count(head, "\r\n\r\n"), 1u);
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    EXPECT_EQ(count(head, "\r"), count(head, "\r\n"));
    EXPECT_EQ(count(head, "\n"), count(head, "\r\n"));
    EXPECT_EQ(count(head, "\r\n "), 0u);
    EXPECT_EQ(count(head, "\r\n\t"), 0u);
    EXPECT_EQ(count(head, std::string_view("\0", 1)), 0u);
    const std::string lower = lower_case(head);
    EXPECT_EQ(count(lower, "\r\ntransfer-encoding:"), 0u);
    EXPECT_LE(count(lower, "\r\ncontent-length:"), 1u);
    EXPECT_EQ(count(lower, "\r\nexpect:"), 0u);
    const std::size_t hosts = count(lower, "\r\nhost:");
    EXPECT_TRUE(hosts == 1 || (hosts == 0 && request.minor_version == 0));
    EXPECT_LE(head.size(), request_head_bytes_max);

    if (request.path == "*") {
        EXPECT_EQ(request.method, HttpMethod::options);
        return;
    }
    EXPECT_TRUE(request.path.starts_with('/'));
    EXPECT_FALSE(request.path.starts_with("//"));
    EXPECT_EQ(count(std::string(request.path) + '/', "/../"), 0u);
    EXPECT_EQ(count(std::string(request.path) + '/', "/./"), 0u);
    for (const char c : request.path) {
        const auto byte = static_cast<unsigned char>(c);
        EXPECT_TRUE(byte >= 0x20 && byte != 0x7F && c != '\\');
    }
}

void expect_accepted_heads_unambiguous(std::string_view input) {
    HttpParser parser;
    while (!input.empty()) {
        std::size_t used = 0;
        if (parser.feed(bytes_of(input), used) != Outcome::request) return;
        std::string_view head = input.substr(0, used);
        while (head.starts_with("\r\n")) head.remove_prefix(2);
        expect_unambiguous(head, parser.request());
        input.remove_prefix(used);
        parser.next();
    }
}

TEST(HttpParserMutation, WhateverTheBytesTheCutDoesNotMatterAndNothingAcceptedIsAmbiguous) {
    const std::vector<std::string> inputs = seeds();
    Mutator mutator(20240611);
    for (int round = 0; round < 60'000; ++round) {
        const std::string& base = inputs[mutator.below(inputs.size())];
        const std::string& other = inputs[mutator.below(inputs.size())];
        const std::string input = mutator.mutate(base, other);
        const Transcript whole = transcript_of(input);
        ASSERT_EQ(transcript_by_byte(input), whole) << escaped(input);
        ASSERT_EQ(transcript_cut_at(input, mutator.below(input.size() + 1)), whole)
            << escaped(input);
        expect_accepted_heads_unambiguous(input);
        ASSERT_FALSE(HasFailure()) << escaped(input);
    }
}

}  // namespace
}  // namespace logwisp::test
