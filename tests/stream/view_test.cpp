// Readers of a view against a model: whatever they take and however late they are, received + told as dropped = published, in order, and a gap
// falls between two frames.
#include "stream/view.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

#include "stream/stream.hpp"

namespace logwisp {
namespace {

struct Random {
    explicit Random(unsigned seed) : engine(seed) {}
    unsigned operator()() { return static_cast<unsigned>(engine()); }
    std::mt19937 engine;
};

constexpr std::size_t ring_bytes = 16 * 1024;

std::size_t framed(std::string_view epoch, std::uint64_t sequence, std::string_view json,
                   char* out) {
    const std::string frame =
        "<" + std::string(epoch) + std::to_string(sequence) + std::string(json) + ">";
    frame.copy(out, frame.size());
    return frame.size();
}

struct Published {
    Batch batch;
    explicit Published(std::uint64_t first, std::uint32_t entries, std::size_t bytes = 20) {
        batch.first_sequence = first;
        for (std::uint32_t index = 0; index < entries; ++index) {
            std::string entry = std::to_string(first + index);
            entry.resize(std::max(bytes, entry.size()), '.');
            entry.copy(batch.open_entry(entry.size()), entry.size());
            batch.close_entry(entry.size());
        }
    }
};

// Takes what it likes of what it is given, as a socket does, and keeps the rest of a frame for itself, as a connection does.
class Reader final : public Subscriber {
  public:
    explicit Reader(Random& random) : random_(random) {}
    ~Reader() override {
        if (subscribed()) view().unsubscribe(*this);
    }
    void pump() override {
        if (random_() % 3 == 0) return;  // not writable
        take();
    }
    void take() {
        received += std::exchange(rest_, {});
        const View::Next next = view().pull(*this, 1 + random_() % 2000);
        dropped += next.gap.dropped;
        if (next.gap.dropped > 0) {
            EXPECT_EQ(next.gap.to - next.gap.from + 1, next.gap.dropped);
            EXPECT_TRUE(received.empty() || received.back() == '\n') << "a gap inside a frame";
        }
        heartbeats += next.heartbeat.empty() ? 0 : 1;
        if (next.entries.empty()) return;
        const std::size_t bytes = random_() % (next.entries.size() + 1);
        received.append(next.entries.data(), bytes);
        const std::span<const char> rest = view().sent(*this, bytes);
        rest_.assign(rest.data(), rest.size());
    }
    void take_all() {
        for (int quiet = 0; quiet < 20;) {
            const std::size_t before = received.size() + dropped + rest_.size();
            take();
            quiet = before == received.size() + dropped + rest_.size() ? quiet + 1 : 0;
        }
        received += std::exchange(rest_, {});
    }

    std::string received;
    std::uint64_t dropped = 0;
    int heartbeats = 0;

  private:
    Random& random_;
    std::string rest_;
};

ViewOptions options(std::uint32_t buffer_entries) {
    ViewOptions view;
    view.buffer_entries = buffer_entries;
    view.slack_entries = 10;
    view.entries_max = buffer_entries + 10;
    view.ring_bytes = ring_bytes;
    return view;
}

TEST(View, ReceivedAndDroppedAddUpToWhatWasPublished) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        Random random(seed);
        View view(options(16 + random() % 100));
        Reader reader(random);
        view.subscribe(reader, 1);
        std::uint64_t next = 1;
        std::uint64_t expected_hole = 0;
        for (int turn = 0; turn < 200; ++turn) {
            if (random() % 50 == 0) {  // a batch that never reached this core
                expected_hole += 5;
                next += 5;
            }
            const std::uint32_t entries = random() % 10;
            view.append(Published(next, entries, 20 + random() % 200).batch);
            next += entries;
            view.flush();
        }
        view.append(Published(next, 1).batch);  // a hole at the end shows with the next batch
        next += 1;
        reader.take_all();

        std::uint64_t received = 0;
        std::uint64_t last = 0;
        std::size_t begin = 0;
        while (begin < reader.received.size()) {
            const std::size_t end = reader.received.find('\n', begin);
            ASSERT_NE(end, std::string::npos) << "a torn frame, seed " << seed;
            const std::uint64_t sequence = std::stoull(reader.received.substr(begin, end - begin));
            ASSERT_GT(sequence, last) << "seed " << seed;
            last = sequence;
            ++received;
            begin = end + 1;
        }
        EXPECT_EQ(received + reader.dropped, next - 1) << "seed " << seed;
        EXPECT_GE(reader.dropped, expected_hole) << "seed " << seed;
        EXPECT_EQ(last, next - 1);
    }
}

TEST(View, TailAndAfterBeginWhereTheySay) {
    Random random(1);
    View view(options(100));
    view.append(Published(1, 50).batch);
    EXPECT_EQ(view.tail(0), 51u);
    EXPECT_EQ(view.tail(7), 44u);
    EXPECT_EQ(view.tail(1000), 1u);
    EXPECT_EQ(view.after(10), 11u);
    EXPECT_EQ(view.after(50), 51u);
    EXPECT_EQ(view.after(5000), 51u) << "an id that was never given out is as good as none";
    Reader reader(random);
    EXPECT_EQ(view.subscribe(reader, view.after(40)).dropped, 0u);
    reader.take_all();
    EXPECT_EQ(reader.received.substr(0, 2), "41");
}

TEST(View, AReaderThatComesTooLateIsToldExactlyWhatIsGone) {
    Random random(1);
    View view(options(20));
    for (std::uint64_t first = 1; first < 1000; first += 10)
        view.append(Published(first, 10).batch);
    Reader reader(random);
    const View::Gap gap = view.subscribe(reader, view.after(5));
    EXPECT_EQ(gap.from, 6u);
    EXPECT_EQ(gap.to, 980u);
    EXPECT_EQ(gap.dropped, 975u);
    reader.take_all();
    EXPECT_EQ(reader.received.substr(0, 3), "981");
    EXPECT_EQ(reader.dropped, 0u) << "it was told by subscribe()";
}

TEST(View, AHeartbeatGoesOnceToReadersThatHaveEverything) {
    Random random(1);
    View view(options(20));
    Reader reader(random);
    view.subscribe(reader, 1);
    view.heartbeat("beat");
    reader.take_all();
    reader.take_all();
    EXPECT_EQ(reader.heartbeats, 1);
    view.heartbeat("beat");
    view.append(Published(1, 5).batch);
    reader.take_all();
    EXPECT_EQ(reader.heartbeats, 2) << "after the entries, not instead of it";
    EXPECT_EQ(view.ring().entries(), 5u) << "heartbeats take no room from entries";
}

TEST(Stream, TheEventsViewIsFramedFromWhatTheLinesViewHolds) {
    StreamOptions wanted;
    wanted.epoch = "e";
    wanted.http_buffer_entries = 16;
    wanted.tcp_buffer_entries = 32;
    wanted.line_bytes_max = 256;
    wanted.sse_frame = &framed;
    Stream stream(wanted);
    Batch batch;
    for (const std::string entry : {"a", "b", "c"}) {
        entry.copy(batch.open_entry(1), 1);
        batch.close_entry(1);
    }
    stream.number(batch);
    EXPECT_EQ(batch.first_sequence, 1u);
    stream.append(batch);
    const auto all = stream.events().ring().from(1, 1000);
    EXPECT_EQ(std::string(all.data(), all.size()), "<e1a><e2b><e3c>");
    stream.restart_at(10);
    EXPECT_EQ(stream.next(), 10u);
    EXPECT_EQ(stream.events().ring().next(), 10u);
}

TEST(BatchPool, GivesABatchAgainOnlyWhenNobodyHoldsIt) {
    BatchPool pool(1);
    Batch& first = pool.take();
    Batch& second = pool.take();
    EXPECT_NE(&first, &second);
    first.release();
    EXPECT_EQ(&pool.take(), &first);
    second.hold(3);
    for (int holder = 0; holder < 4; ++holder) {
        EXPECT_NE(&pool.take(), &second);
        second.release();
    }
    EXPECT_EQ(&pool.take(), &second);
}

TEST(Batch, KeepsEntriesOfAnySize) {
    Batch batch;
    const std::string huge(3'000'000, 'x');
    for (const std::string& entry : {std::string("a"), huge, std::string("b")}) {
        entry.copy(batch.open_entry(entry.size()), entry.size());
        batch.close_entry(entry.size());
    }
    EXPECT_EQ(batch.entry(0), "a\n");
    EXPECT_EQ(batch.entry(1), huge + "\n");
    EXPECT_EQ(batch.entry(2), "b\n");
    EXPECT_TRUE(batch.full());
}

// A reader that asked for all there is begins to be sent it in the next turn, after its head; what
// two turns bring meanwhile must not push it out.
TEST(StreamBuffer, HasRoomForWhatComesWhileAReaderIsGreeted) {
    StreamOptions wanted;
    wanted.epoch = "e";
    wanted.sse_frame = &framed;
    Stream stream(wanted);
    const auto publish = [&stream](std::uint32_t entries) {
        const Published published(stream.next(), entries);
        stream.append(published.batch);
    };
    View& events = stream.events();
    for (std::uint32_t entries = 0; entries < wanted.http_buffer_entries; entries += 250)
        publish(250);
    Random random(1);
    Reader reader(random);
    EXPECT_EQ(events.subscribe(reader, events.tail(wanted.http_buffer_entries)).dropped, 0u);
    for (std::uint32_t turn = 0; turn < 2; ++turn)
        for (std::uint32_t batch = 0; batch < batches_per_turn; ++batch)
            publish(stream.batch_entries());
    EXPECT_FALSE(events.overrun(reader));
    publish(1);
    EXPECT_TRUE(events.overrun(reader));
}

}  // namespace
}  // namespace logwisp
