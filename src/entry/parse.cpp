#include "entry/parse.hpp"

#include "entry/encode.hpp"
#include "entry/level.hpp"

namespace logwisp {

namespace {

bool looks_like_object(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && line[first] == '{';
}

}  // namespace

ParsedLine LineParser::parse(const Line& line) {
    ParsedLine parsed;
    parsed.time = line.read_at;
    if (looks_like_object(line.bytes) && json_.parse(line, parsed)) return parsed;

    parsed = {};
    parsed.time = line.read_at;
    parsed.level = find_level(line.bytes);
    parsed.message = line.bytes;
    return parsed;
}

}  // namespace logwisp
