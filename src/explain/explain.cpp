#include "explain/explain.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>

#include "app/start.hpp"
#include "base/bounded_look.hpp"
#include "explain/report.hpp"
#include "explain/silent_mounts.hpp"
#include "sandbox/places.hpp"
#include "sandbox/sandbox.hpp"

namespace logwisp {
namespace {

constexpr int exit_not_followed = 1;

PathFacts look_at_path(FileSystem& files, const std::string& path, SilentMounts& silent) {
    const bool answers = silent.answers(path, [&] { (void)facts_of(files, path); });
    return answers ? facts_of(files, path) : silent_facts(path, silent.suspects());
}

Confinement forecast_of(const Config& config) {
    const auto look = [&config] { return confinement_of(sandbox_forecast(config).granted); };
    return comes_to_an_end([&look] { (void)look(); }) ? look() : Confinement();
}

Verdict judge_in_time(FileSystem& files, const PathFacts& facts, const StreamConfig& stream,
                      const Confinement& confinement, SilentMounts& silent) {
    if (facts.silent) return judge_names(facts, stream, facts.suspects);
    const auto look = [&](Names names) { return judge(files, facts, stream, confinement, names); };
    if (silent.answers(stream, [&look] { (void)look(Names::all); })) return look(Names::all);
    // A target of another file is on it, as a rule.
    const std::string suspects = silent.suspects();
    if (!comes_to_an_end([&look] { (void)look(Names::as_written); }))
        return judge_names(facts, stream, suspects);
    Verdict verdict = look(Names::as_written);
    verdict.notes.push_back(
        fmt::format("links of targets were not looked at: a file system does not answer{}{}",
                    suspects.empty() ? "" : ": ", suspects));
    return verdict;
}

LedgerAnswer ask_ledger_in_time(const Config& config, const StreamConfig& stream,
                                const PathFacts& facts, const Verdict& verdict,
                                SilentMounts& silent) {
    const auto look = [&] { return ask_ledger(config, stream, facts, verdict); };
    if (silent.answers(config.state.directory, [&look] { (void)look(); })) return look();
    LedgerAnswer answer;
    answer.error = "the state directory's file system does not answer";
    return answer;
}

std::vector<StreamReport> ask_everybody(const Config& config, FileSystem& files,
                                        const PathFacts& facts, SilentMounts& silent) {
    const Waiter waiter(STDOUT_FILENO);
    const Confinement confinement = forecast_of(config);
    std::vector<StreamReport> reports;
    for (const StreamConfig& stream : config.streams) {
        StreamReport report;
        report.name = stream.name;
        report.verdict = judge_in_time(files, facts, stream, confinement, silent);
        report.server = ask_server(config, stream, facts, report.verdict, waiter);
        if (!report.server.answered())
            report.ledger = ask_ledger_in_time(config, stream, facts, report.verdict, silent);
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
    SilentMounts silent;
    const PathFacts facts = look_at_path(*files, line.path, silent);
    const std::vector<StreamReport> reports = ask_everybody(loaded.config, *files, facts, silent);
    if (Waiter::signal() != 0) return 128 + Waiter::signal();
    const std::string report =
        line.json ? report_json(facts, reports) : report_text(facts, reports);
    if (std::fwrite(report.data(), 1, report.size(), stdout) != report.size()) return exit_failed;
    const bool followed = std::any_of(reports.begin(), reports.end(),
                                      [](const StreamReport& one) { return one.followed(); });
    return followed ? exit_fine : exit_not_followed;
}

}  // namespace logwisp
