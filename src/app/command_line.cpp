#include "app/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <CLI/CLI.hpp>
#include <iterator>
#include <map>
#include <memory>

#include "app/nearest.hpp"
#include "app/target_text.hpp"
#include "logwisp/version.hpp"

namespace logwisp {
namespace {

constexpr std::string_view run_description =
    "LogWisp follows log files and streams every line as JSON over HTTP (server-sent events) and "
    "TCP.";
constexpr std::string_view check_description =
    "Validates the configuration and prints it with where each value came from. Takes every option "
    "and\n"
    "TARGET of logwisp itself: what is shown is what would run.";
constexpr std::string_view doctor_description =
    "Says whether this machine lets this user run the configuration: io_uring, inotify, "
    "permissions of "
    "every\n"
    "target, file systems without events, limits, state, ports, clock; and what to do where it "
    "does not. "
    "Takes\n"
    "every option and TARGET of logwisp itself.";
constexpr std::string_view explain_description =
    "Says for each stream of the configuration whether it follows PATH, by which target, and if "
    "not, "
    "why.\n"
    "A running server is asked what it knows of it; where none answers, the state directory is. "
    "Takes\n"
    "every option of logwisp itself; targets are those of the configuration.";
constexpr std::string_view targets_text =
    R"(TARGET is path[:pattern[:isfile]], for example /var/log:*.log or /var/log/syslog::true; "\:" is a colon
in a name. Targets replace the configured streams by one.

Commands:
)";
constexpr std::string_view files_text = R"(
Without --config the file is LOGWISP_CONFIG_FILE, $LOGWISP_CONFIG_DIR/logwisp.toml,
$XDG_CONFIG_HOME/logwisp.toml (~/.config/logwisp.toml) or /etc/logwisp/logwisp.toml; without any of them
*.log in the current directory is served on http://127.0.0.1:8080/stream.
Exit codes: 0 stopped as asked, 1 could not start or failed, 2 bad usage, 78 bad configuration.
See logwisp(1), logwisp.toml(5) and logwisp(7).)";

std::string run_footer() {
    std::string out(targets_text);
    for (const CommandHelp& command : commands())
        out += fmt::format("  logwisp {:<32} {}\n",
                           fmt::format("{} {}", command.name, command.arguments), command.help);
    return out.append(files_text);
}

constexpr std::string_view check_footer = "Exit codes: 0 valid, 2 bad usage, 78 bad configuration.";
constexpr std::string_view doctor_footer =
    "Exit codes: 0 nothing is wrong, 1 something is, 2 bad usage, 78 bad configuration.";
constexpr std::string_view explain_footer =
    "Exit codes: 0 it is or would be followed, 1 it is not, 2 bad usage, 78 bad configuration.";

struct CommandText {
    const char* name;
    std::string_view description;
    std::string footer;
};

CommandText text_of(Command command) {
    switch (command) {
        case Command::check:
            return {"logwisp check", check_description, std::string(check_footer)};
        case Command::doctor:
            return {"logwisp doctor", doctor_description, std::string(doctor_footer)};
        case Command::explain:
            return {"logwisp explain", explain_description, std::string(explain_footer)};
        case Command::run:
            break;
    }
    return {"logwisp", run_description, run_footer()};
}

bool is_command(const std::string& word) {
    return std::any_of(commands().begin(), commands().end(),
                       [&](const CommandHelp& command) { return command.name == word; });
}

// CLI11 fills these; one per flag of the table.
struct Given {
    std::map<std::string, std::string> texts;
    std::map<std::string, bool> switches;
    std::vector<std::string> targets;
};

// The value that a flag may have belongs to its name: --router[=BOOL].
class HelpFormatter : public CLI::Formatter {
  public:
    std::string make_option_opts(const CLI::Option* option) const override {
        std::string text = CLI::Formatter::make_option_opts(option);
        if (text.starts_with(" [=")) text.erase(0, 1);
        return text;
    }
};

std::string with_short(const Flag& flag) {
    return flag.short_name.empty() ? std::string(flag.name)
                                   : fmt::format("{},{}", flag.short_name, flag.name);
}

void describe(CLI::App& cli, Command command, Given& given) {
    cli.set_help_flag();
    cli.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    cli.formatter(std::make_shared<HelpFormatter>());
    cli.get_formatter()->column_width(34);
    cli.get_formatter()->label("Positionals", command == Command::explain ? "File" : "Targets");
    for (const Flag& flag : flags()) {
        std::string name(flag.name);
        std::string help(flag.help);
        if (flag.metavar.empty()) {
            cli.add_flag(with_short(flag), given.switches[name], help);
        } else if (flag.metavar == "=BOOL") {
            // A flag, not an option: `--enable-http app.log` must not take the target for its
            // value.
            cli.add_flag(name, given.texts[name], help)->type_name("[=BOOL]");
        } else {
            cli.add_option(with_short(flag), given.texts[name], help)
                ->type_name(std::string(flag.metavar))
                ->allow_extra_args(false);
        }
    }
    if (command == Command::check)
        cli.add_flag("--json", given.switches["--json"], "Print JSON, also for errors");
    if (command == Command::doctor || command == Command::explain)
        cli.add_flag("--json", given.switches["--json"], "Print JSON");
    const bool explain = command == Command::explain;
    cli.add_option(explain ? "PATH" : "TARGET", given.targets,
                   explain ? "A file, whether it is there or not"
                           : "What to follow: path[:pattern[:isfile]]")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->type_name("");
    cli.footer(text_of(command).footer);
}

template <class Subject>
void add_setting(const OptionOf<Subject>& option, const Value& value, const Place& place,
                 std::vector<Setting<Subject>>& settings) {
    settings.push_back({&option, value, place, true});
}

void add_flag_value(const Flag& flag, const std::string& text, Layer& layer, Problems& problems) {
    Place place = Place::flag(std::string(flag.name));
    const Option* rule = option_of_flag(flag.name);
    if (rule == nullptr) return;
    auto value = parse_value(rule->kind, text);
    if (!value || !rule->allows(*value)) {
        std::string hint;
        if (rule->kind == Kind::choice)
            hint = did_you_mean(text, {rule->choices.begin(), rule->choices.end()});
        problems.push_back({place, fmt::format("must be {}, not {}{}", rule->expectation(),
                                               in_quotes(text), hint)});
        return;
    }
    for (const auto& option : service_options())
        if (option.flag == flag.name) add_setting(option, *value, place, layer.service);
    for (const auto& option : stream_options())
        if (option.flag == flag.name) add_setting(option, *value, place, layer.top.settings);
}

std::vector<std::string> flag_names() {
    std::vector<std::string> names;
    for (const Flag& flag : flags()) names.emplace_back(flag.name);
    return names;
}

// CLI11 names what it could not place; we say what might have been meant.
std::string unexpected(const CLI::App& cli) {
    for (const std::string& rest : cli.remaining()) {
        std::string name = rest.substr(0, rest.find('='));
        return fmt::format("unknown option {}{}", in_quotes(rest),
                           did_you_mean(name, flag_names()));
    }
    return "unexpected arguments";
}

}  // namespace

CommandLine parse_command_line(Command command, const std::vector<std::string>& arguments,
                               Problems& problems) {
    CommandLine out;
    try {
        CLI::App cli;
        Given given;
        describe(cli, command, given);
        try {
            // CLI11 takes the last argument first.
            cli.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
        } catch (const CLI::ExtrasError&) {
            problems.push_back({{}, unexpected(cli)});
        } catch (const CLI::ArgumentMismatch& error) {
            std::string_view text = error.what();
            problems.push_back(
                {{}, fmt::format("{} needs a value", text.substr(0, text.find(':')))});
        } catch (const CLI::ParseError& error) {
            problems.push_back({{}, error.what()});
        }
        out.help = given.switches["--help"];
        out.version = given.switches["--version"];
        out.json = given.switches["--json"];
        if (out.help || out.version || !problems.empty()) return out;
        if (cli.count("--config") > 0) {
            out.config_file = given.texts["--config"];
            if (out.config_file->empty())
                problems.push_back({{}, "--config needs the name of a file"});
        }
        for (const Flag& flag : flags())
            if (cli.count(std::string(flag.name)) > 0)
                add_flag_value(flag, given.texts[std::string(flag.name)], out.flags, problems);
        if (command == Command::explain) {
            if (given.targets.size() != 1 || given.targets[0].empty())
                problems.push_back({{}, "one PATH is needed"});
            else
                out.path = given.targets[0];
            return out;
        }
        if (!given.targets.empty() && is_command(given.targets[0]))
            problems.push_back(
                {{},
                 fmt::format("{0} is a command and comes first: logwisp {0} ...; a file of that "
                             "name is ./{0}",
                             given.targets[0])});
        for (const std::string& text : given.targets) {
            TargetList& list =
                out.flags.top.targets ? *out.flags.top.targets : out.flags.top.targets.emplace();
            list.place = Place::flag("TARGET");
            Problems found;
            add_target(text, Place::flag("TARGET"), list, found);
            for (const Problem& problem : found) problems.push_back({{}, problem.message});
        }
    } catch (const std::exception& error) {
        problems.push_back({{}, error.what()});
    }
    return out;
}

std::string help_text(Command command) {
    try {
        CLI::App cli(std::string(text_of(command).description));
        Given given;
        describe(cli, command, given);
        return cli.help(text_of(command).name);
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace logwisp
