// An entry's time is that of the batch it is in, or, when that is forgotten, of the oldest known; what was there before is not known. Method:
// a model that forgets nothing; and readers that had entries before they came.
#include "stream/seen_times.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "stream/stream.hpp"

namespace logwisp {
namespace {

TEST(SeenTimes, AgreesWithAModel) {
    std::mt19937 random(7);
    SeenTimes times;
    std::map<std::uint64_t, std::uint64_t> model;  // first sequence to time
    EXPECT_EQ(times.of(1), 0U);
    std::uint64_t next = 100;
    for (std::uint64_t batch = 1; batch <= 3 * seen_times_max; ++batch) {
        times.note(next, 1000 + batch);
        model[next] = 1000 + batch;
        if (model.size() > seen_times_max) model.erase(model.begin());
        next += 1 + random() % 5;
        for (int look = 0; look < 20; ++look) {
            const std::uint64_t sequence = 90 + random() % (next - 90);
            const auto after = model.upper_bound(sequence);
            const bool forgot = batch > seen_times_max;
            const std::uint64_t expected = after != model.begin() ? std::prev(after)->second
                                           : forgot               ? model.begin()->second
                                                                  : 0;
            ASSERT_EQ(times.of(sequence), expected) << "batch " << batch << ", " << sequence;
        }
    }
    times.note(5, 1);  // sequences begin anew
    EXPECT_EQ(times.of(5), 1U);
    EXPECT_EQ(times.of(4), 0U);
}

struct Reader final : Subscriber {
    explicit Reader(View& the_view, std::uint64_t from) { the_view.subscribe(*this, from); }
    ~Reader() override { view().unsubscribe(*this); }
    void pump() override {}
    [[nodiscard]] std::uint64_t seen_ns() const { return view().seen_ns(*this); }
};

void publish(Stream& stream, std::uint64_t seen_ns) {
    Batch batch;
    *batch.open_entry(1) = 'x';
    batch.close_entry(1);
    batch.note_seen(seen_ns + 1);
    batch.note_seen(seen_ns);
    batch.note_seen(seen_ns + 2);
    stream.number(batch);
    stream.append(batch);
}

TEST(SeenTimes, AReaderIsMeasuredOnceItHasWhatWasThereBefore) {
    Stream stream({});
    publish(stream, 10);
    publish(stream, 20);
    View& lines = stream.lines();
    Reader resumed(lines, lines.tail(2));
    Reader live(lines, lines.tail(0));
    EXPECT_EQ(resumed.seen_ns(), 0U);  // waited for nobody
    publish(stream, 30);
    EXPECT_EQ(resumed.seen_ns(), 0U);
    EXPECT_EQ(live.seen_ns(), 30U);
    lines.sent(resumed, 4);  // the two old ones, with their LF
    EXPECT_EQ(resumed.seen_ns(), 0U);
    lines.sent(resumed, 2);
    publish(stream, 40);
    EXPECT_EQ(resumed.seen_ns(), 40U);
    EXPECT_EQ(live.seen_ns(), 30U);  // the oldest it has not been sent
}

}  // namespace
}  // namespace logwisp
