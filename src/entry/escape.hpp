// The inside of JSON strings: from raw bytes (a plain line, a file name) and from JSON strings
// (which may say the same thing in many ways) to one canonical form: valid UTF-8, every character
// as itself but control characters, '"', '\' and U+2028/U+2029 (line ends to JavaScript), which are
// escaped. The same text has one canonical form, so two strings are equal when their forms are.
//
// Output is written in whole blocks: up to block_bytes past its end may be overwritten, which `out`
// must have room for.
#pragma once

#include <string_view>

namespace logwisp {

// Raw bytes; ill-formed UTF-8 becomes U+FFFD. At most six bytes per byte. Returns the end.
char* write_escaped(std::string_view text, char* out);
// The same where block_bytes readable bytes follow `text`, whatever they hold: a line in its
// buffer.
char* write_escaped_padded(std::string_view text, char* out);

// A JSON string: `inside` is just after its opening quote. REQUIRES: valid UTF-8 without control
// characters up to a closing quote, and block_bytes readable bytes after it. Lone surrogate escapes
// become U+FFFD. At most two bytes per byte.
struct StringEnd {
    const char* in;  // just after the closing quote; nullptr: an escape is not JSON
    char* out;
};
StringEnd rewrite_json_string(const char* inside, char* out);

}  // namespace logwisp
