#include "app/tail_client_render.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <iterator>

namespace logwisp {
namespace {

constexpr std::uint32_t not_utf8 = 0xFFFFFFFF;
constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

// One code point; `bytes` is how many were looked at, at least 1.
std::uint32_t decode(std::string_view text, std::size_t& bytes) {
    const auto byte = [&text](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const std::uint32_t lead = byte(0);
    bytes = 1;
    if (lead < 0x80) return lead;
    if (lead < 0xC2 || lead > 0xF4) return not_utf8;
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t code = lead & (0xFFu >> (length + 1));
    for (; bytes < length; ++bytes) {
        if ((byte(bytes) & 0xC0) != 0x80) return not_utf8;
        // The second byte decides on overlong forms, surrogates and what lies behind U+10FFFF.
        if (bytes == 1) {
            const std::uint32_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
            const std::uint32_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
            if (byte(1) < low || byte(1) > high) return not_utf8;
        }
        code = code << 6 | (byte(bytes) & 0x3F);
    }
    return code;
}

// Characters that move, hide, reverse or break what a terminal shows instead of adding to it.
bool is_hidden(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD || code == 0x61C ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
           (code >= 0xFFF9 && code <= 0xFFFB) || (code >= 0xE0000 && code <= 0xE007F);
}

void append_escape(std::string& out, std::uint32_t code, EscapeStyle style) {
    const auto to = std::back_inserter(out);
    if (style == EscapeStyle::json && (code == '\n' || code == '\r' || code == '\t')) {
        out.push_back(' ');  // raw, these stand only between tokens
    } else if (style == EscapeStyle::text && code < 0x100) {
        if (code == '\n')
            out.append("\\n");
        else if (code == '\r')
            out.append("\\r");
        else
            fmt::format_to(to, "\\x{:02x}", code);
    } else if (code < 0x10000) {
        fmt::format_to(to, "\\u{:04x}", code);
    } else {
        fmt::format_to(to, "\\u{:04x}\\u{:04x}", 0xD800 + ((code - 0x10000) >> 10),
                       0xDC00 + ((code - 0x10000) & 0x3FF));
    }
}

struct LevelLook {
    std::string_view name;
    std::string_view color;
};
constexpr std::array level_looks{
    LevelLook{"TRACE", "\x1b[2m"},    LevelLook{"DEBUG", "\x1b[36m"},
    LevelLook{"INFO", "\x1b[32m"},    LevelLook{"WARN", "\x1b[33m"},
    LevelLook{"ERROR", "\x1b[1;31m"}, LevelLook{"FATAL", "\x1b[1;37;41m"}};
constexpr std::string_view color_dim = "\x1b[2m";
constexpr std::string_view color_source = "\x1b[34m";
constexpr std::string_view color_reset = "\x1b[0m";

std::string_view level_color(std::string_view level) {
    for (const LevelLook& look : level_looks)
        if (look.name == level) return look.color;
    return {};
}

class Painter {
  public:
    Painter(std::string& out, bool color) : out_(out), color_(color) {}
    void paint(std::string_view color, std::string_view text, std::size_t width = 0) {
        const bool painted = color_ && !color.empty();
        if (painted) out_.append(color);
        append_visible(out_, text, EscapeStyle::text);
        if (painted) out_.append(color_reset);
        if (text.size() < width) out_.append(width - text.size(), ' ');
    }

  private:
    std::string& out_;
    bool color_;
};

// A string stands bare when nobody could take it for something else, otherwise as the JSON it came
// as.
std::string field_value(std::string_view value) {
    const auto text = json_text(value);
    if (!text || text->empty() || text->find_first_of(" =\"\t\r\n") != std::string::npos)
        return std::string(value);
    return *text;
}

// The text of a string, anything else as written.
std::string shown(std::string_view value) { return json_text(value).value_or(std::string(value)); }

}  // namespace

void append_visible(std::string& out, std::string_view text, EscapeStyle style) {
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && text[plain] >= 0x20 && text[plain] < 0x7F) ++plain;
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) return;
        std::size_t bytes = 0;
        const std::uint32_t code = decode(text, bytes);
        const bool keep_tab = code == '\t' && style == EscapeStyle::text;
        if (code == not_utf8)
            out.append(replacement);
        else if (is_hidden(code) && !keep_tab)
            append_escape(out, code, style);
        else
            out.append(text.substr(0, bytes));
        text.remove_prefix(bytes);
    }
}

void append_entry_text(std::string& out, const std::vector<JsonMember>& entry, bool color) {
    std::string time, source, level = "-", message;
    std::string_view fields;
    for (const JsonMember& member : entry) {
        if (member.key == "time")
            time = shown(member.value);
        else if (member.key == "source")
            source = shown(member.value);
        else if (member.key == "level")
            level = shown(member.value);
        else if (member.key == "message")
            message = shown(member.value);
        else if (member.key == "fields")
            fields = member.value;
    }
    Painter painter(out, color);
    painter.paint(color_dim, time);
    out.push_back(' ');
    painter.paint(level_color(level), level, 5);
    out.push_back(' ');
    painter.paint(color_source, source);
    out.push_back(' ');
    painter.paint({}, message);
    const auto members = json_members(fields);
    if (members) {
        for (const JsonMember& field : *members) {
            out.push_back(' ');
            painter.paint(color_dim, field.key + "=" + field_value(field.value));
        }
    } else if (!fields.empty()) {
        out.push_back(' ');
        painter.paint(color_dim, fields);
    }
    out.push_back('\n');
}

void append_plain_text(std::string& out, std::string_view text, EscapeStyle style) {
    append_visible(out, text, style);
    out.push_back('\n');
}

}  // namespace logwisp
