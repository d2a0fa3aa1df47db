#include "app/check.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "app/start.hpp"
#include "logwisp/version.hpp"

namespace logwisp {

int check_main(const std::vector<std::string>& arguments) {
    Problems usage;
    CommandLine line = parse_command_line(Command::check, arguments, usage);
    if (!usage.empty()) return refuse_usage(usage, "logwisp check");
    if (line.help) {
        fmt::print("{}", help_text(Command::check));
        return exit_fine;
    }
    if (line.version) {
        fmt::print("logwisp {}\n", version);
        return exit_fine;
    }
    Loaded loaded = load_config(line, process_environment());
    int exit_code = loaded.problems.empty() ? exit_fine : exit_config;
    if (line.json) {
        fmt::print("{}\n", effective_json(loaded));
        return exit_code;
    }
    print_problems(loaded.warnings);
    print_problems(loaded.problems);
    if (loaded.problems.empty()) fmt::print("{}", effective_toml(loaded));
    return exit_code;
}

}  // namespace logwisp
