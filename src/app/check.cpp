#include "app/check.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "app/check_sandbox.hpp"
#include "app/start.hpp"
#include "app/writable.hpp"

namespace logwisp {

int check_main(const std::vector<std::string>& arguments) {
    CommandLine line;
    if (const auto exit = begin_command(Command::check, "logwisp check", arguments, line))
        return *exit;
    Loaded loaded = load_config(line, process_environment());
    if (loaded.problems.empty())
        for (Problems more : {writable_directories(loaded), sandbox_warnings(loaded)})
            for (Problem& warning : more) loaded.warnings.push_back(std::move(warning));
    int exit_code = loaded.problems.empty() ? exit_fine : exit_config;
    if (line.json) {
        fmt::print("{}\n", effective_json(loaded));
        return exit_code;
    }
    print_problems(loaded.warnings);
    print_problems(loaded.problems);
    if (loaded.problems.empty())
        fmt::print("{}{}", effective_toml(loaded), sandbox_comments(loaded.config));
    return exit_code;
}

}  // namespace logwisp
