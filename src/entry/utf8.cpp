#include "entry/utf8.hpp"

#include <cstring>

#include "base/check.hpp"

namespace logwisp {

namespace {

// What may follow a lead byte: how many bytes, and the range of the first of them (all others
// are 80..BF). Overlong forms, surrogates and code points past U+10FFFF are exactly the second
// bytes outside of the range.
struct Lead {
    std::uint32_t following;
    unsigned char second_min;
    unsigned char second_max;
};

Lead classify(unsigned char lead) {
    if (lead >= 0xC2 && lead <= 0xDF) return {1, 0x80, 0xBF};
    if (lead == 0xE0) return {2, 0xA0, 0xBF};
    if (lead == 0xED) return {2, 0x80, 0x9F};
    if (lead >= 0xE1 && lead <= 0xEF) return {2, 0x80, 0xBF};
    if (lead == 0xF0) return {3, 0x90, 0xBF};
    if (lead >= 0xF1 && lead <= 0xF3) return {3, 0x80, 0xBF};
    if (lead == 0xF4) return {3, 0x80, 0x8F};
    return {0, 0, 0};
}

}  // namespace

Utf8Sequence utf8_sequence(std::string_view text) {
    DCHECK(!text.empty());
    const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    if (byte(0) < 0x80) return {1, true};
    const Lead lead = classify(byte(0));
    if (lead.following == 0) return {1, false};
    if (text.size() < 2 || byte(1) < lead.second_min || byte(1) > lead.second_max)
        return {1, false};
    for (std::uint32_t index = 2; index <= lead.following; ++index) {
        if (index >= text.size() || (byte(index) & 0xC0) != 0x80) return {index, false};
    }
    return {lead.following + 1, true};
}

char* utf8_repair(std::string_view text, char* out) {
    while (!text.empty()) {
        const Utf8Sequence sequence = utf8_sequence(text);
        const std::string_view piece =
            sequence.valid ? text.substr(0, sequence.bytes) : utf8_replacement;
        std::memcpy(out, piece.data(), piece.size());
        out += piece.size();
        text.remove_prefix(sequence.bytes);
    }
    return out;
}

char* utf8_write(std::uint32_t code_point, char* out) {
    const auto put = [&](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | code_point >> 6);
        put(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
        put(0xE0 | code_point >> 12);
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    } else {
        put(0xF0 | code_point >> 18);
        put(0x80 | (code_point >> 12 & 0x3F));
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    }
    return out;
}

}  // namespace logwisp
