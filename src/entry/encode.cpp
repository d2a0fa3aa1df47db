#include "entry/encode.hpp"

#include <array>
#include <cstring>

#include "base/check.hpp"
#include "entry/block.hpp"
#include "entry/escape.hpp"
#include "entry/marks.hpp"
#include "entry/parse.hpp"
#include "entry/time.hpp"

namespace logwisp {

// How long an entry gets, at most, with n = line bytes:
//   a line that is text: every byte becomes at most 6 (a control character, \u0000; an ill-formed
//   one becomes 3, U+2028 6 from 3) a line that is JSON: message and fields are together at most
//   3n, or 3 * 3n when each byte was ill-formed and then, being three
//     bytes of U+FFFD, stays as it is: 3n again (entry/json_line.cpp has the sum)
//   around it: the names of five keys, the source at 6 bytes per byte, a time, a level, the marks,
//   and the block that is written past
//     the end.
constexpr std::size_t keys_bytes_max =
    std::string_view(R"({"time":"","source":"","level":"FATAL","message":"","fields":{}})").size();
static_assert(keys_bytes_max + time_text_bytes_max + 6 * source_bytes_max + marks_bytes_max +
                      2 * block_bytes <=
                  entry_overhead_bytes_max,
              "entry_bytes_max must cover what is written around a line");
static_assert(json_growth_max == 6);

struct Encoder::Parser {
    LineParser lines;
    // The line's own epochs and our clock run through different seconds.
    TimeWriter line_time;
    TimeWriter clock;
};

namespace {

template <std::size_t size>
char* put(const char (&literal)[size], char* out) {
    std::memcpy(out, literal, size - 1);
    return out + size - 1;
}

char* put(std::string_view piece, char* out) {
    std::memcpy(out, piece.data(), piece.size());
    return out + piece.size();
}

// Up to "message", with its opening quote.
char* put_source_and_level(std::string_view source, Level level, char* out) {
    CHECK(source.size() <= source_bytes_max);
    out = put("\",\"source\":\"", out);
    out = write_escaped(source, out);
    if (level != Level::none) {
        out = put("\",\"level\":\"", out);
        out = put(level_name(level), out);
    }
    return put("\",\"message\":\"", out);
}

}  // namespace

Encoder::Encoder() : parser_(std::make_unique<Parser>()) {}
Encoder::~Encoder() = default;

std::size_t Encoder::encode(const Line& line, char* out) {
    const ParsedLine parsed = parser_->lines.parse(line);
    char* end = put("{\"time\":\"", out);
    if (!parsed.time_text.empty()) {
        end = put(parsed.time_text, end);
    } else if (parsed.time.microseconds == line.read_at.microseconds) {
        end = parser_->clock.write(parsed.time, end);
    } else {
        end = parser_->line_time.write(parsed.time, end);
    }
    end = put_source_and_level(line.source, parsed.level, end);
    end = parsed.message_is_json ? put(parsed.message, end)
                                 : write_escaped_padded(parsed.message, end);
    if (!parsed.fields.empty()) {
        end = put("\",\"fields\":{", end);
        end = put(parsed.fields, end);
        end = put("}}", end);
    } else if (!parsed.message_is_json && (line.original_bytes != 0 || line.partial)) {
        end = put("\",\"fields\":{", end);
        end = write_marks(line, end);
        end = put("}}", end);
    } else {
        end = put("\"}", end);
    }
    return static_cast<std::size_t>(end - out);
}

std::size_t Encoder::encode_notice(Timestamp at, std::string_view source, std::string_view message,
                                   std::string_view fields, char* out) {
    char* end = put("{\"time\":\"", out);
    end = parser_->clock.write(at, end);
    end = put_source_and_level(source, Level::info, end);
    end = write_escaped(message, end);
    if (!fields.empty()) {
        end = put("\",\"fields\":{", end);
        end = put(fields, end);
        end = put("}}", end);
    } else {
        end = put("\"}", end);
    }
    return static_cast<std::size_t>(end - out);
}

}  // namespace logwisp
