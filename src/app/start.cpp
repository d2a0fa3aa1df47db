#include "app/start.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "app/feedback.hpp"
#include "logwisp/version.hpp"

namespace logwisp {
namespace {

constexpr std::size_t problems_shown_max = 100;

void find_feedback(Loaded& loaded) {
    for (int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
        std::string fault = feedback_fault(loaded.config, descriptor);
        if (fault.empty()) continue;
        loaded.problems.push_back({{}, std::move(fault)});
        return;
    }
}

std::vector<std::string> lines_of(const Problems& problems) {
    std::vector<std::string> lines;
    std::size_t shown = std::min(problems.size(), problems_shown_max);
    for (std::size_t i = 0; i < shown; ++i) {
        bool placed = problems[i].place.source == Place::Source::file;
        lines.push_back((placed ? "" : "logwisp: ") + problems[i].text());
    }
    if (shown < problems.size())
        lines.push_back(fmt::format("logwisp: and {} more", problems.size() - shown));
    return lines;
}

}  // namespace

void print_problems(const Problems& problems) {
    for (const std::string& line : lines_of(problems)) fmt::print(stderr, "{}\n", line);
}

std::optional<int> begin_command(Command command, std::string_view name,
                                 const std::vector<std::string>& arguments, CommandLine& line) {
    Problems usage;
    line = parse_command_line(command, arguments, usage);
    if (!usage.empty()) return refuse_usage(usage, name);
    if (line.help) fmt::print("{}", help_text(command));
    if (!line.help && line.version) fmt::print("logwisp {}\n", version);
    if (line.help || line.version) return exit_fine;
    return std::nullopt;
}

int refuse_usage(const Problems& problems, std::string_view command) {
    print_problems(problems);
    fmt::print(stderr, "Try '{} --help'.\n", command);
    return exit_usage;
}

Start prepare_start(const std::vector<std::string>& arguments) {
    Start start;
    Problems usage;
    start.line = parse_command_line(Command::run, arguments, usage);
    if (!usage.empty()) {
        start.exit_code = refuse_usage(usage, "logwisp");
        return start;
    }
    if (start.line.help) {
        fmt::print("{}", help_text(Command::run));
        return start;
    }
    if (start.line.version) {
        fmt::print("logwisp {}\n", version);
        return start;
    }
    start.environment = process_environment();
    Loaded loaded = load_config(start.line, start.environment);
    if (loaded.problems.empty()) find_feedback(loaded);
    print_problems(loaded.warnings);
    print_problems(loaded.problems);
    start.run = loaded.problems.empty();
    start.exit_code = start.run ? exit_fine : exit_config;
    start.config = std::move(loaded.config);
    return start;
}

bool reload(const Start& start, Config& config, std::vector<std::string>& errors) {
    Loaded loaded = load_config(start.line, start.environment);
    if (loaded.problems.empty()) find_feedback(loaded);
    errors = lines_of(loaded.problems);
    if (!loaded.problems.empty()) return false;
    // Whoever writes a file anew empties it first: no streams at all is hardly what is meant.
    std::error_code unknown;
    if (!loaded.config.file.empty() &&
        std::filesystem::file_size(loaded.config.file, unknown) == 0) {
        errors.push_back(loaded.config.file + ": is empty: still being written?");
        return false;
    }
    config = std::move(loaded.config);
    return true;
}

}  // namespace logwisp
