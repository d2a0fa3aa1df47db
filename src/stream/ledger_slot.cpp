#include "stream/ledger_slot.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace logwisp {

namespace {
constexpr std::size_t text_offset = ledger_slot_bytes - ledger_text_bytes;
}

LedgerSlot ledger_text_slot(std::string_view text) {
    LedgerSlot slot;
    slot.kind = LedgerKind::text;
    slot.text_bytes = static_cast<std::uint16_t>(text.size());
    std::memcpy(reinterpret_cast<char*>(&slot) + text_offset, text.data(),
                std::min(text.size(), ledger_text_bytes));
    return slot;
}

std::string_view ledger_text(const LedgerSlot& slot) {
    return {reinterpret_cast<const char*>(&slot) + text_offset,
            std::min<std::size_t>(slot.text_bytes, ledger_text_bytes)};
}

std::uint32_t ledger_check(const LedgerSlot& slot, std::uint64_t salt, std::uint64_t index) {
    const std::uint64_t place[2] = {salt, index};
    uLong sum = ::crc32(0, reinterpret_cast<const Bytef*>(place), sizeof(place));
    sum = ::crc32(sum, reinterpret_cast<const Bytef*>(&slot) + sizeof(slot.check),
                  ledger_slot_bytes - sizeof(slot.check));
    return static_cast<std::uint32_t>(sum);
}

bool ledger_valid(const LedgerSlot& slot, std::uint64_t salt, std::uint64_t index) {
    return slot.kind != LedgerKind::none && slot.kind <= LedgerKind::text &&
           slot.check == ledger_check(slot, salt, index);
}

}  // namespace logwisp
