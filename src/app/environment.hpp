// The LOGWISP_ variables as a layer. A wrong value is a problem; a name nobody knows is a warning,
// since other software (links between containers, Kubernetes services called "logwisp") sets such
// names too. An empty value counts as not set. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/layer.hpp"

namespace logwisp {

using Environment = std::vector<std::pair<std::string, std::string>>;

// The environment of this process: LOGWISP_ variables, the few others that the searches for the file
// and for the state directory need, and EUID, the effective user, as shells call it.
Environment process_environment();
// Empty when not set.
std::string variable_in(const Environment& environment, std::string_view name);

// `streams` are the file's: LOGWISP_STREAMS_<NAME>_... is understood by their names, and the
// result's streams stand at the same indexes.
Layer parse_environment(const Environment& environment, const std::vector<StreamLayer>& streams,
                        Problems& problems, Problems& warnings);

}  // namespace logwisp
