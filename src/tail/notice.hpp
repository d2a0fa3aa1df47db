// The entry a rotation leaves: its reason and what was lost. Made when it happens and, the same,
// when it is read again from the ledger. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "entry/encode.hpp"
#include "stream/rotation_history.hpp"

namespace logwisp {

// What a rotation destroyed before it was read. What was written between the last look and a
// truncation leaves no trace, so that of a truncation only the least is known.
struct Loss {
    std::uint64_t bytes = 0;
    bool at_least = false;  // and perhaps more
};

// A synthetic entry that is due before anything else of the file.
struct Notice {
    RotationReason reason = RotationReason::none;
    std::uint64_t number = 0;
    Loss loss;
};

inline constexpr std::size_t notice_bytes_max = entry_bytes_max(192);
// Writes the entry to `out`, which has room for notice_bytes_max, and returns its length.
std::size_t encode_notice(Encoder& encoder, const Notice& notice, Timestamp made,
                          std::string_view source, char* out);

}  // namespace logwisp
