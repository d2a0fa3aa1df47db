#include "stream/ledger_slot.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <iterator>
#include <utility>

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

namespace {

// What four bits do to a CRC-32: all of it is one line of a cache.
constexpr std::array<std::uint32_t, 16> crc_of_nibbles = [] {
    std::array<std::uint32_t, 16> table{};
    for (std::uint32_t nibble = 0; nibble < table.size(); ++nibble) {
        std::uint32_t sum = nibble;
        for (int bit = 0; bit < 4; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0xEDB88320U : 0);
        table[nibble] = sum;
    }
    return table;
}();

std::uint32_t crc_more(std::uint32_t sum, const void* bytes, std::size_t count) {
    const auto* at = static_cast<const unsigned char*>(bytes);
    for (const auto* const end = at + count; at != end; ++at) {
        sum ^= *at;
        sum = crc_of_nibbles[sum & 15] ^ (sum >> 4);
        sum = crc_of_nibbles[sum & 15] ^ (sum >> 4);
    }
    return sum;
}

}  // namespace

std::uint32_t ledger_check_cold(const LedgerSlot& slot, std::uint64_t salt, std::uint64_t index) {
    const std::uint64_t place[2] = {salt, index};
    const std::uint32_t sum = crc_more(~0U, place, sizeof(place));
    return ~crc_more(sum, reinterpret_cast<const char*>(&slot) + sizeof(slot.check),
                     ledger_slot_bytes - sizeof(slot.check));
}

bool ledger_valid(const LedgerSlot& slot, std::uint64_t salt, std::uint64_t index) {
    return slot.kind != LedgerKind::none && slot.kind <= LedgerKind::text &&
           slot.check == ledger_check(slot, salt, index);
}

namespace {

constexpr std::size_t check_bytes = sizeof(LedgerSlot::check);
constexpr unsigned byte_bits = 8;

unsigned char& byte_of(LedgerSlot& slot, std::size_t at) {
    return reinterpret_cast<unsigned char*>(&slot)[at];
}

// By how much a check changes with each bit of a slot.
class CheckDifferences {
  public:
    // The salt of a header is in the slot, and so counts twice.
    explicit CheckDifferences(bool header) {
        const std::uint32_t nothing = ledger_check({}, 0, 0);
        for (std::size_t at = check_bytes; at < ledger_slot_bytes; ++at)
            for (unsigned bit = 0; bit < byte_bits; ++bit) {
                LedgerSlot slot;
                byte_of(slot, at) = static_cast<unsigned char>(1U << bit);
                of_[at][bit] = ledger_check(slot, header ? slot.end : 0, 0) ^ nothing;
            }
    }

    // The byte and its change that make this difference; none is zero.
    [[nodiscard]] std::pair<std::size_t, unsigned char> change(std::uint32_t difference) const {
        for (std::size_t at = check_bytes; at < ledger_slot_bytes; ++at) {
            std::uint32_t differences[1U << byte_bits] = {};
            for (unsigned change = 1; change < std::size(differences); ++change) {
                differences[change] = differences[change & (change - 1)] ^
                                      of_[at][static_cast<unsigned>(std::countr_zero(change))];
                if (differences[change] == difference)
                    return {at, static_cast<unsigned char>(change)};
            }
        }
        return {};
    }

  private:
    std::uint32_t of_[ledger_slot_bytes][byte_bits] = {};
};

}  // namespace

bool ledger_mend(LedgerSlot& slot, std::uint64_t salt, std::uint64_t index) {
    if (slot == LedgerSlot{}) return false;
    static const CheckDifferences of_headers(true);
    static const CheckDifferences of_others(false);
    const bool header = index == 0;
    const std::uint32_t check = ledger_check(slot, header ? slot.end : salt, index);
    const std::uint32_t difference = check ^ slot.check;
    if (difference == 0) return false;
    LedgerSlot mended = slot;
    const auto last_bit = static_cast<unsigned>(std::countr_zero(difference)) / byte_bits;
    if (difference >> (last_bit * byte_bits) <= 0xFF) {
        mended.check = check;
    } else {
        const auto [at, change] = (header ? of_headers : of_others).change(difference);
        byte_of(mended, at) ^= change;
    }
    if (!ledger_valid(mended, header ? mended.end : salt, index)) return false;
    if (header != (mended.kind == LedgerKind::header)) return false;
    slot = mended;
    return true;
}

}  // namespace logwisp
