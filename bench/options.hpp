// The command line of logwisp-bench. One table of options makes the help and the list in the manual
// page, and says how each is read.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop.hpp"

namespace logwisp::bench {

struct CommandLine {
    RunOptions run;
    std::string name;  // of the run, in reports and charts
    bool json = false;
    std::string percentiles_file;
    std::string chart_file;
    std::vector<std::pair<std::string, std::string>> beside;  // name and percentile file
    double seconds = 0;
    bool help = false;
    bool version = false;
    std::string error;  // the first one; empty: none

    // A chart of percentile files is wanted, and no run.
    [[nodiscard]] bool draws_only() const {
        return run.endpoints.empty() && !chart_file.empty() && !beside.empty();
    }
};

struct BenchOption {
    const char* name;     // without "--"
    const char* metavar;  // empty: takes no value
    const char* help;
    // Sets what it says, or returns what is wrong with the value.
    std::string (*take)(CommandLine& line, std::string_view value);
};

const std::vector<BenchOption>& bench_options();
CommandLine parse_command_line(int argc, char** argv);
std::string help_text();

}  // namespace logwisp::bench
