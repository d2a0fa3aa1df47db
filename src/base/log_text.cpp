#include "base/log_text.hpp"

#include <fmt/format.h>
#include <time.h>

#include <array>
#include <iterator>

namespace logwisp {

namespace {

struct Character {
    std::uint32_t code = 0;
    std::size_t bytes = 1;
    bool valid = false;
};

Character decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    if (byte(0) < 0x80) return {.code = byte(0), .bytes = 1, .valid = true};
    const std::size_t bytes = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < bytes) return {};
    std::uint32_t code = byte(0) & (0x7fU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3fU);
    }
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    if (code < smallest[bytes] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
    return {.code = code, .bytes = bytes, .valid = true};
}

bool is_visible(std::uint32_t code) {
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;
    if (code >= 0x200b && code <= 0x200f) return false;  // zero width, direction marks
    if (code >= 0x2028 && code <= 0x202e) return false;  // line separators, bidirectional embedding
    return !(code >= 0x2060 && code <= 0x206f) && code != 0xfeff;
}

void append_escaped(std::string& out, std::string_view text, bool json) {
    while (!text.empty()) {
        const Character character = decode(text);
        if (!character.valid) {
            if (json) {
                out += "\xef\xbf\xbd";
            } else {
                fmt::format_to(std::back_inserter(out), "\\x{:02x}",
                               static_cast<std::uint8_t>(text[0]));
            }
        } else if (!is_visible(character.code)) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", character.code);
        } else {
            if (json && (character.code == '"' || character.code == '\\')) out += '\\';
            out += text.substr(0, character.bytes);
        }
        text.remove_prefix(character.bytes);
    }
}

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "DEBUG";
        case LogLevel::info:
            return "INFO";
        case LogLevel::warn:
            return "WARN";
        case LogLevel::error:
        case LogLevel::off:
            break;
    }
    return "ERROR";
}

std::string_view priority_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "<7>";
        case LogLevel::info:
            return "<6>";
        case LogLevel::warn:
            return "<4>";
        case LogLevel::error:
        case LogLevel::off:
            break;
    }
    return "<3>";
}

std::string time_text(std::int64_t time_us) {
    const time_t seconds = time_us / 1'000'000;
    tm utc{};
    ::gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                       time_us % 1'000'000);
}

}  // namespace

std::string log_text_line(const LogRecord& record, bool priority) {
    std::string out;
    if (priority) {
        out += priority_of(record.level);
    } else {
        out.append(time_text(record.time_us)).append(" ").append(name_of(record.level)).append(" ");
    }
    append_escaped(out, record.text, false);
    out += '\n';
    return out;
}

std::string log_json_line(const LogRecord& record, bool priority) {
    std::string out;
    if (priority) out += priority_of(record.level);
    out.append(R"({"time":")").append(time_text(record.time_us));
    out.append(R"(","level":")").append(name_of(record.level)).append(R"(","message":")");
    append_escaped(out, record.text, true);
    out += "\"}\n";
    return out;
}

}  // namespace logwisp
