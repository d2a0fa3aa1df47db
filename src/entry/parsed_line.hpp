// What a line says, before it is written: views into the line or into the parser's memory, valid
// until the next line is parsed.
#pragma once

#include <string_view>

#include "logwisp/entry.hpp"

namespace logwisp {

struct ParsedLine {
    std::string_view time_text;  // RFC 3339 as the line has it; empty: `time` counts
    Timestamp time;
    Level level = Level::none;
    std::string_view
        message;  // the line's own bytes, or the inside of a JSON string in canonical form
    bool message_is_json = false;  // the latter
    std::string_view fields;       // the inside of a JSON object, ready to be written; empty: none
};

}  // namespace logwisp
