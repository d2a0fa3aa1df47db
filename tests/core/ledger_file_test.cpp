// Whatever happens to a ledger on the disk, a start goes on with what is true, or says that it does not know: a changed byte is mended; after
// other damage a position is one that was recorded, with the mark that was recorded with it, and no id is given out twice; a start never fails.
// Method: a ledger as a stream leaves it, killed or stopped; every one of its bytes changed three ways, every length it can be cut to; then the
// disk's own errors.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/ledger_file.hpp"

namespace logwisp {
namespace {

constexpr std::int64_t wall_us = 1'700'000'000'000'000;

class LedgerFileTest : public testing::Test {
  protected:
    void SetUp() override {
        log_set_level(LogLevel::error);
        // In memory where there is room: a file system on a disk flushes what replaces a file.
        const char* const place = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        path_ = std::string(place) + "/logwisp-ledger-XXXXXX";
        ASSERT_NE(::mkdtemp(path_.data()), nullptr);
        auto opened = StateDirectory::open(path_);
        ASSERT_TRUE(opened);
        directory_ = *opened;
    }
    void TearDown() override {
        directory_.reset();
        std::filesystem::remove_all(path_);
        log_set_level(LogLevel::info);
    }

    Result<std::unique_ptr<LedgerFile>> open(std::int64_t at_us = wall_us) {
        return LedgerFile::open(directory_, "app", config, at_us);
    }
    [[nodiscard]] std::string file(const char* suffix = ".ledger") const {
        return path_ + "/app" + suffix;
    }
    [[nodiscard]] std::string bytes(const char* suffix = ".ledger") const {
        std::ifstream in(file(suffix), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void put(std::string_view bytes) const {
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << bytes;
    }

    StateConfig config;
    std::string path_;
    std::shared_ptr<StateDirectory> directory_;
};

LedgerSlot file_slot(std::uint32_t number) {
    LedgerSlot slot;
    slot.kind = LedgerKind::file;
    slot.file = number;
    slot.begin = 1;
    slot.end = 100 + number;
    slot.mark = 7;
    return slot;
}

std::string names_of(std::uint32_t number) {
    std::string text = "/var/log/" + std::to_string(number) + ".log";
    return text + '\0' + text + '\0' + std::to_string(number) + ".log" + '\0';
}

using Place = std::pair<std::uint64_t, std::uint64_t>;  // position and mark

// What a stream has recorded: all that was ever true, and what is true now.
struct Truth {
    std::map<std::uint32_t, std::set<Place>> ever;
    std::map<std::uint32_t, Place> now;
    std::uint64_t next_sequence = 1;
    std::vector<std::uint64_t> sequences{1};  // after each batch

    void add(std::uint32_t number, std::uint64_t position, std::string_view before_end) {
        now[number] = {position, ledger_mark(0, before_end)};
        ever[number].insert(now[number]);
    }
};

// Twelve batches of lines of three files.
Truth write_some(LedgerFile& ledger) {
    Truth truth;
    LedgerRecords records;
    std::map<std::uint32_t, std::uint64_t> ends;
    for (std::uint32_t batch = 0; batch < 12; ++batch) {
        records.clear();
        std::uint32_t entries = 0;
        for (std::uint32_t number = 1; number <= 3; ++number) {
            if (batch == 0) records.add(0, file_slot(number), names_of(number));
            if ((batch + number) % 3 == 0) continue;
            const std::string line = "line " + std::to_string(batch * 10 + number);
            const std::uint64_t begin = ends[number];
            ends[number] += line.size();
            records.line(entries++, number, begin, ends[number], wall_us + batch, 0, 0, line);
            truth.add(number, ends[number], line);
        }
        EXPECT_TRUE(ledger.append(records, truth.next_sequence, entries));
        truth.next_sequence += entries;
        truth.sequences.push_back(truth.next_sequence);
    }
    return truth;
}

// `whole`: nothing may be lost by it. Otherwise what it says was true once, and ids that it does not know of were of another epoch.
void expect_honest(LedgerFile& ledger, const Truth& truth, const std::string& epoch, bool whole,
                   const std::string& what) {
    const auto found = ledger.take_found();
    EXPECT_NE(ledger.epochs().back().text, epoch) << what;
    EXPECT_EQ(ledger.epochs().back().first_sequence, ledger.next_sequence()) << what;
    if (found == nullptr) {
        EXPECT_FALSE(whole) << what;
        EXPECT_EQ(ledger.epochs().size(), 1u) << what;
        return;
    }
    if (whole) {
        EXPECT_EQ(ledger.epochs().at(ledger.epochs().size() - 2).text, epoch) << what;
    }
    for (const auto& [number, file] : found->files) {
        ASSERT_GE(number, 1u) << what;
        ASSERT_LE(number, 3u) << what;
        EXPECT_EQ(file.inode, 100u + number) << what;
        if (!file.positioned) {
            EXPECT_FALSE(whole) << what;
            continue;
        }
        const Place place{file.position, file.mark};
        EXPECT_TRUE(truth.ever.at(number).contains(place)) << what << ": file " << number;
        if (whole) {
            EXPECT_EQ(place, truth.now.at(number)) << what;
        }
    }
    EXPECT_LE(ledger.next_sequence(), truth.next_sequence) << what;
    if (whole) {
        EXPECT_EQ(ledger.next_sequence(), truth.next_sequence) << what;
        EXPECT_EQ(found->files.size(), 3u) << what;
    }
}

TEST_F(LedgerFileTest, EveryChangedByteAndEveryCutIsSurvived) {
    for (const bool stopped : {false, true}) {
        std::filesystem::remove(file());
        Truth truth;
        std::string epoch;
        {
            auto ledger = open();
            ASSERT_TRUE(ledger);
            epoch = (*ledger)->epochs().back().text;
            truth = write_some(**ledger);
            if (stopped) (*ledger)->stop(wall_us);
        }
        const std::string whole = bytes();
        const auto start = [&](std::string_view content, bool is_whole, const std::string& what) {
            put(content);
            std::filesystem::remove(file(".ledger.aside-1700000001"));
            auto ledger = open(wall_us + 1'000'000);
            ASSERT_TRUE(ledger) << what << ": " << ledger.error().text();
            expect_honest(**ledger, truth, epoch, is_whole, what);
        };
        start(whole, true, "as it was");
        log_set_level(LogLevel::off);
        for (std::size_t at = 0; at < whole.size(); ++at)
            for (const int change : {0x01, 0x80, 0xFF}) {
                std::string changed = whole;
                changed[at] = static_cast<char>(changed[at] ^ change);
                start(changed, true, "changed at " + std::to_string(at));
                // It is mended where it lies, too.
                EXPECT_EQ(bytes().substr(ledger_slot_bytes, whole.size() - ledger_slot_bytes),
                          whole.substr(ledger_slot_bytes))
                    << at;
                changed[at ^ 1] = static_cast<char>(changed[at ^ 1] ^ 0x11);
                start(changed, false, "changed at and beside " + std::to_string(at));
            }
        for (std::size_t size = 0; size < whole.size(); ++size)
            start(std::string_view(whole).substr(0, size), false,
                  (stopped ? "stopped, cut to " : "killed, cut to ") + std::to_string(size));
        // What a file system may leave of a file that grew right before the power failed.
        for (std::size_t size = ledger_slot_bytes; size < whole.size(); size += ledger_slot_bytes)
            start(whole.substr(0, size) + std::string(whole.size() - size, '\0'), false,
                  "zeros from " + std::to_string(size));
        log_set_level(LogLevel::error);
    }
}

// Sequences go on after a kill and after a stop, however often, and every start has an epoch of its own: an id that
// a ledger does not know of, since it comes from a backup or has lost its end, is never given to another entry.
TEST_F(LedgerFileTest, NoIdIsGivenOutTwice) {
    std::set<std::pair<std::string, std::uint64_t>> given_out;
    std::vector<std::string> past;
    for (int round = 0; round < 12; ++round) {
        if (round == 9) put(past.at(4));
        if (round == 10) put(past.at(8).substr(0, past.at(8).size() - ledger_slot_bytes));
        auto ledger = open(wall_us);
        ASSERT_TRUE(ledger);
        const std::uint64_t next = (*ledger)->next_sequence();
        const std::string epoch = (*ledger)->epochs().back().text;
        EXPECT_EQ((*ledger)->epochs().back().first_sequence, next);
        if (round < 9) {
            EXPECT_EQ(next, static_cast<std::uint64_t>(round) + 1);
        }
        EXPECT_TRUE(given_out.emplace(epoch, next).second) << epoch << '-' << next;
        LedgerRecords records;
        records.add(0, file_slot(1), names_of(1));
        records.line(0, 1, 0, 5, wall_us, 0, 0, "12345");
        ASSERT_TRUE((*ledger)->append(records, next, 1));
        if (round % 2 == 0) (*ledger)->stop(wall_us);
        past.push_back(bytes());
    }
}

// With more files than fit in half of max_bytes it is not begun anew with every batch.
TEST_F(LedgerFileTest, WhatIsKnownMayBeMoreThanItShallHold) {
    config.bytes_max = 1 << 20;
    auto ledger = open();
    ASSERT_TRUE(ledger);
    LedgerRecords everything;
    for (std::uint32_t number = 1; number <= 10'000; ++number)
        everything.add(0, file_slot(number), names_of(number));
    (*ledger)->begin_anew(everything, 1, wall_us);
    ASSERT_TRUE((*ledger)->begun_anew());
    (*ledger)->finish_anew();
    EXPECT_GT((*ledger)->bytes(), config.bytes_max);
    EXPECT_FALSE((*ledger)->anew_due(10'000, wall_us));
    EXPECT_TRUE((*ledger)->keeping());
}

TEST_F(LedgerFileTest, IsBegunAnewWithNoDescriptorLeft) {
    auto ledger = open();
    ASSERT_TRUE(ledger);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit few = before;
    few.rlim_cur = 64;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    std::vector<int> taken;
    for (int one; (one = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken.push_back(one);
    for (int round = 0; round < 3; ++round) {
        LedgerRecords everything;
        everything.add(0, file_slot(1), names_of(1));
        (*ledger)->begin_anew(everything, 1, wall_us);
        EXPECT_TRUE((*ledger)->begun_anew());
        (*ledger)->finish_anew();
        EXPECT_TRUE((*ledger)->keeping());
    }
    for (const int one : taken) ::close(one);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

// Killed, or a port in use, before what its other slots say is in a new one: it is found once more.
TEST_F(LedgerFileTest, ADamagedOneIsUsedUntilANewOneHasAll) {
    log_set_level(LogLevel::off);
    Truth truth;
    {
        auto ledger = open();
        ASSERT_TRUE(ledger);
        truth = write_some(**ledger);
    }
    std::string damaged = bytes();
    damaged.replace(damaged.size() / 2, 2, "??");
    put(damaged);
    for (int start = 0; start < 3; ++start) {
        auto ledger = open(wall_us + start);
        ASSERT_TRUE(ledger);
        EXPECT_EQ((*ledger)->next_sequence(), truth.next_sequence);
        const auto found = (*ledger)->take_found();
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->files.size(), 3u);
        EXPECT_EQ(found->damaged_slots, start < 2 ? 1u : 0u);
        EXPECT_EQ((*ledger)->anew_due(1, wall_us), start < 2);
        if (start != 1) continue;
        LedgerRecords everything;
        for (const auto& [number, place] : truth.now) {
            everything.add(0, file_slot(number), names_of(number));
            everything.position(0, number, place.first, 0, place.second);
        }
        (*ledger)->begin_anew(everything, 1, wall_us);
        (*ledger)->finish_anew();
    }
}

// Also with its directory, and when another process has taken the place meanwhile.
TEST_F(LedgerFileTest, IsBegunAnewWhereItWasRemoved) {
    log_set_level(LogLevel::off);
    auto ledger = open();
    ASSERT_TRUE(ledger);
    std::uint64_t now_ms = 10'000;
    std::uint64_t next = 1;
    const auto begin_anew = [&] {
        LedgerRecords everything;
        everything.add(0, file_slot(1), names_of(1));
        everything.position(0, 1, next, 0, 7);
        (*ledger)->notice_removal(now_ms);
        if ((*ledger)->anew_due(now_ms, wall_us))
            (*ledger)->begin_anew(everything, now_ms, wall_us);
        const bool begun = (*ledger)->begun_anew();
        (*ledger)->finish_anew();
        now_ms += 1000;
        return begun;
    };
    const auto write = [&] {
        LedgerRecords records;
        records.line(0, 1, next - 1, next, wall_us, 0, 0, "x");
        return (*ledger)->append(records, next++, 1);
    };
    EXPECT_TRUE(write());
    EXPECT_FALSE(begin_anew());
    std::filesystem::remove(file());
    EXPECT_TRUE(begin_anew());
    EXPECT_TRUE(write());
    EXPECT_FALSE(begin_anew());
    std::filesystem::remove_all(path_);
    EXPECT_TRUE(begin_anew());
    EXPECT_TRUE(write());
    EXPECT_FALSE(StateDirectory::open(path_)) << "the new one is locked too";
    std::filesystem::rename(path_, path_ + ".aside");
    {
        auto other = StateDirectory::open(path_);
        ASSERT_TRUE(other);
        EXPECT_FALSE(begin_anew());
        EXPECT_FALSE(write());
        EXPECT_FALSE(begin_anew());
    }
    EXPECT_TRUE(begin_anew());
    EXPECT_TRUE(write());
    EXPECT_FALSE(begin_anew());
    std::filesystem::remove_all(path_ + ".aside");
    const std::string epoch = (*ledger)->epochs().back().text;
    ledger->reset();
    auto again = open();
    ASSERT_TRUE(again);
    EXPECT_EQ((*again)->next_sequence(), next);
    EXPECT_EQ((*again)->epochs().at((*again)->epochs().size() - 2).text, epoch);
    EXPECT_EQ((*again)->take_found()->files.at(1).position, next - 1);
}

// Killed anywhere while a new one is begun: what is there of the two names is what was true.
TEST_F(LedgerFileTest, EveryMomentOfBeginningAnewIsSurvived) {
    Truth truth;
    std::string epoch;
    std::string old;
    std::string anew;
    {
        auto ledger = open();
        ASSERT_TRUE(ledger);
        epoch = (*ledger)->epochs().back().text;
        truth = write_some(**ledger);
        old = bytes();
        LedgerRecords everything;
        for (const auto& [number, place] : truth.now) {
            everything.add(0, file_slot(number), names_of(number));
            everything.position(0, number, place.first, 0, place.second);
        }
        (*ledger)->begin_anew(everything, 1, wall_us);
        ASSERT_TRUE((*ledger)->begun_anew());
        (*ledger)->finish_anew();
        anew = bytes();
    }
    const auto start = [&](const std::string& what) {
        auto ledger = open(wall_us + 1);
        ASSERT_TRUE(ledger) << what;
        expect_honest(**ledger, truth, epoch, true, what);
    };
    const auto clear = [&] {
        for (const char* suffix : {".ledger", ".ledger.new", ".ledger.old"})
            std::filesystem::remove(file(suffix));
    };
    log_set_level(LogLevel::off);
    // While it is written the old one is in use; its header comes last.
    for (std::size_t size = 0; size <= anew.size(); size += 16) {
        clear();
        put(old);
        std::string part = anew.substr(0, size);
        if (size < anew.size()) std::fill_n(part.begin(), std::min(size, ledger_slot_bytes), '\0');
        std::ofstream(file(".ledger.new"), std::ios::binary) << part;
        start("new one written to " + std::to_string(size));
    }
    // The old one has its other name, the new one not yet its own.
    clear();
    std::ofstream(file(".ledger.new"), std::ios::binary) << anew;
    std::ofstream(file(".ledger.old"), std::ios::binary) << old;
    start("between the renames");
    EXPECT_FALSE(std::filesystem::exists(file(".ledger.new")));
    EXPECT_TRUE(bytes(".ledger.old") == old) << "the past is gone";
    log_set_level(LogLevel::error);
}

// One whose first sync failed does not take the old one's place, and another is begun.
TEST_F(LedgerFileTest, OneThatCannotBeSyncedIsBegunAgain) {
    auto ledger = open();
    ASSERT_TRUE(ledger);
    const Truth truth = write_some(**ledger);
    const std::string old = bytes();
    LedgerRecords everything;
    for (const auto& [number, place] : truth.now) {
        everything.add(0, file_slot(number), names_of(number));
        everything.position(0, number, place.first, 0, place.second);
    }
    LedgerRecords again = everything;
    log_set_level(LogLevel::off);
    (*ledger)->begin_anew(everything, 1, wall_us);
    ASSERT_TRUE((*ledger)->begun_anew());
    (*ledger)->failed(EIO);
    EXPECT_FALSE((*ledger)->begun_anew());
    EXPECT_EQ(bytes(), old);
    ASSERT_TRUE((*ledger)->anew_due(100'000, wall_us));
    (*ledger)->begin_anew(again, 100'000, wall_us);
    ASSERT_TRUE((*ledger)->begun_anew());
    (*ledger)->finish_anew();
    log_set_level(LogLevel::error);
    EXPECT_TRUE((*ledger)->keeping());
    EXPECT_NE(bytes(), old);
}

TEST_F(LedgerFileTest, ANewerOneIsRefusedAndAForeignOneIsSetAside) {
    {
        auto ledger = open();
        ASSERT_TRUE(ledger);
    }
    const std::string whole = bytes();
    LedgerSlot header;
    std::memcpy(&header, whole.data(), sizeof(header));
    header.entries = ledger_version + 1;
    header.check = ledger_check(header, header.end, 0);
    std::string newer = whole;
    std::memcpy(newer.data(), &header, sizeof(header));
    put(newer);
    const auto refused = open();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text().find("is of format 2, and this logwisp knows 1"),
              std::string::npos)
        << refused.error().text();
    EXPECT_EQ(bytes(), newer);
    // What was kept is not replaced by what comes in the same second.
    for (const char* const name :
         {".ledger.aside-1700000000", ".ledger.aside-1700000000-2", ".ledger.aside-1700000000-3"}) {
        const std::string foreign = std::string("something else entirely, for ") + name;
        put(foreign);
        const auto begun = open();
        ASSERT_TRUE(begun);
        EXPECT_TRUE((*begun)->is_new());
        EXPECT_EQ(bytes(name), foreign);
    }
}

}  // namespace
}  // namespace logwisp
