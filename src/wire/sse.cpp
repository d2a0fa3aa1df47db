#include "wire/sse.hpp"

#include <algorithm>
#include <cstring>

#include "base/check.hpp"

namespace logwisp {
namespace {

constexpr std::string_view id_field = "id: ";
constexpr std::string_view data_field = "\ndata: ";
constexpr std::string_view frame_end = "\n\n";
constexpr std::size_t sequence_digits_max = 20;  // 2^64 - 1
static_assert(id_field.size() + event_epoch_bytes_max + 1 + sequence_digits_max +
                      data_field.size() + frame_end.size() <=
                  sse_frame_overhead_max,
              "the longest id must fit");

// "00" to "99": two digits for one division.
struct DigitPairs {
    char text[200];
    constexpr DigitPairs() : text() {
        for (int i = 0; i < 100; ++i) {
            text[2 * i] = static_cast<char>('0' + i / 10);
            text[2 * i + 1] = static_cast<char>('0' + i % 10);
        }
    }
};
constexpr DigitPairs digit_pairs;

char* put(char* out, std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

char* put_number(char* out, std::uint64_t value) {
    char digits[sequence_digits_max];
    char* const end = digits + sizeof digits;
    char* begin = end;
    while (value >= 100) {
        begin -= 2;
        std::memcpy(begin, digit_pairs.text + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        begin -= 2;
        std::memcpy(begin, digit_pairs.text + 2 * value, 2);
    } else {
        *--begin = static_cast<char>('0' + value);
    }
    return put(out, {begin, static_cast<std::size_t>(end - begin)});
}

constexpr bool is_epoch_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_';
}

bool is_epoch(std::string_view text) {
    return !text.empty() && text.size() <= event_epoch_bytes_max &&
           std::all_of(text.begin(), text.end(), is_epoch_character);
}

bool is_event_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return is_epoch_character(c) || c == '-'; });
}

bool is_one_line(std::string_view text) {
    return text.find_first_of("\r\n") == std::string_view::npos;
}

// Plain digits without leading zeros, as format_event_id writes them.
bool parse_sequence(std::string_view text, std::uint64_t& sequence) {
    if (text.empty() || text.size() > sequence_digits_max) return false;
    if (text.size() > 1 && text.front() == '0') return false;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    sequence = value;
    return true;
}

}  // namespace

std::size_t sse_frame(std::string_view epoch, std::uint64_t sequence, std::string_view json,
                      char* out) {
    CHECK(epoch.size() <= event_epoch_bytes_max);  // or it would not fit
    DCHECK(is_epoch(epoch));
    DCHECK(is_one_line(json));
    char* at = put(out, id_field);
    at = put(at, epoch);
    *at++ = '-';
    at = put_number(at, sequence);
    at = put(at, data_field);
    at = put(at, json);
    at = put(at, frame_end);
    return static_cast<std::size_t>(at - out);
}

std::string sse_event(std::string_view event, std::string_view json) {
    CHECK(is_event_name(event));
    CHECK(is_one_line(json));
    std::string out;
    out.reserve(event.size() + json.size() + 18);
    out.append("event: ").append(event).append("\ndata: ").append(json).append("\n\n");
    return out;
}

std::string sse_comment(std::string_view text) {
    CHECK(is_one_line(text));
    return std::string(": ").append(text).append("\n\n");
}

std::string sse_retry(std::uint32_t milliseconds) {
    return "retry: " + std::to_string(milliseconds) + "\n";
}

std::string format_event_id(std::string_view epoch, std::uint64_t sequence) {
    CHECK(is_epoch(epoch));
    char digits[sequence_digits_max];
    const char* end = put_number(digits, sequence);
    return std::string(epoch).append(1, '-').append(digits, static_cast<std::size_t>(end - digits));
}

bool parse_event_id(std::string_view text, EventId& id) {
    // Cheap for garbage of any length: nothing behind the longest id is looked at.
    if (text.size() > event_epoch_bytes_max + 1 + sequence_digits_max) return false;
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos || !is_epoch(text.substr(0, dash))) return false;
    std::uint64_t sequence = 0;
    if (!parse_sequence(text.substr(dash + 1), sequence)) return false;
    id = EventId{text.substr(0, dash), sequence};
    return true;
}

}  // namespace logwisp
