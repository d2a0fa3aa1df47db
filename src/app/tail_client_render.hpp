// An entry as a person reads it: `time level source message key=value ...`, one line. Pure over
// bytes.
//
// A log line may hold anything: escape sequences that retitle or rewrite a terminal, CR and
// backspace that hide what stands before them, bidirectional overrides that reverse it, line feeds
// that forge an entry. None of these is ever written; each is shown as \x1b or \u202e. What is
// written is valid UTF-8, whatever came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/tail_client_json.hpp"

namespace logwisp {

enum class EscapeStyle : std::uint8_t {
    text,  // \x1b \u202e, tab stays
    json,  // \u001b: a JSON text stays the JSON text it was
};
void append_visible(std::string& out, std::string_view text, EscapeStyle style);

// Both append one line with its LF.
void append_entry_text(std::string& out, const std::vector<JsonMember>& entry, bool color);
void append_plain_text(std::string& out, std::string_view text, EscapeStyle style);

}  // namespace logwisp
