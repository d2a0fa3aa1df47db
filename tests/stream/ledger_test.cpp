// The ledger's form: what is written is what is read; a changed byte is mended; other damage is seen, takes nothing else with it and never ends
// in anything but a state. Method: a small ledger, then every one of its bytes changed and every one of its ends cut off.
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "stream/ledger_records.hpp"
#include "stream/ledger_state.hpp"

namespace logwisp {
namespace {

constexpr std::uint64_t salt = 0x1234'5678'9abc'def1;

LedgerSlot slot_of(LedgerKind kind, std::uint32_t file) {
    LedgerSlot slot;
    slot.kind = kind;
    slot.file = file;
    return slot;
}

std::vector<LedgerSlot> small_ledger() {
    std::vector<LedgerSlot> all;
    LedgerPlaces places;
    LedgerHeader header;
    header.salt = salt;
    header.boot = 7;
    all.push_back(ledger_header_slot(header));
    const auto write = [&](LedgerRecords& records, std::uint64_t first) {
        const auto slots = records.seal(first, salt, all.size(), places);
        all.insert(all.end(), slots.begin(), slots.end());
        records.clear();
    };
    LedgerRecords records;
    records.add(0, slot_of(LedgerKind::epoch, 0), "abc");
    records.add(0, slot_of(LedgerKind::target, 0),
                "/var/log/a long name that needs more than one slot of text, surely");
    LedgerSlot file = slot_of(LedgerKind::file, 1);
    file.begin = 11;
    file.end = 22;
    file.mark = 33;
    records.add(0, file, std::string("/var/log/app.log\0/var/log/app.log\0app.log\0", 42));
    records.line(0, 1, 0, 10, 1000, 0, 0, "0123456789");
    records.line(1, 1, 10, 30, 1000, 0, 0, "abcdefghij");
    write(records, 1);
    records.line(0, 1, 30, 40, 2000, 0, 0, "klmnopqrst");
    LedgerSlot notice = slot_of(LedgerKind::notice, 1);
    notice.entries = 1;
    notice.begin = 1;
    records.add(1, notice);
    records.position(2, 1, 0, 0, 99);
    write(records, 3);
    records.add(0, slot_of(LedgerKind::stop, 0));
    write(records, 5);
    return all;
}

LedgerState state_of(const std::vector<LedgerSlot>& slots) {
    LedgerState state;
    state.read(slots, salt, 0);
    state.finish();
    return state;
}

TEST(Ledger, SaysWhatItWasTold) {
    const LedgerState state = state_of(small_ledger());
    EXPECT_EQ(state.next_sequence, 5u);
    ASSERT_EQ(state.epochs.size(), 1u);
    EXPECT_EQ(state.epochs[0].text, "abc");
    EXPECT_EQ(state.epochs[0].first_sequence, 1u);
    ASSERT_EQ(state.targets.size(), 1u);
    EXPECT_EQ(state.targets[0],
              "/var/log/a long name that needs more than one slot of text, surely");
    ASSERT_EQ(state.files.size(), 1u);
    const RecordedFile& file = state.files.at(1);
    EXPECT_EQ(file.path, "/var/log/app.log");
    EXPECT_EQ(file.source, "app.log");
    EXPECT_EQ(file.inode, 22u);
    EXPECT_EQ(file.position, 0u);
    EXPECT_EQ(file.mark, 99u);
    EXPECT_EQ(file.entries, 4u);
    EXPECT_EQ(state.rotations.at("/var/log/app.log"), 1u);
    EXPECT_EQ(state.last_rotations.at("/var/log/app.log").past().back().number, 1u);
    EXPECT_TRUE(state.stopped);
    EXPECT_EQ(state.damaged_slots, 0u);
}

TEST(Ledger, LinesOfOneReadAreOneRun) {
    std::size_t runs = 0;
    for (const LedgerSlot& slot : small_ledger())
        if (slot.kind == LedgerKind::run && slot.entries == 2) {
            ++runs;
            EXPECT_EQ(slot.begin, 0u);
            EXPECT_EQ(slot.end, 30u);
            EXPECT_EQ(slot.mark, ledger_mark(0, "abcdefghij"));
        }
    EXPECT_EQ(runs, 1u);
}

// No single byte can change in two ways that look alike: so what it was is known. Checks differ by what has changed alone, whatever a slot
// says, so that one slot and one header stand for all.
TEST(Ledger, EveryChangeOfOneByteHasACheckOfItsOwn) {
    for (const bool header : {true, false}) {
        std::set<std::uint32_t> seen{0};
        const auto difference = [&](LedgerSlot slot) {
            return slot.check ^ ledger_check(slot, header ? slot.end : salt, header ? 0 : 7);
        };
        const std::uint32_t as_it_was = difference({});
        for (std::size_t at = 0; at < ledger_slot_bytes; ++at)
            for (unsigned change = 1; change < 256; ++change) {
                LedgerSlot slot;
                reinterpret_cast<unsigned char*>(&slot)[at] = static_cast<unsigned char>(change);
                EXPECT_TRUE(seen.insert(difference(slot) ^ as_it_was).second)
                    << header << ' ' << at << ' ' << change;
            }
    }
}

TEST(Ledger, TheCheckOfOneSlotIsThatOfMany) {
    for (std::size_t at = 0; at < ledger_slot_bytes; ++at)
        for (unsigned byte = 0; byte < 256; ++byte) {
            LedgerSlot slot;
            reinterpret_cast<unsigned char*>(&slot)[at] = static_cast<unsigned char>(byte);
            EXPECT_EQ(ledger_check_cold(slot, salt, at), ledger_check(slot, salt, at));
        }
}

TEST(Ledger, EveryChangedByteIsMended) {
    const std::vector<LedgerSlot> whole = small_ledger();
    for (std::size_t at = 0; at < whole.size() * ledger_slot_bytes; ++at) {
        for (const unsigned change : {0x01, 0x80, 0xFF}) {
            const std::size_t index = at / ledger_slot_bytes;
            LedgerSlot slot = whole[index];
            auto* bytes = reinterpret_cast<unsigned char*>(&slot);
            bytes[at % ledger_slot_bytes] =
                static_cast<unsigned char>(bytes[at % ledger_slot_bytes] ^ change);
            EXPECT_FALSE(ledger_valid(slot, index == 0 ? slot.end : salt, index));
            ASSERT_TRUE(ledger_mend(slot, salt, index)) << at << ' ' << change;
            ASSERT_EQ(slot, whole[index]) << at << ' ' << change;
        }
    }
}

TEST(Ledger, NothingIsMadeOfWhatWasNeverWritten) {
    LedgerSlot nothing;
    EXPECT_FALSE(ledger_mend(nothing, salt, 7));
    LedgerSlot whole = small_ledger()[3];
    whole.kind = LedgerKind{200};
    whole.check = ledger_check(whole, salt, 3);
    const LedgerSlot unknown = whole;
    EXPECT_FALSE(ledger_mend(whole, salt, 3));
    EXPECT_EQ(whole, unknown);
}

// What is not of single bytes is not searched for them for as long as there are slots; zeros, of which a torn end may leave many, are not
// searched at all.
TEST(Ledger, MuchDamageIsNotSearchedForSingleBytes) {
    for (const bool zeros : {false, true}) {
        const auto with = [&](std::size_t damaged) {
            std::vector<LedgerSlot> slots{small_ledger().front()};
            LedgerSlot garbage;
            if (!zeros) std::memset(reinterpret_cast<char*>(&garbage), 0x5A, sizeof(garbage));
            slots.resize(1 + damaged, garbage);
            LedgerPlaces places;
            LedgerRecords records;
            records.position(0, 1, 10, 0, 1);
            const auto sealed = records.seal(1, salt, slots.size(), places);
            slots.insert(slots.end(), sealed.begin(), sealed.end());
            slots.back().mark ^= 1;
            return state_of(slots);
        };
        EXPECT_EQ(with(ledger_mends_max - 1).mended.size(), 1u) << zeros;
        EXPECT_EQ(with(ledger_mends_max).mended.size(), zeros ? 1u : 0u) << zeros;
        EXPECT_EQ(with(ledger_mends_max).valid_slots, zeros ? ledger_mends_max + 2 : 1u) << zeros;
    }
}

TEST(Ledger, EveryTwoChangedBytesAreSeen) {
    const std::vector<LedgerSlot> whole = small_ledger();
    const LedgerState right = state_of(whole);
    for (std::size_t at = 0; at < whole.size() * ledger_slot_bytes; ++at) {
        for (const int change : {0x01, 0x80, 0xFF}) {
            std::vector<LedgerSlot> slots = whole;
            auto* bytes = reinterpret_cast<unsigned char*>(slots.data());
            bytes[at] = static_cast<unsigned char>(bytes[at] ^ change);
            bytes[at ^ 1] = static_cast<unsigned char>(bytes[at ^ 1] ^ 0x11);
            const LedgerState state = state_of(slots);
            const std::size_t index = at / ledger_slot_bytes;
            const bool last = index + 1 == whole.size();
            EXPECT_EQ(state.damaged_slots, last ? 0u : 1u) << at;
            EXPECT_EQ(state.valid_slots, last ? index : whole.size()) << at;
            EXPECT_LE(state.next_sequence, right.next_sequence) << at;
            if (last) {
                EXPECT_FALSE(state.stopped);
            }
        }
    }
}

// Twelve batches of a slot each, every third says that what was before the last that said so is on the disk: a hole there is damage, one
// behind it may be a power failure's.
TEST(Ledger, AHoleThatWasOnTheDiskIsDamage) {
    std::vector<LedgerSlot> whole{small_ledger().front()};
    LedgerPlaces places;
    for (std::uint64_t batch = 1; batch <= 12; ++batch) {
        LedgerRecords records;
        records.position(0, 1, batch, 0, 1);
        const auto slots = records.seal(batch, salt, whole.size(), places, batch % 3 == 0);
        whole.insert(whole.end(), slots.begin(), slots.end());
    }
    EXPECT_EQ(state_of(whole).sure_slots, whole.size());
    for (std::size_t hole = 1; hole < whole.size(); ++hole) {
        std::vector<LedgerSlot> slots = whole;
        slots[hole] = {};
        EXPECT_EQ(state_of(slots).sure_slots, hole < 9 ? whole.size() : hole) << hole;
    }
}

TEST(Ledger, EveryTornEndLeavesWhatCameBefore) {
    const std::vector<LedgerSlot> whole = small_ledger();
    std::uint64_t before = 0;
    for (std::size_t slots = 1; slots <= whole.size(); ++slots) {
        const LedgerState state =
            state_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(slots)});
        EXPECT_EQ(state.damaged_slots, 0u);
        EXPECT_EQ(state.valid_slots, slots);
        EXPECT_GE(state.next_sequence, before);
        EXPECT_EQ(state.stopped, slots == whole.size());
        before = state.next_sequence;
    }
}

TEST(Ledger, ASlotOfAnotherPlaceOrAnotherLedgerIsNotTaken) {
    std::vector<LedgerSlot> slots = small_ledger();
    EXPECT_FALSE(ledger_valid(slots[3], salt, 4));
    EXPECT_FALSE(ledger_valid(slots[3], salt + 1, 3));
    EXPECT_EQ(ledger_header(slots[1]).version, 0u);
    EXPECT_EQ(ledger_header(slots[0]).version, ledger_version);
    EXPECT_EQ(ledger_header(LedgerSlot{}).version, 0u);
}

}  // namespace
}  // namespace logwisp
