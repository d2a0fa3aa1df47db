// Whoever reads a ledger while it is written finds every entry by its number and by its time, over both files, past everything that is no
// entry. Method: ledgers of known content, every number and every time asked for.
#include "history/ledger_reader.hpp"

#include <gtest/gtest.h>

#include "history/past_on_disk.hpp"

namespace logwisp {
namespace {

using test::Directory;
using test::LedgerOnDisk;

constexpr std::uint32_t entries_per_run = 3;
constexpr std::int64_t time_of(std::uint64_t sequence) {
    return 1'000'000 + static_cast<std::int64_t>((sequence - 1) / entries_per_run) * 10;
}

// Runs of three entries up to `next`, with as much of no entry in between as a ledger may hold.
void fill(LedgerOnDisk& ledger, const Directory& directory, std::uint64_t first,
          std::uint64_t next) {
    ledger.add_file(7, directory / "app.log", first);
    for (std::uint64_t at = first; at < next; at += entries_per_run) {
        const std::uint64_t end = (at + 2) * 10;
        ledger.add_run(7, std::string(100'000, 'x'), end - 30, end, at, entries_per_run,
                       time_of(at));
        if (at % 4 == 0) ledger.add_noise(at + entries_per_run, std::string(at % 900, 'n'));
    }
}

class LedgerReaderTest : public testing::Test {
  protected:
    LedgerReaderTest() { test::write_file(directory / "app.log", "x"); }
    void expect_all(std::uint64_t first, std::uint64_t next) {
        for (std::uint64_t wanted = first; wanted < next; ++wanted) {
            LedgerReader reader(directory / "s");
            ASSERT_TRUE(reader.seek(wanted));
            const auto run = reader.run();
            ASSERT_TRUE(run) << wanted;
            EXPECT_LE(run->first(), wanted);
            EXPECT_GT(run->next(), wanted);
            ASSERT_TRUE(reader.file_of(*run));
            EXPECT_EQ(reader.file_of(*run)->path, directory / "app.log");
            EXPECT_EQ(reader.first_since(time_of(wanted)),
                      (wanted - 1) / entries_per_run * entries_per_run + 1);
        }
        LedgerReader reader(directory / "s");
        ASSERT_TRUE(reader.seek(first));
        std::uint64_t at = first;
        while (const auto run = reader.run()) {
            EXPECT_EQ(run->first(), at);
            at = run->next();
        }
        EXPECT_EQ(at, next);
        EXPECT_EQ(reader.first_since(time_of(next)), std::nullopt);
        EXPECT_EQ(reader.first_since(0), first);
    }

    Directory directory;
};

TEST_F(LedgerReaderTest, FindsEveryEntry) {
    LedgerOnDisk ledger(directory / "s", ".ledger", 1, 1'000'000);
    fill(ledger, directory, 1, 301);
    expect_all(1, 301);
}

TEST_F(LedgerReaderTest, GoesFromTheOldFileToTheNewOne) {
    LedgerOnDisk old(directory / "s", ".ledger.old", 1, 1'000'000);
    fill(old, directory, 1, 151);
    LedgerOnDisk ledger(directory / "s", ".ledger", 151, time_of(151));
    fill(ledger, directory, 151, 301);
    expect_all(1, 301);
}

TEST_F(LedgerReaderTest, SeesOneThatIsBeingPutInItsPlace) {
    LedgerOnDisk ledger(directory / "s", ".ledger", 1, 1'000'000);
    fill(ledger, directory, 1, 151);
    LedgerOnDisk next(directory / "s", ".ledger.new", 151, time_of(151));
    fill(next, directory, 151, 301);
    expect_all(1, 301);
}

// The end of the old one was lost: what was there is passed over, and the way leads on.
TEST_F(LedgerReaderTest, PassesAHoleBetweenTheFiles) {
    LedgerOnDisk old(directory / "s", ".ledger.old", 1, 1'000'000);
    fill(old, directory, 1, 121);
    LedgerOnDisk ledger(directory / "s", ".ledger", 151, time_of(151));
    fill(ledger, directory, 151, 301);
    LedgerReader reader(directory / "s");
    ASSERT_TRUE(reader.seek(1));
    std::uint64_t at = 1;
    while (at < 121) {
        const auto run = reader.run();
        ASSERT_TRUE(run);
        at = run->next();
    }
    const auto behind = reader.run();
    ASSERT_TRUE(behind);
    EXPECT_EQ(behind->first(), 151U);
}

TEST_F(LedgerReaderTest, WaitsForWhatIsNotWhole) {
    LedgerOnDisk ledger(directory / "s", ".ledger", 1, 1'000'000);
    fill(ledger, directory, 1, 31);
    LedgerReader reader(directory / "s");
    ASSERT_TRUE(reader.seek(1));
    std::uint64_t next = 1;
    while (const auto run = reader.run()) next = run->next();
    EXPECT_EQ(next, 31U);
    const std::uint64_t before = ledger.slots();
    ledger.add_run(7, std::string(100'000, 'x'), 310, 340, 31, entries_per_run, time_of(31));
    ASSERT_EQ(ledger.slots(), before + 1);
    ledger.cut(20);
    EXPECT_FALSE(reader.run());
    ledger.add_run(7, std::string(100'000, 'x'), 340, 370, 34, entries_per_run, time_of(34));
    const auto behind = reader.run();
    ASSERT_TRUE(behind);
    EXPECT_EQ(behind->first(), 34U);
}

// More zeros than slots are mended of one ledger; a changed byte behind them is mended all the same.
TEST_F(LedgerReaderTest, MendsBehindManyZeros) {
    LedgerOnDisk ledger(directory / "s", ".ledger", 1, 1'000'000);
    ledger.add_file(7, directory / "app.log", 1);
    const std::uint64_t zeros = ledger.slots();
    ledger.add_noise(1, std::string(2 * ledger_mends_max * ledger_text_bytes, 'n'));
    const std::uint64_t changed = ledger.slots();
    ledger.add_run(7, std::string(100'000, 'x'), 0, 30, 1, entries_per_run, time_of(1));
    std::fstream file(directory / "s.ledger", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(zeros * ledger_slot_bytes));
    file << std::string((changed - zeros) * ledger_slot_bytes, '\0');
    file.seekp(static_cast<std::streamoff>(changed * ledger_slot_bytes));
    file << '!';
    file.close();
    LedgerReader reader(directory / "s");
    ASSERT_TRUE(reader.seek(1));
    const auto run = reader.run();
    ASSERT_TRUE(run);
    EXPECT_EQ(run->next(), 1 + entries_per_run);
}

TEST_F(LedgerReaderTest, NothingThereIsNothingFound) {
    LedgerReader none(directory / "s");
    EXPECT_FALSE(none.seek(1));
    EXPECT_EQ(none.first_since(0), std::nullopt);
    test::write_file(directory / "s.ledger", std::string(6400, '\x5a'));
    LedgerReader foreign(directory / "s");
    EXPECT_FALSE(foreign.seek(1));
    LedgerOnDisk empty(directory / "s", ".ledger", 1, 5);
    LedgerReader reader(directory / "s");
    EXPECT_TRUE(reader.seek(1));
    EXPECT_FALSE(reader.run());
    EXPECT_EQ(reader.first_since(0), std::nullopt);
}

}  // namespace
}  // namespace logwisp
