// The file: read whole and bounded, parsed by toml++, every key held against the option table. All
// faults are found, not only the first; each has its line and column. No exception leaves.
#pragma once

#include <string>
#include <string_view>

#include "app/layer.hpp"

namespace logwisp {

// Why a file could not be read, for the search through the usual places.
enum class ReadOutcome : std::uint8_t { read, missing, failed };

// Puts the content into `text`, or says why not in `problems` (nothing is said about a missing
// file).
ReadOutcome read_config_file(const std::string& path, std::string& text, Problems& problems);

// `path` is for messages only. Nothing when the text is not TOML.
std::optional<Layer> parse_config(std::string_view text, const std::string& path,
                                  Problems& problems);

}  // namespace logwisp
