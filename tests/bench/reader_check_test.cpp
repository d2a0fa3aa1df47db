// The bench reader's verdict is what the load tests rest on: it accepts a correct stream at every
// split, and finds each kind of wrong one: a lost, doubled, swapped, shortened or altered line, a
// gap notice that is one off. Method: streams written by hand.
#include "reader_check.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>

#include "line.hpp"

namespace logwisp::bench {
namespace {

std::string entry(int number, const std::string& pad) {
    char head[64];
    std::snprintf(head, sizeof head, "#%012d %019d%c", number, number,
                  check_character(static_cast<std::uint64_t>(number)));
    return "{\"time\":\"2024-01-01T00:00:00.000000Z\",\"source\":\"a.log\",\"message\":\"" +
           (head + pad) + "\"}";
}

struct Piece {
    std::string json;
    bool gap = false;
};

std::string stream_of(Protocol protocol, const std::vector<Piece>& pieces) {
    if (protocol == Protocol::tcp) {
        std::string bytes =
            "{\"time\":\"t\",\"source\":\"a.log\",\"message\":\"!probe "
            "1\"}\n{\"type\":\"heartbeat\"}\n";
        for (const Piece& piece : pieces)
            bytes +=
                (piece.gap ? "{\"type\":\"gap\",\"dropped\":" + piece.json + "}" : piece.json) +
                "\n";
        return bytes;
    }
    std::string bytes =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 2000\nevent: "
        "connected\ndata: {}\n\n: heartbeat\n\n";
    int id = 0;
    for (const Piece& piece : pieces)
        bytes += piece.gap ? "event: gap\ndata: {\"dropped\":" + piece.json +
                                 ",\"from\":\"a\",\"to\":\"b\"}\n\n"
                           : "id: e-" + std::to_string(++id) + "\ndata: " + piece.json + "\n\n";
    return bytes;
}

class ReaderVerdict : public ::testing::TestWithParam<Protocol> {
  protected:
    ReaderVerdict() {
        expectation_.lines = 5;
        expectation_.pad = std::string(45, '~');
    }
    std::vector<Piece> lines(std::initializer_list<int> numbers) const {
        std::vector<Piece> pieces;
        for (const int number : numbers)
            pieces.push_back({.json = entry(number, expectation_.pad)});
        return pieces;
    }
    // Content with the whole stream, given in two parts with the rest of a cut line kept in
    // between?
    bool content(const std::vector<Piece>& pieces, std::size_t split = 0) {
        const std::string bytes = stream_of(GetParam(), pieces);
        ReaderCheck check(GetParam(), expectation_);
        split = std::min(split, bytes.size());
        std::size_t used = check.take(std::string_view(bytes).substr(0, split), 0);
        used += check.take(std::string_view(bytes).substr(used), 0);
        EXPECT_TRUE(check.ready());
        dropped_ = check.dropped();
        return used == bytes.size() && check.fault().empty() && check.complete();
    }

    Expectation expectation_;
    std::uint64_t dropped_ = 0;
};

TEST_P(ReaderVerdict, AcceptsEveryLineOnceAtEverySplit) {
    const auto good = lines({1, 2, 3, 4, 5});
    for (std::size_t split = 0; split <= stream_of(GetParam(), good).size(); ++split)
        EXPECT_TRUE(content(good, split));
}

TEST_P(ReaderVerdict, AcceptsAnExactGapOnly) {
    auto pieces = lines({1, 4, 5});
    pieces.insert(pieces.begin() + 1, {.json = "2", .gap = true});
    EXPECT_TRUE(content(pieces));
    EXPECT_EQ(dropped_, 2u);
    for (const char* wrong : {"1", "3", "0", "-2", "\"2\""}) {
        pieces[1].json = wrong;
        EXPECT_FALSE(content(pieces)) << wrong;
    }
    pieces[1].json = "2";
    std::swap(pieces[1], pieces[2]);
    EXPECT_FALSE(content(pieces));
}

TEST_P(ReaderVerdict, FindsEveryOtherFault) {
    EXPECT_FALSE(content(lines({1, 2, 3, 4})));
    EXPECT_FALSE(content(lines({2, 3, 4, 5})));
    EXPECT_FALSE(content(lines({1, 2, 4, 5})));
    EXPECT_FALSE(content(lines({1, 2, 2, 3, 4, 5})));
    EXPECT_FALSE(content(lines({1, 3, 2, 4, 5})));
    const std::vector<std::function<void(std::string&)>> damages = {
        [](std::string& json) { json.pop_back(); },
        [](std::string& json) { json.erase(json.size() - 3, 1); },
        [](std::string& json) { json[json.size() - 10] = 'x'; },
        [](std::string& json) { json.replace(json.find('#'), 1, "!"); },
        [](std::string& json) { json[json.find('#') + 1 + number_digits] = 'x'; },
        [](std::string& json) { json[json.find('#') + 2 + number_digits] = '1'; },
        [](std::string& json) { json[json.find('#') + 20 + number_digits] = '9'; },
        [](std::string& json) { json[json.find('#') + payload_head_bytes - 1] = ' '; },
        [](std::string& json) { json = "{}"; },
        [](std::string& json) { json.clear(); },
        [](std::string& json) { json += json; },
    };
    for (const auto& damage : damages) {
        auto pieces = lines({1, 2, 3, 4, 5});
        damage(pieces[2].json);
        EXPECT_FALSE(content(pieces)) << pieces[2].json;
    }
}

// Sums that wrap around would let these pass.
TEST_P(ReaderVerdict, FindsAGapThatLeadsBack) {
    auto pieces = lines({1, 2, 3, 2, 3, 4, 5});
    pieces.insert(pieces.begin() + 3, {.json = "18446744073709551614", .gap = true});
    EXPECT_FALSE(content(pieces));
}

TEST_P(ReaderVerdict, FindsWhatIsNoDigit) {
    expectation_.lines = 10;
    auto pieces = lines({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    EXPECT_TRUE(content(pieces));
    std::string& last = pieces.back().json;
    last.replace(last.find("10 "), 2, "0:");
    EXPECT_FALSE(content(pieces));
}

INSTANTIATE_TEST_SUITE_P(Protocols, ReaderVerdict, ::testing::Values(Protocol::tcp, Protocol::sse));

TEST(ReaderVerdictSse, TellsSomebodyElsesLineFromADamagedOne) {
    const Expectation expectation{.lines = 1, .pad = {}};
    ReaderCheck check(Protocol::tcp, expectation);
    check.take(R"({"time":"t","message":"Log rotation detected: a longer line than ours is"})"
               "\n",
               0);
    EXPECT_TRUE(check.fault().starts_with("not a line of ours")) << check.fault();
}

TEST(ReaderVerdictSse, FindsARefusalAndAnotherKindOfAnswer) {
    const Expectation expectation{.lines = 1, .pad = {}};
    for (const std::string_view bytes :
         {"HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n{\"a\":1}\n"}) {
        ReaderCheck check(Protocol::sse, expectation);
        check.take(bytes, 0);
        EXPECT_FALSE(check.fault().empty());
    }
}

// Their lengths change with what they tell.
TEST(ReaderVerdictHeartbeats, MayBeSomeMoreOrLess) {
    const Expectation expectation{.lines = 1, .pad = {}};
    ReaderCheck check(Protocol::tcp, expectation);
    const std::string nine = "{\"type\":\"heartbeat\",\"uptime_seconds\":9}\n";
    const std::string ten = "{\"type\":\"heartbeat\",\"uptime_seconds\":10}\n";
    check.take(nine + nine + nine + ten, 0);
    const std::uint64_t all = 3 * nine.size() + ten.size();
    EXPECT_TRUE(check.can_be_other(all));
    EXPECT_TRUE(check.can_be_other(all - ten.size()));
    EXPECT_TRUE(check.can_be_other(all + 2 * ten.size()));
    EXPECT_FALSE(check.can_be_other(all + 4 * ten.size()));
    EXPECT_FALSE(check.can_be_other(all - 7));
    EXPECT_FALSE(check.can_be_other(all + 100));
}

class ReaderVerdictEvents : public ::testing::Test {
  protected:
    // Of three entries whose events are whole but for what `spoil` does to the text of all.
    std::string fault(const std::function<void(std::string&)>& spoil, bool foreign = false) {
        Expectation expectation{.lines = 3, .foreign = foreign, .pad = {}};
        std::string bytes =
            stream_of(Protocol::sse,
                      {{.json = entry(1, "")}, {.json = entry(2, "")}, {.json = entry(3, "")}});
        spoil(bytes);
        ReaderCheck check(Protocol::sse, expectation);
        check.take(bytes, 0);
        complete_ = check.complete();
        return check.fault();
    }
    static void replace(std::string& bytes, std::string_view what, std::string_view by) {
        bytes.replace(bytes.find(what), what.size(), by);
    }
    bool complete_ = false;
};

TEST_F(ReaderVerdictEvents, EndWithAnEmptyLineEach) {
    EXPECT_EQ(fault([](std::string&) {}), "");
    EXPECT_TRUE(complete_);
    EXPECT_NE(fault([](auto& bytes) { replace(bytes, "\n\nid: e-2", "\nid: e-2"); }), "");
    EXPECT_EQ(fault([](auto& bytes) { bytes.pop_back(); }), "");
    EXPECT_FALSE(complete_);
}

TEST_F(ReaderVerdictEvents, HaveIdsThatDoNotGoBack) {
    const auto named = [](std::string_view id) {
        return [id](std::string& bytes) { replace(bytes, "id: e-2\n", id); };
    };
    EXPECT_EQ(fault(named("")), "entry without an id");
    EXPECT_EQ(fault(named("id: e-0\n")), "id e-0 after e-1");
    EXPECT_EQ(fault(named("id: e-1\n")), "");
    EXPECT_EQ(fault(named("id: e-1\n"), true), "id e-1 after e-1");
    EXPECT_EQ(fault(named("id: d-0\n"), true), "");  // of another start
}

}  // namespace
}  // namespace logwisp::bench
