// A line becomes the parts of its entry: views into the line or into the parser's memory, valid
// until the next line. One thread.
#pragma once

#include <string_view>

#include "entry/json_line.hpp"
#include "entry/parsed_line.hpp"

namespace logwisp {

struct Line;

class LineParser {
  public:
    ParsedLine parse(const Line& line);

  private:
    JsonLine json_;
};

}  // namespace logwisp
