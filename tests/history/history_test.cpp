// The past is given whole, once and in order to everybody who asks, wherever the file is by now; what is nowhere any more is a gap of the exact
// number, never something else. Method: a past of known entries, moved about; readers that take as they please and leave when they please.
#include "history/history.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "history/past_on_disk.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

using test::Directory;
using test::LedgerOnDisk;

struct Reader final : PastReader {
    bool takes_past() override { return room != 0; }
    std::uint64_t past_end() override { return end; }
    std::uint64_t memory_begins() override { return end; }
    void on_past_entry(std::uint64_t sequence, std::string_view json) override {
        const std::size_t begin = json.find("\"message\":\"") + 11;
        got.emplace_back(json.substr(begin, json.find('"', begin) - begin));
        sequences.push_back(sequence);
        if (room > 0) --room;
        if (on_entry) on_entry();
    }
    void on_past_gap(std::uint64_t first, std::uint64_t last) override {
        gaps.emplace_back(first, last);
    }
    void on_past_end(std::uint64_t next) override { ended_at = next; }

    int room = -1;  // -1: no end of it
    std::uint64_t end = 0;
    std::uint64_t ended_at = 0;
    std::vector<std::string> got;
    std::vector<std::uint64_t> sequences;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
    std::function<void()> on_entry;
};

class HistoryTest : public test::BackendTest, public TurnHook {
  protected:
    static constexpr std::uint32_t entries = 6000;
    static constexpr std::uint32_t entries_per_run = 40;

    HistoryTest() : files(make_real_file_system()), history(reactor(), *files, encoder) {
        reactor().add_turn_hook(*this);
        for (std::uint32_t at = 1; at <= entries; ++at)
            text += "line " + std::to_string(at) + std::string(at % 97, '.') + "\n";
        test::write_file(directory / "app.log", text);
        ledger = std::make_unique<LedgerOnDisk>(directory / "s", ".ledger", 1, 1);
        ledger->add_file(1, directory / "app.log", 1);
        add_runs(0);
        source = {directory / "s", 1024 * 1024};
    }
    void add_runs(std::int64_t first_read_us) {
        std::size_t begin = 0;
        std::size_t end = 0;
        for (std::uint32_t at = 1; at <= entries; ++at) {
            end = text.find('\n', end) + 1;
            if (at % entries_per_run != 0) continue;
            ledger->add_run(1, text, begin, end, at + 1 - entries_per_run, entries_per_run,
                            first_read_us + at);
            begin = end;
        }
    }
    ~HistoryTest() override { reactor().remove_turn_hook(*this); }

    bool on_turn_end() override {
        const std::size_t before = all_bytes();
        const bool more = history.on_turn_end();
        bytes_in_a_turn_max = std::max(bytes_in_a_turn_max, all_bytes() - before);
        return more || history.has_work();
    }
    [[nodiscard]] std::size_t all_bytes() const {
        std::size_t bytes = 0;
        for (const auto& reader : readers)
            for (const std::string& one : reader->got) bytes += one.size();
        return bytes;
    }
    Reader& read(std::uint64_t first, std::uint64_t end = entries + 1) {
        readers.push_back(std::make_unique<Reader>());
        readers.back()->end = end;
        history.begin(*readers.back(), source, first);
        return *readers.back();
    }
    void expect_everything(const Reader& reader, std::uint64_t first) {
        EXPECT_TRUE(reader.gaps.empty());
        ASSERT_EQ(reader.sequences.size(), entries + 1 - first);
        for (std::size_t at = 0; at < reader.sequences.size(); ++at) {
            ASSERT_EQ(reader.sequences[at], first + at);
            ASSERT_TRUE(reader.got[at].starts_with("line " + std::to_string(first + at)));
        }
    }
    // How many it was given and told it lacks.
    static std::uint64_t accounted(const Reader& reader) {
        std::uint64_t sum = reader.got.size();
        for (const auto& [first, last] : reader.gaps) sum += last + 1 - first;
        return sum;
    }
    bool all_end() {
        return turn_until([&] {
            for (const auto& reader : readers)
                if (reader->ended_at == 0) return false;
            return history.idle();
        });
    }

    Directory directory;
    std::unique_ptr<FileSystem> files;
    Encoder encoder;
    History history;
    std::string text;
    std::unique_ptr<LedgerOnDisk> ledger;
    PastSource source;
    std::vector<std::unique_ptr<Reader>> readers;
    std::size_t bytes_in_a_turn_max = 0;
};

LOGWISP_ON_ALL_BACKENDS(HistoryTest);

TEST_P(HistoryTest, everybody_gets_everything_within_the_budget) {
    for (std::uint64_t first = 1; first < 400; first += 13) read(first);
    ASSERT_TRUE(all_end());
    for (std::size_t at = 0; at < readers.size(); ++at)
        expect_everything(*readers[at], 1 + 13 * at);
    EXPECT_LE(bytes_in_a_turn_max, past_bytes_per_turn + 100);
}

TEST_P(HistoryTest, the_file_is_found_under_its_new_name_as_a_copy_and_packed) {
    std::filesystem::rename(directory / "app.log", directory / "app.log.1");
    test::write_file(directory / "app.log", "another file, with another first line\n");
    read(1);
    ASSERT_TRUE(all_end());
    expect_everything(*readers.back(), 1);

    // copytruncate: the copy is another file, and the original has been written to again.
    std::filesystem::copy_file(directory / "app.log.1", directory / "app.log-20260131");
    std::filesystem::remove(directory / "app.log.1");
    read(2);
    ASSERT_TRUE(all_end());
    expect_everything(*readers.back(), 2);

    std::filesystem::remove(directory / "app.log-20260131");
    test::write_packed(directory / "app.log.1.gz", std::string(300'000, 'z'));
    test::write_packed(directory / "app.log.2.gz", text, 5);
    for (std::uint64_t first = 3; first < 9; ++first) read(first);
    ASSERT_TRUE(all_end());
    for (std::uint64_t first = 3; first < 9; ++first)
        expect_everything(*readers[readers.size() - 9 + first], first);
}

// Nobody ran when they were written, or there was too much to keep up with.
TEST_P(HistoryTest, lines_that_were_read_long_after_they_were_written) {
    const std::string packed = directory / "app.log.9.gz";
    const auto identity = [](const std::string& path) { return real_status(path)->identity; };
    std::int64_t salt = 1;
    // `others` are newer than what is looked for; all were written before it was read.
    const auto read_as = [&](const std::string& path, const FileIdentity& recorded, int others) {
        constexpr std::int64_t hour_us = 3'600'000'000;
        ledger = std::make_unique<LedgerOnDisk>(directory / "s", ".ledger", 1, ++salt);
        ledger->add_file(1, path, 1, recorded);
        add_runs(real_status(packed)->modified_ns / 1000 + hour_us);
        for (int number = 10; number < 10 + others; ++number)
            test::write_packed(directory / ("app.log." + std::to_string(number) + ".gz"),
                               "other\n");
        read(1);
        ASSERT_TRUE(all_end());
        expect_everything(*readers.back(), 1);
    };
    const FileIdentity plain = identity(directory / "app.log");
    std::filesystem::remove(directory / "app.log");
    test::write_packed(packed, text);
    read_as(directory / "app.log", plain, 4);
    // It was packed already when it was read.
    read_as(directory / "app.log", packed_identity(identity(packed)), 20);
    // Packed under the name it had.
    read_as(directory / "app.log.9", plain, 20);
}

TEST_P(HistoryTest, what_is_nowhere_any_more_is_one_exact_gap) {
    // Truncated and written again: the same file, other bytes.
    test::write_file(directory / "app.log", std::string(text.size() + 1000, 'q'));
    Reader& lost = read(1);
    ASSERT_TRUE(all_end());
    EXPECT_TRUE(lost.got.empty());
    ASSERT_EQ(lost.gaps.size(), 1U);
    EXPECT_EQ(lost.gaps[0], std::pair(std::uint64_t{1}, std::uint64_t{entries}));
    // A part of it is there still, packed by something that did not finish.
    test::write_packed(directory / "app.log.1.gz", text);
    const auto bytes = std::filesystem::file_size(directory / "app.log.1.gz");
    std::filesystem::resize_file(directory / "app.log.1.gz", bytes / 2);
    Reader& part = read(1);
    ASSERT_TRUE(all_end());
    EXPECT_GT(part.got.size(), entries / 4);
    EXPECT_EQ(accounted(part), entries);
    EXPECT_EQ(part.gaps.size(), 1U);
}

TEST_P(HistoryTest, a_file_that_is_another_one_since_is_not_given_out) {
    // Rewritten in its middle: from there on nothing ends where the ledger says.
    std::string other = text;
    other.insert(text.find("line 3001"), "x\n");
    test::write_file(directory / "app.log", other);
    Reader& reader = read(1);
    ASSERT_TRUE(all_end());
    EXPECT_EQ(accounted(reader), entries);
    ASSERT_EQ(reader.gaps.size(), 1U);
    EXPECT_EQ(reader.gaps[0], std::pair(std::uint64_t{3001}, std::uint64_t{entries}));
}

TEST_P(HistoryTest, readers_that_take_a_little_at_a_time_do_not_hold_up_others) {
    std::vector<Reader*> slow;
    for (int count = 0; count < 12; ++count) {
        slow.push_back(&read(1));
        slow.back()->room = 3;
    }
    Reader& fast = read(1);
    ASSERT_TRUE(turn_until([&] { return fast.ended_at != 0; }));
    expect_everything(fast, 1);
    for (std::size_t round = 0; round < 40; ++round) {
        const std::size_t before = slow.front()->got.size();
        for (Reader* reader : slow) {
            reader->room = 200;
            history.go_on(*reader);
        }
        for (Reader* reader : slow)
            ASSERT_TRUE(turn_until([&] {
                return reader->ended_at != 0 || reader->got.size() == before + 200;
            })) << before;
    }
    ASSERT_TRUE(all_end());
    for (Reader* reader : slow) expect_everything(*reader, 1);
}

TEST_P(HistoryTest, a_reader_may_leave_at_any_time) {
    for (int leaves_after = 0; leaves_after < 200; leaves_after += 7) {
        Reader& reader = read(1);
        reader.on_entry = [this, &reader, leaves_after] {
            if (reader.got.size() < static_cast<std::size_t>(leaves_after)) return;
            history.end(reader);
            reader.ended_at = 1;
            reader.on_entry = nullptr;
        };
        if (leaves_after % 3 != 0) continue;
        for (int turns = leaves_after % 5; turns > 0; --turns) reactor().run_turn(0);
        history.end(reader);
        reader.ended_at = 1;
    }
    Reader& last = read(1);
    ASSERT_TRUE(all_end());
    expect_everything(last, 1);
    EXPECT_TRUE(history.idle());
}

TEST_P(HistoryTest, lines_longer_than_a_window_and_holes) {
    Directory other;
    std::string big = std::string(700'000, 'a') + "\nshort\n" + std::string(300'000, '\0') +
                      "after a hole\n" + std::string(2'000'000, 'b') + "\nend\n";
    test::write_file(other / "app.log", big);
    LedgerOnDisk record(other / "s", ".ledger", 1, 1);
    record.add_file(1, other / "app.log", 1);
    record.add_run(1, big, 0, big.size(), 1, 5, 1);
    const PastSource here{other / "s", 1000};
    for (const bool packed : {false, true}) {
        if (packed) {
            test::write_packed(other / "app.log.1.gz", big);
            std::filesystem::remove(other / "app.log");
        }
        Reader reader;
        reader.end = 6;
        history.begin(reader, here, 1);
        ASSERT_TRUE(turn_until([&] { return reader.ended_at == 6 && history.idle(); }));
        EXPECT_TRUE(reader.gaps.empty());
        ASSERT_EQ(reader.got.size(), 5U);
        EXPECT_EQ(reader.got[0], std::string(1000, 'a'));
        EXPECT_EQ(reader.got[1], "short");
        EXPECT_EQ(reader.got[2], "after a hole");
        EXPECT_EQ(reader.got[3], std::string(1000, 'b'));
        EXPECT_EQ(reader.got[4], "end");
    }
}

}  // namespace
}  // namespace logwisp
