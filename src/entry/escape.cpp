#include "entry/escape.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "entry/block.hpp"
#include "entry/utf8.hpp"

namespace logwisp {

namespace {

// Validating costs a call; a rest shorter than this is read sequence by sequence at once.
constexpr std::size_t validate_bytes_min = 32;
// First byte of U+2028 and U+2029, E2 80 A8 and E2 80 A9.
constexpr char separator_lead = '\xE2';

char* put(std::string_view piece, char* out) {
    std::memcpy(out, piece.data(), piece.size());
    return out + piece.size();
}

// A control character, a quote or a backslash.
char* put_escape(unsigned char byte, char* out) {
    static constexpr char digits[] = "0123456789abcdef";
    char letter = 0;
    switch (byte) {
        case '"':
            letter = '"';
            break;
        case '\\':
            letter = '\\';
            break;
        case '\b':
            letter = 'b';
            break;
        case '\t':
            letter = 't';
            break;
        case '\n':
            letter = 'n';
            break;
        case '\f':
            letter = 'f';
            break;
        case '\r':
            letter = 'r';
            break;
        default:
            std::memcpy(out, "\\u00", 4);
            out[4] = digits[byte >> 4];
            out[5] = digits[byte & 15];
            return out + 6;
    }
    out[0] = '\\';
    out[1] = letter;
    return out + 2;
}

bool is_separator(const char* sequence) {
    return sequence[0] == separator_lead && sequence[1] == '\x80' &&
           (sequence[2] == '\xA8' || sequence[2] == '\xA9');
}

// A well-formed sequence of more than one byte.
char* put_sequence(std::string_view sequence, char* out) {
    if (sequence.size() == 3 && is_separator(sequence.data()))
        return put(sequence[2] == '\xA8' ? "\\u2028" : "\\u2029", out);
    return put(sequence, out);
}

// How much is known about the UTF-8 of what is left.
enum class Trust : std::uint8_t { unknown, valid, ill_formed };

enum class Behind : std::uint8_t { nothing, block };

template <Behind behind>
char* write(std::string_view text, char* out) {
    const char* in = text.data();
    const char* const end = in + text.size();
    Trust trust = Trust::unknown;
    while (in != end) {
        const auto left = static_cast<std::size_t>(end - in);
        char copy[block_bytes];
        const char* from = in;
        if constexpr (behind == Behind::nothing) {
            if (left < block_bytes) {
                std::memcpy(copy, in, left);
                std::memset(copy + left, 'x', block_bytes - left);
                from = copy;
            }
        }
        const Block block(from);
        block.store(out);
        BlockMask stops = block.escapes() |
                          (trust == Trust::valid ? block.equal(separator_lead) : block.not_ascii());
        if (left < block_bytes) stops &= (BlockMask{1} << left) - 1;
        if (stops == 0) {
            const std::size_t bytes = left < block_bytes ? left : block_bytes;
            in += bytes;
            out += bytes;
            continue;
        }
        const int clean = std::countr_zero(stops);
        in += clean;
        out += clean;
        if (static_cast<unsigned char>(*in) < 0x80) {
            out = put_escape(static_cast<unsigned char>(*in++), out);
            continue;
        }
        std::string_view rest{in, static_cast<std::size_t>(end - in)};
        if (trust == Trust::unknown && rest.size() >= validate_bytes_min) {
            trust = utf8_valid(rest) ? Trust::valid : Trust::ill_formed;
            if (trust == Trust::valid && *in != separator_lead) continue;
        }
        do {
            const Utf8Sequence sequence = utf8_sequence(rest);
            out = sequence.valid ? put_sequence(rest.substr(0, sequence.bytes), out)
                                 : put(utf8_replacement, out);
            rest.remove_prefix(sequence.bytes);
        } while (!rest.empty() && trust != Trust::valid &&
                 static_cast<unsigned char>(rest[0]) >= 0x80);
        in = rest.data();
    }
    return out;
}

// Four hexadecimal digits; above 0xFFFF: not four digits.
std::uint32_t read_hex(const char* digits) {
    std::uint32_t value = 0;
    for (int index = 0; index < 4; ++index) {
        const char digit = digits[index];
        const char lower = static_cast<char>(digit | 0x20);
        if (digit >= '0' && digit <= '9') {
            value = value << 4 | static_cast<std::uint32_t>(digit - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value << 4 | static_cast<std::uint32_t>(lower - 'a' + 10);
        } else {
            return 0x10000;
        }
    }
    return value;
}

// `in` is just after "\u". A high surrogate takes the low one that follows with it.
StringEnd rewrite_unicode_escape(const char* in, char* out) {
    std::uint32_t value = read_hex(in);
    if (value > 0xFFFF) return {nullptr, out};
    in += 4;
    if (value >= 0xD800 && value <= 0xDBFF && in[0] == '\\' && in[1] == 'u') {
        const std::uint32_t low = read_hex(in + 2);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
            in += 6;
        }
    }
    if (value >= 0xD800 && value <= 0xDFFF) return {in, put(utf8_replacement, out)};
    if (value < 0x20 || value == '"' || value == '\\')
        return {in, put_escape(static_cast<unsigned char>(value), out)};
    if (value == 0x2028) return {in, put("\\u2028", out)};
    if (value == 0x2029) return {in, put("\\u2029", out)};
    return {in, utf8_write(value, out)};
}

// `in` is just after the backslash.
StringEnd rewrite_escape(const char* in, char* out) {
    switch (*in) {
        case '"':
        case '\\':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            out[0] = '\\';
            out[1] = *in;
            return {in + 1, out + 2};
        case '/':
            *out = '/';
            return {in + 1, out + 1};
        case 'u':
            return rewrite_unicode_escape(in + 1, out);
        default:
            return {nullptr, out};
    }
}

}  // namespace

char* write_escaped(std::string_view text, char* out) { return write<Behind::nothing>(text, out); }

char* write_escaped_padded(std::string_view text, char* out) {
    return write<Behind::block>(text, out);
}

StringEnd rewrite_json_string(const char* inside, char* out) {
    const char* in = inside;
    for (;;) {
        const Block block(in);
        block.store(out);
        const BlockMask stops = block.equal_any('"', '\\', separator_lead);
        if (stops == 0) {
            in += block_bytes;
            out += block_bytes;
            continue;
        }
        const int clean = std::countr_zero(stops);
        in += clean;
        out += clean;
        if (*in == '"') return {in + 1, out};
        if (*in == '\\') {
            const StringEnd next = rewrite_escape(in + 1, out);
            if (next.in == nullptr) return next;
            in = next.in;
            out = next.out;
        } else {
            out = put_sequence({in, 3}, out);
            in += 3;
        }
    }
}

}  // namespace logwisp
