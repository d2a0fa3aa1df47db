// The lines the fan-out program writes and expects back: "#000000000042 1700000000000000000 ~~~~",
// number from 1, the moment of writing in nanoseconds, padding up to the asked length. Lines
// "!probe ..." only find out who is connected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace logwisp::fanout {

inline constexpr std::size_t number_digits = 12;
inline constexpr std::size_t time_digits = 19;
inline constexpr std::size_t payload_head_bytes = 1 + number_digits + 1 + time_digits + 1;
inline constexpr std::string_view probe_mark = "!probe ";

inline std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

inline std::string padding(std::size_t line_bytes) {
    return line_bytes > payload_head_bytes + 1
               ? std::string(line_bytes - payload_head_bytes - 1, '~')
               : std::string();
}

inline std::uint64_t parse_digits(const char* at, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value * 10 + static_cast<unsigned char>(at[i] - '0');
    return value;
}

}  // namespace logwisp::fanout
