// logwisp-bench: N readers of a running server, each of which checks that it gets every line of a
// numbered writer once, in order, whole, or is told exactly how many it missed; and what that cost.
// One thread reads, another one writes.
//
// Exit: 0 every reader is content, 1 at least one is not (or was never served, or the run was
// interrupted), 2 bad usage.
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

#include "chart.hpp"
#include "logwisp/version.hpp"
#include "loop.hpp"
#include "options.hpp"
#include "report.hpp"

namespace logwisp::bench {
namespace {

constexpr rlim_t descriptors_beside_readers = 32;

bool complain(const std::string& what) {
    std::fprintf(stderr, "logwisp-bench: %s\n", what.c_str());
    return false;
}

// As many descriptors as there are readers; the hard limit is the system's word.
bool raise_descriptor_limit(const RunOptions& run) {
    const rlim_t needed = run.readers * run.endpoints.size() + descriptors_beside_readers;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= needed) return true;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max >= needed) return true;
    return complain("needs " + std::to_string(needed) + " descriptors, but ulimit -Hn is " +
                    std::to_string(limit.rlim_max));
}

// A figure of nobody would look like one of a server that costs nothing.
bool all_run(const std::vector<pid_t>& pids) {
    for (const pid_t pid : pids)
        if (kill(pid, 0) != 0 && errno == ESRCH)
            return complain("--pid " + std::to_string(pid) + ": no such process");
    return true;
}

bool write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    return file.good() || complain(path + ": cannot be written");
}

// The curves to be drawn beside the run's own; false when one cannot be read.
bool read_beside(const CommandLine& line, std::vector<Curve>& curves) {
    for (const auto& [name, file] : line.beside) {
        auto steps = read_percentile_file(file);
        if (!steps) return complain(file + ": not a percentile file");
        curves.push_back({name, std::move(*steps)});
    }
    return true;
}

int run(const CommandLine& line) {
    std::vector<Curve> curves(line.draws_only() ? 0 : 1);
    if (!read_beside(line, curves)) return 2;
    if (line.draws_only()) return write_file(line.chart_file, chart_svg(curves)) ? 0 : 1;
    if (!raise_descriptor_limit(line.run) || !all_run(line.run.pids)) return 2;
    struct sigaction interrupt {};
    interrupt.sa_handler = [](int) { interrupted = 1; };
    interrupt.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &interrupt, nullptr);
    Loop loop(line.run);
    const RunResult result = loop.run();
    const auto figures = figures_of(result, line.run);
    const std::string report =
        line.json ? report_json(line.name, figures) : report_text(line.name, figures);
    std::fputs(report.c_str(), stdout);
    for (const std::string& fault : result.faults) complain(fault);
    bool written = true;
    if (!line.percentiles_file.empty())
        written = write_file(line.percentiles_file, result.latency.percentile_file());
    if (!line.chart_file.empty()) {
        curves.front() = {line.name.empty() ? "this run" : line.name, result.latency.steps()};
        written = write_file(line.chart_file, chart_svg(curves)) && written;
    }
    return result.faults.empty() && written ? 0 : 1;
}

}  // namespace
}  // namespace logwisp::bench

int main(int argc, char** argv) {
    using namespace logwisp::bench;
    const CommandLine line = parse_command_line(argc, argv);
    if (line.help) return std::fputs(help_text().c_str(), stdout), 0;
    if (!line.error.empty()) {
        complain(line.error);
        std::fputs("Try 'logwisp-bench --help'.\n", stderr);
        return 2;
    }
    if (line.version) return std::printf("logwisp-bench %s\n", logwisp::version.data()), 0;
    return run(line);
}
