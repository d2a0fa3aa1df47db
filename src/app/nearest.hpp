// The key that was meant: the candidate a few typing errors away from what was written. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace logwisp {

// Letters added, left out, changed or swapped with their neighbour; case and '-' for '_' cost
// nothing.
std::size_t typing_errors(std::string_view a, std::string_view b);

// Empty when nothing is near: at most a third of the letters may be wrong.
std::string nearest(std::string_view written, const std::vector<std::string>& candidates);

// `; did you mean "port"?`, or nothing.
std::string did_you_mean(std::string_view written, const std::vector<std::string>& candidates);

}  // namespace logwisp
