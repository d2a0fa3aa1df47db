// Flags, environment, file and defaults become one Config. Reads the file; everything else is pure.
// Called at start, by `logwisp check`, and again for every reload with the same command line and
// environment.
#pragma once

#include <map>
#include <string>

#include "app/command_line.hpp"
#include "app/environment.hpp"

namespace logwisp {

// Where each value came from, by key: "router.port", "streams.0.httpserver.port",
// "streams.0.monitor.targets.1".
struct Origins {
    std::map<std::string, Place> places;
    std::map<std::string, bool> refused;  // said to be something that was not valid

    [[nodiscard]] Place of(const std::string& key) const;
    [[nodiscard]] bool is_refused(const std::string& key) const { return refused.count(key) > 0; }
};

std::string stream_key(std::size_t index, std::string_view key);

struct Loaded {
    Config config;
    Origins origins;
    std::vector<Place> stream_places;
    Problems problems;  // empty: the configuration is good
    Problems warnings;
};

Loaded load_config(const CommandLine& line, const Environment& environment);

// The same from text that is already here. `path` names it in messages.
Loaded load_config_text(std::string_view text, const std::string& path, const CommandLine& line,
                        const Environment& environment);

}  // namespace logwisp
