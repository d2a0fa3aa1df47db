// One line of a log to one JSON entry: pure, no allocation, no I/O. The hot path of the whole
// program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "logwisp/entry.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

struct Line {
    // Without its LF and the CR before it, already cut to max_line_bytes. At least
    // line_padding_bytes readable bytes follow (whatever they hold), as simdjson wants. Any bytes
    // at all: hostile.
    std::string_view bytes;
    std::string_view source;  // base name or unique path tail, raw bytes, at most source_bytes_max
    Timestamp read_at;        // used when the line carries no time
    std::uint64_t original_bytes =
        0;  // not 0: the line was cut; adds "truncated":true,"original_bytes":N to fields
    bool partial = false;  // adds "partial":true to fields
};

// Owns the JSON parser and its scratch memory. One per thread that encodes.
class Encoder {
  public:
    Encoder();
    ~Encoder();
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    // Writes the entry (no LF) to `out`, which has room for entry_bytes_max(line.bytes.size())
    // bytes, and returns its length. The line is not empty. Keys in the order time, source, level,
    // message, fields; no white space; valid UTF-8 and valid JSON whatever the line held; never a
    // raw control character.
    std::size_t encode(const Line& line, char* out);

    // An entry of our own:
    // {"time":...,"source":...,"level":"INFO","message":...[,"fields":{<fields>}]}. `fields` is the
    // raw inside of a JSON object, empty for none. Room: entry_bytes_max(message.size() +
    // fields.size()).
    std::size_t encode_notice(Timestamp at, std::string_view source, std::string_view message,
                              std::string_view fields, char* out);

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace logwisp
