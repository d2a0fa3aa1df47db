#include "explain/explain.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>

#include "app/start.hpp"
#include "explain/report.hpp"
#include "sandbox/places.hpp"
#include "sandbox/sandbox.hpp"

namespace logwisp {
namespace {

constexpr int exit_not_followed = 1;

std::vector<StreamReport> ask_everybody(const Config& config, FileSystem& files,
                                        const PathFacts& facts) {
    const Waiter waiter(STDOUT_FILENO);
    const Confinement confinement = confinement_of(sandbox_forecast(config).granted);
    std::vector<StreamReport> reports;
    for (const StreamConfig& stream : config.streams) {
        StreamReport report;
        report.name = stream.name;
        report.verdict = judge(files, facts, stream, confinement);
        report.server = ask_server(config, stream, facts, report.verdict, waiter);
        if (!report.server.answered())
            report.ledger = ask_ledger(config, stream, facts, report.verdict);
        reports.push_back(std::move(report));
        if (Waiter::signal() != 0) break;
    }
    return reports;
}

}  // namespace

int explain_main(const std::vector<std::string>& arguments) {
    CommandLine line;
    if (const auto exit = begin_command(Command::explain, "logwisp explain", arguments, line))
        return *exit;
    const Loaded loaded = load_config(line, process_environment());
    print_problems(loaded.warnings);
    print_problems(loaded.problems);
    if (!loaded.problems.empty()) return exit_config;
    // A server that goes away while it is asked is no reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    const auto files = make_real_file_system();
    const PathFacts facts = facts_of(*files, line.path);
    const std::vector<StreamReport> reports = ask_everybody(loaded.config, *files, facts);
    if (Waiter::signal() != 0) return 128 + Waiter::signal();
    const std::string report =
        line.json ? report_json(facts, reports) : report_text(facts, reports);
    if (std::fwrite(report.data(), 1, report.size(), stdout) != report.size()) return exit_failed;
    const bool followed = std::any_of(reports.begin(), reports.end(),
                                      [](const StreamReport& one) { return one.followed(); });
    return followed ? exit_fine : exit_not_followed;
}

}  // namespace logwisp
