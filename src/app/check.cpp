#include "app/check.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "app/check_sandbox.hpp"
#include "app/start.hpp"
#include "app/writable.hpp"
#include "base/bounded_look.hpp"

namespace logwisp {

namespace {

// What is wrong with the places that are named, not with the names.
Problems what_files_show(const Loaded& loaded) {
    const auto look = [&loaded] {
        Problems shown = writable_directories(loaded);
        for (Problem& warning : sandbox_warnings(loaded)) shown.push_back(std::move(warning));
        return shown;
    };
    if (comes_to_an_end([&look] { (void)look(); })) return look();
    return {{{}, "a file system does not answer: the places that targets name were not looked at"}};
}

}  // namespace

int check_main(const std::vector<std::string>& arguments) {
    CommandLine line;
    if (const auto exit = begin_command(Command::check, "logwisp check", arguments, line))
        return *exit;
    Loaded loaded = load_config(line, process_environment());
    if (loaded.problems.empty())
        for (Problem& warning : what_files_show(loaded))
            loaded.warnings.push_back(std::move(warning));
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
