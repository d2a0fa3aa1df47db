// The ring against a model (a deque of frames): whatever is appended, what can be read is the newest frames, whole and in order, and a reader
// that takes any number of bytes ends at a frame's beginning with exactly the rest of the frame it had begun.
#include "stream/ring.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <random>
#include <string>

namespace logwisp {
namespace {

struct Random {
    explicit Random(unsigned seed) : engine(seed) {}
    unsigned operator()() { return static_cast<unsigned>(engine()); }
    std::mt19937 engine;
};

void append(Ring& ring, const std::string& frame, std::size_t asked_bytes) {
    std::memcpy(ring.prepare(asked_bytes), frame.data(), frame.size());
    ring.commit(ring.next(), frame.size());
}

std::string text(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

TEST(Ring, HoldsWhatTheModelHolds) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        Random random(seed);
        const std::uint32_t entries_max = 1 + random() % 40;
        Ring ring(entries_max, 4096, 1 + random() % 1000);
        std::deque<std::string> model;
        std::size_t model_bytes = 0;
        std::uint64_t first = ring.first();
        for (int step = 0; step < 400; ++step) {
            const std::size_t bytes = 1 + random() % (random() % 8 == 0 ? 2000 : 100);
            const std::size_t asked = bytes + random() % 60;
            const std::string frame(bytes, static_cast<char>('a' + random() % 26));
            while (model.size() >= entries_max || model_bytes + asked > ring.bytes_max()) {
                model_bytes -= model.front().size();
                model.pop_front();
                ++first;
            }
            model.push_back(frame);
            model_bytes += bytes;
            append(ring, frame, asked);

            ASSERT_EQ(ring.first(), first);
            ASSERT_EQ(ring.entries(), model.size());
            const std::size_t from = random() % (model.size() + 1);
            std::string expected;
            for (std::size_t index = from; index < model.size(); ++index) expected += model[index];
            const std::string all = text(ring.from(first + from, 1 << 20));
            ASSERT_EQ(all, expected) << "seed " << seed;

            const std::size_t limit = 1 + random() % 3000;
            const std::string limited = text(ring.from(first + from, limit));
            ASSERT_EQ(limited, expected.substr(0, limited.size()));
            if (from < model.size()) {
                ASSERT_GE(limited.size(), model[from].size());
                ASSERT_TRUE(limited.size() <= limit || limited.size() == model[from].size());
            }

            const std::size_t taken = expected.empty() ? 0 : random() % (expected.size() + 1);
            const Ring::Advance advance = ring.advance(first + from, taken);
            const std::string rest =
                text(advance.remainder) + text(ring.from(advance.next, 1 << 20));
            ASSERT_EQ(rest, expected.substr(taken)) << "seed " << seed;
            if (advance.next > first + from) {
                ASSERT_LE(advance.remainder.size(), model[advance.next - 1 - first].size());
            }
        }
    }
}

TEST(Ring, HalfWayLeavesHalfTheEntriesAndHalfTheBytes) {
    Ring ring(100, 4096, 1);
    for (int index = 0; index < 100; ++index) append(ring, "0123456789", 10);
    EXPECT_EQ(ring.half_way(100), 51u);
    EXPECT_EQ(ring.half_way(10), 96u);
    Ring heavy(100, 4096, 1);
    for (int index = 0; index < 100; ++index) append(heavy, std::string(100, 'x'), 100);
    EXPECT_EQ(heavy.entries(), 40u);
    EXPECT_EQ(heavy.half_way(100), 81u) << "20 frames of 100 bytes are half of 4096";
}

TEST(Ring, StartsAnewBehindAHole) {
    Ring ring(10, 4096, 1);
    append(ring, "one", 3);
    ring.restart_at(100);
    EXPECT_EQ(ring.first(), 100u);
    EXPECT_EQ(ring.entries(), 0u);
    append(ring, "hundred", 7);
    EXPECT_EQ(text(ring.from(100, 1000)), "hundred");
    EXPECT_EQ(ring.advance(100, 3).next, 101u);
    EXPECT_EQ(text(ring.advance(100, 3).remainder), "dred");
}

TEST(Ring, AFrameAsLargeAsTheRingIsWholeAcrossTheWrap) {
    Ring ring(10, 4096, 1);
    append(ring, std::string(1000, 'a'), 1000);
    std::string large(4096, '?');
    for (std::size_t index = 0; index < large.size(); ++index)
        large[index] = static_cast<char>('a' + index % 26);
    append(ring, large, large.size());
    EXPECT_EQ(ring.entries(), 1u);
    EXPECT_EQ(text(ring.from(ring.first(), 1)), large);
}

TEST(RingDeathTest, RefusesAFrameOutOfSequence) {
    Ring ring(10, 4096, 1);
    ring.prepare(1);
    EXPECT_DEATH(ring.commit(3, 1), "sequence == next_");
}

}  // namespace
}  // namespace logwisp
