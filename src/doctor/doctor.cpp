#include "doctor/doctor.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/start.hpp"
#include "base/bounded_look.hpp"
#include "doctor/findings.hpp"
#include "explain/path_facts.hpp"

namespace logwisp {

namespace {

Findings look_at_everything(const Config& config) {
    Findings findings;
    const auto files = make_real_file_system();
    WatchNeed need;
    SilentMounts silent;
    if (::geteuid() == 0)
        findings.push_back({Grade::note, "user", "root may do what the service's user may not",
                            "run it as that user, too: runuser -u logwisp -- logwisp doctor"});
    look_at_kernel(config, findings);
    look_at_sandbox(config, findings);
    look_at_targets(*files, config, silent, need, findings);
    const bool answer = comes_to_an_end([&] {
        Findings not_told;
        look_at_watches(*files, config, need, not_told);
    });
    if (answer)
        look_at_watches(*files, config, need, findings);
    else
        findings.push_back(
            {Grade::bad, "inotify", "not tried: a file system does not answer any more", {}});
    look_at_descriptors(config, need, findings);
    look_at_state(config, silent, findings);
    look_at_ports(config, findings);
    look_at_clock(findings);
    return findings;
}

}  // namespace

int doctor_main(const std::vector<std::string>& arguments) {
    CommandLine line;
    if (const auto exit = begin_command(Command::doctor, "logwisp doctor", arguments, line))
        return *exit;
    const Loaded loaded = load_config(line, process_environment());
    print_problems(loaded.warnings);
    print_problems(loaded.problems);
    if (!loaded.problems.empty()) return exit_config;
    const Findings findings = look_at_everything(loaded.config);
    const std::string file =
        loaded.config.file.empty() ? std::string("no configuration file") : loaded.config.file;
    const std::string report =
        line.json ? findings_json(loaded.config.file, present_user(), findings)
                  : findings_text(fmt::format("{}, as {}", file, present_user()), findings);
    if (std::fwrite(report.data(), 1, report.size(), stdout) != report.size()) return exit_failed;
    const bool bad = std::any_of(findings.begin(), findings.end(),
                                 [](const Finding& one) { return one.grade == Grade::bad; });
    return bad ? exit_failed : exit_fine;
}

}  // namespace logwisp
