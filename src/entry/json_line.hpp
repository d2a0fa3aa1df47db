// A line that is one JSON object, taken apart into the parts of an entry. The whole of it is
// checked against RFC 8259; a line with anything wrong is not JSON, and then is text. One thread;
// one per Encoder.
//
// - time, timestamp, ts, @timestamp: the first that holds a time (entry/time.hpp) is the entry's.
// - level, severity, lvl: the first that holds a level (entry/level.hpp) is the entry's.
// - message, msg, log: the first that is a string is the entry's. A line without one has an empty
// message.
// - fields: the members of the first that is an object.
// - Every other member, a second one of the above and one of another type go into fields as they
// are, in the order of the line.
// - Two members of fields with the same name are both kept: the second is called name_2, the third
// name_3. (Objects further inside
//   are the writer's own and are copied as they are.)
// - Values keep their text: numbers digit by digit, strings in canonical form (entry/escape.hpp),
// no white space.
// - More than json_members_max members or nesting deeper than json_depth_max: the line is text.
// - Ill-formed UTF-8 inside of a JSON line is repaired first, so that one bad byte does not turn an
// object into text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "entry/json_index.hpp"
#include "entry/member_names.hpp"
#include "entry/parsed_line.hpp"

namespace logwisp {

struct Line;

// Containers inside of one another in the value of a member.
inline constexpr std::uint32_t json_depth_max = 64;
// Lines up to this long need no memory that was not there from the start. It is some 2 MiB, touched
// as far as lines are long.
inline constexpr std::size_t json_line_bytes_reserved = 64 * 1024;

class JsonLine {
  public:
    JsonLine();
    JsonLine(const JsonLine&) = delete;
    JsonLine& operator=(const JsonLine&) = delete;

    // Adds the marks of the line (entry/marks.hpp) to the fields. False: the line is not JSON, and
    // `parsed` may be half filled.
    bool parse(const Line& line, ParsedLine& parsed);

  private:
    enum class Key : std::uint8_t { other, time, level, message, fields };
    static Key key_of(std::string_view name);

    // Memory that is not cleared and only grows.
    struct Buffer {
        std::unique_ptr<char[]> bytes;
        std::size_t capacity = 0;
        bool reserve(std::size_t wanted);
    };
    // A time or the name of a level in canonical form, with the block that is written past it.
    using ShortString = std::array<char, 1024>;
    bool reserve(std::size_t text_bytes);
    // Finds the tokens of `line`, or of its repaired copy.
    bool index(std::string_view line);

    // The first byte of the token that is next; '\0' when there is none.
    [[nodiscard]] char peek() const {
        return token_ < tokens_.size() ? text_[tokens_[token_]] : '\0';
    }
    bool take(char token);
    // From the token that is next up to the one after it, without the white space in between.
    [[nodiscard]] std::string_view token_text() const;
    // The string that is next in canonical form, when it is short. Empty: it is not, or it is no
    // good string.
    [[nodiscard]] std::string_view short_string(ShortString& buffer) const;

    // After the opening brace. `top`: of the line, where some names have a meaning; else of its
    // "fields".
    bool members(bool top, ParsedLine& parsed);
    bool member(bool top, ParsedLine& parsed);
    // Take the value for a part of the entry. False: it is not one, or there is one already, and
    // nothing was taken.
    bool use(Key key, ParsedLine& parsed);
    bool use_time(ParsedLine& parsed);
    bool use_level(ParsedLine& parsed);
    bool use_message(ParsedLine& parsed);

    // Append to the fields, in canonical form.
    bool copy_string();
    bool copy_scalar();
    bool copy_value();
    // Makes the name that was just written, from `begin` to its closing quote, unlike those before
    // it.
    bool distinguish_name(std::size_t begin);

    JsonIndex index_;
    MemberNames names_;
    std::string_view text_;
    std::span<const std::uint32_t> tokens_;
    std::size_t token_ = 0;

    Buffer repaired_;  // the line, when its UTF-8 was ill-formed
    Buffer fields_;
    std::size_t fields_bytes_ = 0;
    Buffer message_;
    ShortString time_text_;
    bool has_time_ = false;
    bool has_message_ = false;
    bool has_fields_ = false;
};

}  // namespace logwisp
