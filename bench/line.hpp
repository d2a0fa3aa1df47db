// The lines the bench writes and expects back. Each carries its number, from 1, the moment it was
// due in nanoseconds of the monotonic clock with a check character, and padding up to the asked
// length:
//   plain  #000000000042 0001700000000000000O~~~~
//   json   {"ts":"2024-...Z","level":"info","msg":"#000000000042 0001700000000000000O~~~~"}
// A line "!probe N" only finds out who is served.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace logwisp::bench {

enum class LineKind : std::uint8_t { plain, json };

inline constexpr std::size_t number_digits = 12;
inline constexpr std::size_t time_digits = 19;
inline constexpr std::size_t payload_head_bytes = 1 + number_digits + 1 + time_digits + 1;
inline constexpr std::string_view probe_mark = "!probe ";
inline constexpr std::string_view json_before =
    R"({"ts":"2024-01-01T12:00:00.123456Z","level":"info","logger":"app.worker","request":42,"msg":")";
inline constexpr std::string_view json_after = R"("})";

inline std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

inline std::uint64_t parse_digits(const char* at, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value * 10 + static_cast<unsigned char>(at[i] - '0');
    return value;
}

inline void write_digits(char* at, std::size_t count, std::uint64_t value) {
    while (count-- > 0) {
        at[count] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

// Changes with any digit of the moment: 61 is prime and no power of ten times one to nine is a
// multiple of it.
inline char check_character(std::uint64_t due_ns) {
    constexpr std::string_view all =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxy";
    static_assert(all.size() == 61);
    return all[due_ns % all.size()];
}

// The moment in a payload that begins at `payload`, which is as long as its head.
inline std::uint64_t due_of(std::string_view payload) {
    return parse_digits(payload.data() + 2 + number_digits, time_digits);
}

// A payload's head with nothing but what belongs there.
inline bool is_head(std::string_view head) {
    const auto digits = [head](std::size_t at, std::size_t count) {
        return head.substr(at, count).find_first_not_of("0123456789") == std::string_view::npos;
    };
    return head[0] == '#' && digits(1, number_digits) && head[1 + number_digits] == ' ' &&
           digits(2 + number_digits, time_digits) &&
           head[payload_head_bytes - 1] == check_character(due_of(head));
}

// One line without its LF, of which number and moment are written anew for every line.
class LineMould {
  public:
    // `line_bytes` counts the LF; a line is never shorter than what it must carry.
    LineMould(LineKind kind, std::size_t line_bytes) {
        const std::string_view before = kind == LineKind::json ? json_before : "";
        const std::string_view after = kind == LineKind::json ? json_after : "";
        const std::size_t least = before.size() + payload_head_bytes + after.size() + 1;
        head_ = before.size();
        pad_.assign(line_bytes > least ? line_bytes - least : 0, '~');
        text_.append(before)
            .append(1, '#')
            .append(payload_head_bytes - 1, ' ')
            .append(pad_)
            .append(after);
    }
    [[nodiscard]] std::string_view cast(std::uint64_t number, std::int64_t due_ns) {
        const auto due = static_cast<std::uint64_t>(due_ns);
        write_digits(text_.data() + head_ + 1, number_digits, number);
        write_digits(text_.data() + head_ + 2 + number_digits, time_digits, due);
        text_[head_ + payload_head_bytes - 1] = check_character(due);
        return text_;
    }
    [[nodiscard]] const std::string& pad() const { return pad_; }
    [[nodiscard]] std::size_t bytes() const { return text_.size(); }  // without the LF

  private:
    std::string text_;
    std::string pad_;
    std::size_t head_ = 0;
};

}  // namespace logwisp::bench
