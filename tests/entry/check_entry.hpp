// Everything an entry promises, whatever its line held: used by the property tests and by the fuzz
// target.
#pragma once

#include <string>
#include <string_view>

#include "encode_line.hpp"
#include "reference.hpp"

namespace logwisp::test {

// What is wrong with the entry of `line`; empty: nothing.
inline std::string fault_of_entry(Encoder& encoder, std::string_view line,
                                  const LineOptions& options = {}) {
    const std::string entry = encode_line(encoder, line, options);
    if (entry.size() > entry_bytes_max(line.size())) return "longer than the room: " + entry;
    for (const char c : entry)
        if (static_cast<unsigned char>(c) < 0x20) return "a raw control character: " + entry;
    for (const std::string_view separator : {"\xE2\x80\xA8", "\xE2\x80\xA9"})
        if (entry.find(separator) != std::string::npos) return "a raw line separator: " + entry;
    const std::optional<Json> json = read_json(entry);
    if (!json) return "not JSON: " + entry;
    if (*json != Reference::entry(line, options)) return "not what the line says: " + entry;
    // The canonical form: no white space outside of strings.
    bool inside = false;
    for (std::size_t index = 0; index < entry.size(); ++index) {
        if (inside && entry[index] == '\\') {
            ++index;
        } else if (entry[index] == '"') {
            inside = !inside;
        } else if (!inside && entry[index] == ' ') {
            return "white space: " + entry;
        }
    }
    return {};
}

}  // namespace logwisp::test
