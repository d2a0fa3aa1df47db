// The distribution of latencies as a picture: percentiles to the right, each halving of what is
// above them as wide as the last one, milliseconds upwards. Draws the run's own curve and those of
// percentile files beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "histogram.hpp"

namespace logwisp::bench {

struct Curve {
    std::string name;
    std::vector<Histogram::Step> steps;
};

// The steps of a percentile file, or nothing when it holds none.
std::optional<std::vector<Histogram::Step>> read_percentile_file(const std::string& path);

std::string chart_svg(const std::vector<Curve>& curves);

}  // namespace logwisp::bench
