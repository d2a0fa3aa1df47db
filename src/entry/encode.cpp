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

// How long an entry gets, at most, for a line of n bytes:
// - The line is text: a byte becomes six at most (a control character, \u0000; an ill-formed one
//   becomes three, U+2028 six from three), 6n.
// - It is JSON: message and fields are 3n together (the sum is in entry/json_line.cpp). An
// ill-formed
//   byte becomes three of U+FFFD, which then stay as they are: 3n again.
// - Around it: five keys, the source at six bytes per byte, a time, a level, our marks, and the
// blocks
//   that are written past an end.
constexpr std::size_t keys_bytes_max =
    std::string_view(R"({"time":"","source":"","level":"FATAL","message":"","fields":{}})").size();
static_assert(keys_bytes_max + time_text_bytes_max + 6 * source_bytes_max + marks_bytes_max +
                      4 * block_bytes <=
                  entry_overhead_bytes_max,
              "entry_bytes_max must cover what is written around a line");
static_assert(json_growth_max == 6);

// The source from its key on, kept from line to line: it is the same for all lines of a file.
class SourceWriter {
  public:
    SourceWriter() { keep({}); }

    char* write(std::string_view source, char* out) {
        CHECK(source.size() <= source_bytes_max);
        if (source != std::string_view(source_.data(), source_bytes_)) keep(source);
        // A name of usual length is copied without asking how long it is.
        if (text_bytes_ > 2 * block_bytes) {
            std::memcpy(out, text_.data(), text_bytes_);
        } else {
            std::memcpy(out, text_.data(), 2 * block_bytes);
        }
        return out + text_bytes_;
    }

  private:
    void keep(std::string_view source) {
        source_bytes_ = source.copy(source_.data(), source_.size());
        char* const begin = text_.data();
        const std::string_view key = "\",\"source\":\"";
        text_bytes_ = static_cast<std::size_t>(
            write_escaped(source, begin + key.copy(begin, key.size())) - begin);
        CHECK(text_bytes_ <= text_.size());
    }

    std::array<char, source_bytes_max> source_{};
    std::size_t source_bytes_ = 0;
    std::array<char, json_growth_max * source_bytes_max + 4 * block_bytes> text_{};
    std::size_t text_bytes_ = 0;
};

struct Encoder::Parser {
    LineParser lines;
    // The line's own epochs and our clock run through different seconds.
    TimeWriter line_time;
    TimeWriter clock;
    SourceWriter source;
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

// Up to the opening quote of "message".
char* put_level(Level level, char* out) {
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
    end = put_level(parsed.level, parser_->source.write(line.source, end));
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
    end = put_level(Level::info, parser_->source.write(source, end));
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
