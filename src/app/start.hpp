// From the command line to what the service is started with. Prints help, version and every fault;
// main.cpp does the rest.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/load.hpp"

namespace logwisp {

inline constexpr int exit_fine = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_config = 78;  // EX_CONFIG of sysexits(3)

struct Start {
    int exit_code = exit_fine;
    bool run = false;  // false: everything is said, exit with exit_code
    Config config;
    CommandLine line;  // for reload()
    Environment environment;
};

Start prepare_start(const std::vector<std::string>& arguments);

// Reads everything again, as at the start. False: `errors` says why, `config` is as it was.
bool reload(const Start& start, Config& config, std::vector<std::string>& errors);

// Reads the arguments of a command that starts nothing; help, version and faults are printed here.
// With an exit code that was all.
std::optional<int> begin_command(Command command, std::string_view name,
                                 const std::vector<std::string>& arguments, CommandLine& line);

// Prints what is wrong with the arguments and returns exit_usage.
int refuse_usage(const Problems& problems, std::string_view command);
// At most as many as anybody reads, one per line.
void print_problems(const Problems& problems);

}  // namespace logwisp
