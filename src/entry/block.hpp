// Sixteen bytes at a time: the few SSE2 operations that escaping and the level search are made of.
// SSE2 is part of x86-64, so nothing is dispatched; elsewhere the same names run byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace logwisp {

inline constexpr std::size_t block_bytes = 16;

// Bit i of a mask belongs to byte i.
using BlockMask = std::uint32_t;

#if defined(__SSE2__)

class Block {
  public:
    // REQUIRES: block_bytes readable bytes.
    explicit Block(const char* bytes)
        : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes))) {}

    void store(char* out) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes_); }
    [[nodiscard]] BlockMask equal(char byte) const {
        return mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(byte)));
    }
    [[nodiscard]] BlockMask equal_any(char a, char b, char c, char d) const {
        return mask(_mm_or_si128(_mm_or_si128(is(a), is(b)), _mm_or_si128(is(c), is(d))));
    }
    [[nodiscard]] BlockMask equal_any(char a, char b, char c) const {
        return mask(_mm_or_si128(_mm_or_si128(is(a), is(b)), is(c)));
    }
    [[nodiscard]] BlockMask capital_letters() const {
        return mask(no_more(_mm_sub_epi8(bytes_, _mm_set1_epi8('A')), 'Z' - 'A'));
    }
    [[nodiscard]] BlockMask not_ascii() const { return mask(bytes_); }
    // Control characters, quotes and backslashes.
    [[nodiscard]] BlockMask escapes() const {
        return mask(_mm_or_si128(no_more(bytes_, 0x1F), _mm_or_si128(is('"'), is('\\'))));
    }

  private:
    static BlockMask mask(__m128i bytes) {
        return static_cast<BlockMask>(_mm_movemask_epi8(bytes));
    }
    static __m128i no_more(__m128i bytes, unsigned char byte) {
        return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(static_cast<char>(byte))), bytes);
    }
    [[nodiscard]] __m128i is(char byte) const {
        return _mm_cmpeq_epi8(bytes_, _mm_set1_epi8(byte));
    }

    __m128i bytes_;
};

#else

class Block {
  public:
    explicit Block(const char* bytes) { std::memcpy(bytes_, bytes, block_bytes); }

    void store(char* out) const { std::memcpy(out, bytes_, block_bytes); }
    [[nodiscard]] BlockMask equal_any(char a, char b, char c, char d) const {
        return mask([=](unsigned char byte) {
            const char value = static_cast<char>(byte);
            return value == a || value == b || value == c || value == d;
        });
    }
    [[nodiscard]] BlockMask equal_any(char a, char b, char c) const {
        return equal_any(a, b, c, c);
    }
    [[nodiscard]] BlockMask equal(char a) const { return equal_any(a, a, a, a); }
    [[nodiscard]] BlockMask capital_letters() const {
        return mask([](unsigned char byte) { return byte >= 'A' && byte <= 'Z'; });
    }
    [[nodiscard]] BlockMask not_ascii() const {
        return mask([](unsigned char byte) { return byte >= 0x80; });
    }
    [[nodiscard]] BlockMask escapes() const {
        return mask([](unsigned char byte) { return byte < 0x20 || byte == '"' || byte == '\\'; });
    }

  private:
    template <class Test>
    [[nodiscard]] BlockMask mask(Test test) const {
        BlockMask bits = 0;
        for (std::size_t index = 0; index < block_bytes; ++index)
            bits |= static_cast<BlockMask>(test(bytes_[index])) << index;
        return bits;
    }

    unsigned char bytes_[block_bytes];
};

#endif

}  // namespace logwisp
