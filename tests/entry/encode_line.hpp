// Encodes one line as a test wants it: behind the line stand exactly line_padding_bytes of hostile
// bytes, and the room for the entry is exactly what the contract says, so that a sanitizer sees a
// step too far on either side.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "entry/encode.hpp"

namespace logwisp::test {

inline constexpr Timestamp read_at{1'700'000'000'123'456};
inline constexpr std::string_view read_at_text = "2023-11-14T22:13:20.123456Z";

struct LineOptions {
    std::string source = "app.log";
    std::uint64_t original_bytes = 0;
    bool partial = false;
    char behind = '"';
};

inline std::string encode_line(Encoder& encoder, std::string_view bytes,
                               const LineOptions& options = {}) {
    const auto held = std::make_unique<char[]>(bytes.size() + line_padding_bytes);
    std::copy(bytes.begin(), bytes.end(), held.get());
    std::fill_n(held.get() + bytes.size(), line_padding_bytes, options.behind);
    const auto out = std::make_unique<char[]>(entry_bytes_max(bytes.size()));
    const std::size_t length = encoder.encode({.bytes = {held.get(), bytes.size()},
                                               .source = options.source,
                                               .read_at = read_at,
                                               .original_bytes = options.original_bytes,
                                               .partial = options.partial},
                                              out.get());
    return {out.get(), length};
}

inline std::string encode_line(std::string_view bytes, const LineOptions& options = {}) {
    Encoder encoder;
    return encode_line(encoder, bytes, options);
}

}  // namespace logwisp::test
