// One step through text that claims to be UTF-8, after Unicode's table 3-7: overlong forms,
// surrogates and what lies beyond U+10FFFF are not well-formed. Pure, any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace logwisp {

struct Utf8Step {
    std::size_t bytes = 1;  // not well-formed: what one U+FFFD stands for (the maximal subpart)
    bool well_formed = false;
};

// REQUIRES: rest is not empty.
inline Utf8Step utf8_step(std::string_view rest) {
    const auto lead = static_cast<unsigned char>(rest.front());
    if (lead < 0x80) return {1, true};
    if (lead < 0xC2 || lead > 0xF4) return {1, false};
    const std::size_t bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    // Only the second byte's range depends on the lead.
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (std::size_t i = 1; i < bytes; ++i) {
        if (i == rest.size()) return {i, false};
        const auto byte = static_cast<unsigned char>(rest[i]);
        if (byte < low || byte > high) return {i, false};
        low = 0x80;
        high = 0xBF;
    }
    return {bytes, true};
}

inline bool utf8_well_formed(std::string_view text) {
    while (!text.empty()) {
        const Utf8Step step = utf8_step(text);
        if (!step.well_formed) return false;
        text.remove_prefix(step.bytes);
    }
    return true;
}

}  // namespace logwisp
