// The whole process: cores, their threads, signals, reload. One call runs it from start to exit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "logwisp/config.hpp"

namespace logwisp {

struct ServiceOptions {
    Config config;
    // Called on SIGHUP. Returns false and says why in `errors` (complete lines for people);
    // `config` is then not used.
    std::function<bool(Config& config, std::vector<std::string>& errors)> reload;
};

// Runs until SIGINT or SIGTERM. Returns the exit code: 0 stopped as asked, 1 could not start or
// failed.
int run_service(const ServiceOptions& options);

}  // namespace logwisp
