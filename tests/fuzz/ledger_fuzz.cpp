// A ledger as it comes from the disk, read in one piece and in two: it says the same, never more than its form allows, and never for ever. The
// first byte chooses where it is cut; slots are given right checks, or a fuzzer would never get past them.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/check.hpp"
#include "stream/ledger_state.hpp"

using namespace logwisp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::uint8_t cut = data[0];
    const bool mended = (data[1] & 1) != 0;
    std::vector<LedgerSlot> slots((size - 2) / ledger_slot_bytes);
    if (slots.empty()) return 0;
    std::memcpy(slots.data(), data + 2, slots.size() * ledger_slot_bytes);
    const std::uint64_t salt = slots.front().end;
    if (mended)
        for (std::size_t at = 0; at < slots.size(); ++at)
            slots[at].check = ledger_check(slots[at], salt, at);
    (void)ledger_header(slots.front());
    LedgerState whole;
    whole.read(slots, salt, 0);
    whole.finish();
    const std::span<const LedgerSlot> all(slots);
    const std::size_t at = cut % slots.size();
    LedgerState parts;
    parts.read(all.first(at), salt, 0);
    parts.read(all.subspan(at), salt, at);
    parts.finish();
    CHECK(whole.next_sequence == parts.next_sequence);
    CHECK(whole.files.size() == parts.files.size());
    CHECK(whole.unnamed_files.size() == parts.unnamed_files.size());
    CHECK(whole.targets == parts.targets && whole.rotations == parts.rotations);
    CHECK(whole.stopped == parts.stopped && whole.damaged_slots == parts.damaged_slots);
    CHECK(whole.mended == parts.mended && whole.mended.size() <= ledger_mends_max);
    CHECK(whole.sure_slots == parts.sure_slots && whole.sure_slots <= whole.valid_slots);
    CHECK(whole.valid_slots <= slots.size() && whole.damaged_slots <= whole.valid_slots);
    for (const auto& [number, file] : whole.files) {
        CHECK(number <= whole.file_number_max);
        const RecordedFile& other = parts.files.at(number);
        CHECK(file.position == other.position && file.mark == other.mark);
        CHECK(file.path == other.path && file.source == other.source);
    }
    return 0;
}
