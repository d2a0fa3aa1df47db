#include "entry/json_line.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <new>

#include "base/check.hpp"
#include "entry/block.hpp"
#include "entry/encode.hpp"
#include "entry/escape.hpp"
#include "entry/json_number.hpp"
#include "entry/level.hpp"
#include "entry/marks.hpp"
#include "entry/time.hpp"
#include "entry/utf8.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

namespace {

// No time and no level is longer than this, even with every character written as \u0000.
constexpr std::size_t short_string_bytes_max = 6 * time_text_bytes_max + 2;

// A name's suffix, "_1024", where the line has at least '"":0,' for the member: with strings at two
// bytes per byte, what is written is never more than three times the line.
constexpr std::size_t name_suffix_bytes_max = 8;

// The longest that a line which needs no more memory can become: every byte ill-formed, and
// repaired.
constexpr std::size_t repaired_bytes_reserved = utf8_replacement.size() * json_line_bytes_reserved;

}  // namespace

JsonLine::JsonLine() : index_(repaired_bytes_reserved) {
    CHECK(reserve(repaired_bytes_reserved));
    CHECK(repaired_.reserve(repaired_bytes_reserved + line_padding_bytes));
}

bool JsonLine::Buffer::reserve(std::size_t wanted) {
    if (wanted <= capacity) return true;
    const std::size_t larger = std::bit_ceil(wanted);
    bytes.reset(new (std::nothrow) char[larger]);
    capacity = bytes ? larger : 0;
    return bytes != nullptr;
}

bool JsonLine::reserve(std::size_t text_bytes) {
    return fields_.reserve(3 * text_bytes + marks_bytes_max + name_suffix_bytes_max +
                           block_bytes) &&
           message_.reserve(2 * text_bytes + block_bytes);
}

bool JsonLine::index(std::string_view line) {
    text_ = line;
    JsonIndexResult result = index_.build(text_);
    if (result == JsonIndexResult::not_utf8) {
        if (!repaired_.reserve(utf8_replacement.size() * line.size() + line_padding_bytes))
            return false;
        char* const end = utf8_repair(line, repaired_.bytes.get());
        std::memset(end, 0, line_padding_bytes);
        text_ = {repaired_.bytes.get(), static_cast<std::size_t>(end - repaired_.bytes.get())};
        result = index_.build(text_);
    }
    tokens_ = index_.tokens();
    token_ = 0;
    return result == JsonIndexResult::indexed && reserve(text_.size());
}

bool JsonLine::parse(const Line& line, ParsedLine& parsed) {
    if (!index(line.bytes)) return false;
    has_time_ = has_message_ = has_fields_ = false;
    parsed.message = {message_.bytes.get(), 0};
    parsed.message_is_json = true;
    names_.clear();
    // Our own marks come first, so that it is the line's members of the same names that are told
    // apart by a number.
    fields_bytes_ =
        static_cast<std::size_t>(write_marks(line, fields_.bytes.get()) - fields_.bytes.get());
    if (line.original_bytes != 0) {
        names_.add(mark_truncated);
        names_.add(mark_original_bytes);
    }
    if (line.partial) names_.add(mark_partial);

    if (!take('{') || !members(true, parsed) || token_ != tokens_.size()) return false;
    parsed.fields = {fields_.bytes.get(), fields_bytes_};
    return true;
}

bool JsonLine::take(char token) {
    if (peek() != token) return false;
    ++token_;
    return true;
}

std::string_view JsonLine::token_text() const {
    const std::size_t begin = tokens_[token_];
    std::size_t end = token_ + 1 < tokens_.size() ? tokens_[token_ + 1] : text_.size();
    while (end > begin && is_json_space(text_[end - 1])) --end;
    return text_.substr(begin, end - begin);
}

std::string_view JsonLine::short_string(ShortString& buffer) const {
    static_assert(2 * short_string_bytes_max + block_bytes <= std::tuple_size_v<ShortString>);
    const std::string_view text = token_text();
    if (text.size() > short_string_bytes_max) return {};
    const StringEnd end = rewrite_json_string(text.data() + 1, buffer.data());
    if (end.in == nullptr) return {};
    return {buffer.data(), static_cast<std::size_t>(end.out - buffer.data())};
}

bool JsonLine::members(bool top, ParsedLine& parsed) {
    if (take('}')) return true;
    do {
        if (!member(top, parsed)) return false;
    } while (take(','));
    return take('}');
}

bool JsonLine::member(bool top, ParsedLine& parsed) {
    const std::size_t begin = fields_bytes_;
    if (begin != 0) fields_.bytes[fields_bytes_++] = ',';
    const std::size_t name_begin = fields_bytes_ + 1;
    if (peek() != '"' || !copy_string() || !take(':')) return false;
    if (top) {
        const Key key = key_of({fields_.bytes.get() + name_begin, fields_bytes_ - 1 - name_begin});
        if (key == Key::fields && !has_fields_ && peek() == '{') {
            fields_bytes_ = begin;
            has_fields_ = true;
            return take('{') && members(false, parsed);
        }
        if (use(key, parsed)) {
            fields_bytes_ = begin;
            return true;
        }
    }
    if (!distinguish_name(name_begin)) return false;
    fields_.bytes[fields_bytes_++] = ':';
    return copy_value();
}

JsonLine::Key JsonLine::key_of(std::string_view name) {
    switch (name.size()) {
        case 2:
            return name == "ts" ? Key::time : Key::other;
        case 3:
            if (name == "msg" || name == "log") return Key::message;
            return name == "lvl" ? Key::level : Key::other;
        case 4:
            return name == "time" ? Key::time : Key::other;
        case 5:
            return name == "level" ? Key::level : Key::other;
        case 6:
            return name == "fields" ? Key::fields : Key::other;
        case 7:
            return name == "message" ? Key::message : Key::other;
        case 8:
            return name == "severity" ? Key::level : Key::other;
        case 9:
            return name == "timestamp" ? Key::time : Key::other;
        case 10:
            return name == "@timestamp" ? Key::time : Key::other;
        default:
            return Key::other;
    }
}

bool JsonLine::use(Key key, ParsedLine& parsed) {
    switch (key) {
        case Key::time:
            return !has_time_ && use_time(parsed);
        case Key::level:
            return parsed.level == Level::none && use_level(parsed);
        case Key::message:
            return !has_message_ && use_message(parsed);
        default:
            return false;
    }
}

bool JsonLine::use_time(ParsedLine& parsed) {
    std::optional<Timestamp> epoch;
    if (peek() == '"') {
        const std::string_view text = short_string(time_text_);
        if (is_rfc3339(text)) {
            parsed.time_text = text;
        } else {
            epoch = epoch_of_string(text);
        }
    } else if (const std::string_view number = token_text(); is_json_number(number)) {
        epoch = epoch_of_number(number);
    }
    if (epoch) parsed.time = *epoch;
    has_time_ = epoch.has_value() || !parsed.time_text.empty();
    if (has_time_) ++token_;
    return has_time_;
}

bool JsonLine::use_level(ParsedLine& parsed) {
    ShortString buffer;
    const bool is_string = peek() == '"';
    const std::string_view text = is_string ? short_string(buffer) : token_text();
    parsed.level = level_of_number(text);
    if (is_string && parsed.level == Level::none) parsed.level = level_of_name(text);
    if (parsed.level == Level::none) return false;
    ++token_;
    return true;
}

bool JsonLine::use_message(ParsedLine& parsed) {
    if (peek() != '"') return false;
    char* const begin = message_.bytes.get();
    const StringEnd end = rewrite_json_string(text_.data() + tokens_[token_] + 1, begin);
    // Taken for a field it is found to be no JSON once more, and then the line is text.
    if (end.in == nullptr) return false;
    parsed.message = {begin, static_cast<std::size_t>(end.out - begin)};
    has_message_ = true;
    ++token_;
    return true;
}

bool JsonLine::copy_string() {
    char* const begin = fields_.bytes.get() + fields_bytes_;
    *begin = '"';
    const StringEnd end = rewrite_json_string(text_.data() + tokens_[token_] + 1, begin + 1);
    if (end.in == nullptr) return false;
    DCHECK(end.in <= text_.data() + text_.size());
    *end.out = '"';
    fields_bytes_ = static_cast<std::size_t>(end.out + 1 - fields_.bytes.get());
    ++token_;
    return true;
}

bool JsonLine::copy_scalar() {
    if (token_ >= tokens_.size()) return false;
    if (peek() == '"') return copy_string();
    const std::string_view text = token_text();
    if (!is_json_number(text) && text != "true" && text != "false" && text != "null") return false;
    char* const out = fields_.bytes.get() + fields_bytes_;
    if (text.size() <= block_bytes) {
        Block(text.data()).store(out);
    } else {
        std::memcpy(out, text.data(), text.size());
    }
    fields_bytes_ += text.size();
    ++token_;
    return true;
}

// One value with all that is in it. The containers around the place that was reached are a stack of
// bits, 1 for an object: no recursion, whatever a line holds.
bool JsonLine::copy_value() {
    std::uint64_t objects = 0;
    std::uint32_t depth = 0;
    static_assert(json_depth_max <= 64);
    const auto write = [&](char c) { fields_.bytes[fields_bytes_++] = c; };
    const auto copy_name = [&] {
        if (peek() != '"' || !copy_string() || !take(':')) return false;
        write(':');
        return true;
    };
    for (;;) {
        const char opening = peek();
        if (opening == '{' || opening == '[') {
            const bool object = opening == '{';
            if (depth == json_depth_max) return false;
            objects = objects << 1 | (object ? 1 : 0);
            ++depth;
            write(opening);
            ++token_;
            if (peek() != (object ? '}' : ']')) {
                if (object && !copy_name()) return false;
                continue;
            }
        } else if (!copy_scalar()) {
            return false;
        }
        // A value has ended, and with it every container that closes here.
        while (depth > 0 && take((objects & 1) != 0 ? '}' : ']')) {
            write((objects & 1) != 0 ? '}' : ']');
            objects >>= 1;
            --depth;
        }
        if (depth == 0) return true;
        if (!take(',')) return false;
        write(',');
        if ((objects & 1) != 0 && !copy_name()) return false;
    }
}

bool JsonLine::distinguish_name(std::size_t begin) {
    char* const bytes = fields_.bytes.get();
    const std::string_view name{bytes + begin, fields_bytes_ - 1 - begin};
    if (names_.room() == 0) return false;
    if (names_.add(name)) return true;
    char* const suffix = bytes + fields_bytes_ - 1;
    char* end = suffix;
    *suffix = '_';
    do {
        end =
            std::to_chars(suffix + 1, suffix + name_suffix_bytes_max, names_.next_number(name)).ptr;
    } while (!names_.add({bytes + begin, static_cast<std::size_t>(end - bytes) - begin}));
    *end = '"';
    fields_bytes_ = static_cast<std::size_t>(end + 1 - bytes);
    return true;
}

}  // namespace logwisp
