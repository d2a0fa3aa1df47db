// What a run has shown, as text for people, as one line of JSON, and as one list that both are made
// of. Plain functions.
#pragma once

#include <string>
#include <vector>

#include "loop.hpp"

namespace logwisp::bench {

struct Figure {
    const char* name;  // the key in JSON
    double value;
    int decimals;
    const char* unit;  // empty: none
};

// Only what was measured: nothing of the server without its pid, no latency without lines.
std::vector<Figure> figures_of(const RunResult& result, const RunOptions& options);
std::string report_json(const std::string& name, const std::vector<Figure>& figures);
std::string report_text(const std::string& name, const std::vector<Figure>& figures);

}  // namespace logwisp::bench
