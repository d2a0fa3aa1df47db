#include "entry/parse.hpp"

#include "entry/encode.hpp"
#include "entry/json_number.hpp"
#include "entry/level.hpp"

namespace logwisp {

namespace {

bool looks_like_object(std::string_view line) {
    std::size_t first = 0;
    while (first < line.size() && is_json_space(line[first])) ++first;
    return first < line.size() && line[first] == '{';
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
