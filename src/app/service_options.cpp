// The keys of the service as a whole, and those of a target.
#include "app/field.hpp"
#include "app/rules.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {
namespace {

std::vector<OptionOf<Config>> make_service_options() {
    std::vector<OptionOf<Config>> out;
    auto add = [&](Option option, auto access) {
        out.push_back(at<Config>(std::move(option), access));
    };
    add(
        {.key = "router.enabled",
         .help = "Serve all HTTP streams on one port, under /NAME/",
         .flag = "--router"},
        [](auto& c) -> auto& { return c.router.enabled; });
    add(
        {.key = "router.host",
         .help = "The router's address",
         .expects = host_expectation,
         .accepts = is_host,
         .flag = "--host",
         .default_note = "that of the first HTTP stream"},
        [](auto& c) -> auto& { return c.router.host; });
    add(
        {.key = "router.port",
         .least = 1,
         .most = port_max,
         .help = "The router's port",
         .default_note = "that of the first HTTP stream"},
        [](auto& c) -> auto& { return c.router.port; });
    add(
        {.key = "server.cores",
         .least = 0,
         .most = cores_max,
         .help = "How many threads to run; 0 is one for every core this process may use",
         .flag = "--cores"},
        [](auto& c) -> auto& { return c.cores; });
    add(
        {.key = "server.backend",
         .help = "The kernel interface; auto takes io_uring where it is allowed",
         .flag = "--backend"},
        [](auto& c) -> auto& { return c.backend; });
    add(
        {.key = "server.shutdown_timeout_ms",
         .least = 0,
         .most = 600'000,
         .help = "How long readers may take their last entries when the service stops"},
        [](auto& c) -> auto& { return c.shutdown_timeout_ms; });
    add(
        {.key = "state.enabled",
         .help = "Keep positions and ids, so that streams go on after a restart",
         .flag = "--state",
         .default_note = "true for the streams of a file, false for one that no file describes"},
        [](auto& c) -> auto& { return c.state.enabled; });
    add(
        {.key = "state.directory",
         .help = "Where they are kept; made when it is not there",
         .expects = R"(the path of a directory, in which "~" is not expanded)",
         .accepts = is_directory_path,
         .flag = "--state-directory",
         .default_note = "$STATE_DIRECTORY, else $XDG_STATE_HOME/logwisp, else /var/lib/logwisp "
                         "for root and ~/.local/state/logwisp for others"},
        [](auto& c) -> auto& { return c.state.directory; });
    add(
        {.key = "state.sync", .help = "When they are forced to the disk"},
        [](auto& c) -> auto& { return c.state.sync; });
    add(
        {.key = "state.sync_interval_ms",
         .least = sync_interval_ms_floor,
         .most = sync_interval_ms_ceiling,
         .help = "Milliseconds between two disk flushes where sync is interval"},
        [](auto& c) -> auto& { return c.state.sync_interval_ms; });
    add(
        {.key = "state.max_bytes",
         .least = state_bytes_floor,
         .most = state_bytes_ceiling,
         .help = "How much each stream keeps; the oldest goes first"},
        [](auto& c) -> auto& { return c.state.bytes_max; });
    add(
        {.key = "state.max_age_hours",
         .least = 0,
         .most = ten_years_hours,
         .help = "How long it is kept; 0 is as long as it fits"},
        [](auto& c) -> auto& { return c.state.age_hours_max; });
    add(
        {.key = "security.landlock",
         .help =
             "Whether the kernel keeps it from files that its targets and its state do not name"},
        [](auto& c) -> auto& { return c.security.landlock; });
    add(
        {.key = "security.readable",
         .help = "Directories in which a reload may add targets, beside those known at the start",
         .expects = "a list of absolute paths of directories",
         .accepts = is_absolute_path},
        [](auto& c) -> auto& { return c.security.readable; });
    add(
        {.key = "security.seccomp",
         .help = "Whether system calls that serving does not need are refused; log tells of them"},
        [](auto& c) -> auto& { return c.security.seccomp; });
    add(
        {.key = "security.core_dumps",
         .help = "Whether a crash may leave the memory on the disk, with lines of logs in it"},
        [](auto& c) -> auto& { return c.security.core_dumps; });
    add(
        {.key = "console.stats_interval_seconds",
         .least = 0,
         .most = day_seconds,
         .help = "Seconds between two summaries on standard output; 0 is none",
         .default_note = "30 on a terminal, else 0"},
        [](auto& c) -> auto& { return c.stats_interval_seconds; });
    add(
        {.key = "log.level",
         .help = "The least important of LogWisp's own messages to show",
         .flag = "--log-level"},
        [](auto& c) -> auto& { return c.log_level; });
    add(
        {.key = "log.format",
         .help = "How LogWisp's own messages are written",
         .flag = "--log-format"},
        [](auto& c) -> auto& { return c.log_format; });
    return out;
}

std::vector<OptionOf<Target>> make_target_options() {
    std::vector<OptionOf<Target>> out;
    auto add = [&](Option option, auto access) {
        out.push_back(at<Target>(std::move(option), access));
    };
    add(
        {.key = "path",
         .help = "A file, a directory, or a glob of either",
         .expects = "the path of a file or directory",
         .accepts = is_file_path,
         .default_note = "none (required)"},
        [](auto& t) -> auto& { return t.path; });
    add(
        {.key = "pattern",
         .help = "Which files of a directory, by fnmatch(3) on the base name",
         .expects = R"(a file name pattern without "/", every "[" with its "]")",
         .accepts = is_name_pattern},
        [](auto& t) -> auto& { return t.pattern; });
    add(
        {.key = "is_file",
         .help = "Whether the path is a file",
         .default_note = "found out when it exists"},
        [](auto& t) -> auto& { return t.is_file; });
    add(
        {.key = "recursive", .help = "Descend into directories"},
        [](auto& t) -> auto& { return t.recursive; });
    add(
        {.key = "exclude",
         .help =
             "Files to leave out, by fnmatch(3) on the base name or the path below the target's",
         .expects = R"(a list of file name patterns, every "[" with its "]")",
         .accepts = is_exclude_pattern},
        [](auto& t) -> auto& { return t.exclude; });
    add(
        {.key = "from", .help = "Where to begin in files that exist at the first start"},
        [](auto& t) -> auto& { return t.from; });
    return out;
}

}  // namespace

const std::vector<OptionOf<Config>>& service_options() {
    static const auto options = make_service_options();
    return options;
}

const std::vector<OptionOf<Target>>& target_options() {
    static const auto options = make_target_options();
    return options;
}

}  // namespace logwisp
