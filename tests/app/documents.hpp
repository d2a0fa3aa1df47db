// The parts of the man pages and completions that follow from the option table, as they must stand
// in the tree.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "app/options.hpp"
#include "support/man_page.hpp"

namespace logwisp::test {

inline std::string first_upper(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
        text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

inline std::string man_key(const Option& option, const Value& default_value) {
    std::string value =
        std::holds_alternative<std::monostate>(default_value) ? "none" : written(default_value);
    if (!option.default_note.empty()) value = option.default_note;
    return fmt::format(".It Ic {}\n", option.leaf()) + wrapped(roff(option.help) + ".") +
           wrapped(roff(first_upper(option.expectation())) + ".") +
           wrapped("Default: " + roff(value) + ".");
}

// The keys of "streams.httpserver", "router", "target".
inline std::string man_keys(const std::string& section) {
    std::string out;
    for (const auto& option : service_options())
        if (option.section() == section) out += man_key(option, option.get(Config{}));
    for (const auto& option : stream_options()) {
        std::string own = option.section().empty() ? "streams" : "streams." + option.section();
        if (own == section)
            out += man_key(option, option.get ? option.get(stream_defaults()) : Value());
    }
    if (section == "target")
        for (const auto& option : target_options()) out += man_key(option, option.get(Target{}));
    return out;
}

inline std::string man_flags() {
    std::string out;
    for (const Flag& flag : flags()) {
        std::string name = fmt::format("Fl Fl {}", flag.name.substr(2));
        if (flag.metavar == "=BOOL") {
            name += " Ns Op = Ns Ar BOOL";
        } else if (!flag.metavar.empty()) {
            name += fmt::format(" Ar {}", flag.metavar);
        }
        std::string before =
            flag.short_name.empty() ? "" : fmt::format("Fl {} , ", flag.short_name.substr(1));
        out += fmt::format(".It {}{}\n", before, name) + wrapped(roff(flag.help) + ".");
        if (const Option* option = option_of_flag(flag.name);
            option != nullptr && option->kind == Kind::integer)
            out += first_upper(option->expectation()) + ".\n";
    }
    return out;
}

inline std::string joined(const std::vector<std::string>& words, std::string_view separator) {
    return fmt::format("{}", fmt::join(words, separator));
}

// What may follow the flag, empty when it is free.
inline std::vector<std::string> values_of(const Flag& flag) {
    const Option* option = option_of_flag(flag.name);
    if (option == nullptr || option->kind != Kind::choice) return {};
    return {option->choices.begin(), option->choices.end()};
}

inline std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const CommandHelp& command : commands()) names.emplace_back(command.name);
    return names;
}

// Those that take no flag of the service.
inline std::vector<std::string> flagless_commands() {
    std::vector<std::string> names;
    for (const CommandHelp& command : commands())
        if (!command.has_flags) names.emplace_back(command.name);
    return names;
}

// Of a command that takes none of the service's.
inline std::vector<std::string> own_flag_names(const CommandHelp& command) {
    std::vector<std::string> names;
    for (const Flag& flag : command.own_flags) names.emplace_back(flag.name);
    names.emplace_back("--help");
    return names;
}

inline std::vector<std::string> json_commands() {
    std::vector<std::string> names;
    for (const CommandHelp& command : commands())
        if (command.has_json) names.emplace_back(command.name);
    return names;
}

inline std::string bash_completion() {
    std::vector<std::string> names, free;
    std::string choices, own;
    for (const CommandHelp& command : commands())
        if (!command.has_flags)
            own += fmt::format("            {}) options='{}' ;;\n", command.name,
                               joined(own_flag_names(command), " "));
    for (const Flag& flag : flags()) {
        names.emplace_back(flag.name);
        if (flag.metavar == "=BOOL") names.push_back(fmt::format("{}=false", flag.name));
        if (flag.metavar.empty() || flag.metavar == "=BOOL" || flag.name == "--config") continue;
        if (auto values = values_of(flag); !values.empty()) {
            choices += fmt::format(
                "        {})\n            mapfile -t COMPREPLY < <(compgen -W '{}' -- "
                "\"$current\")\n"
                "            return\n            ;;\n",
                flag.name, joined(values, " "));
        } else {
            free.emplace_back(flag.name);
        }
    }
    return fmt::format(R"(# Completion of logwisp(1) for bash.
_logwisp() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD - 1]}}"
    COMPREPLY=()
    case "$previous" in
        -c | --config)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
{}        {})
            return
            ;;
    esac
    if [[ "$current" == -* ]]; then
        local options='{}'
        case "${{COMP_WORDS[1]}}" in
            {}) options+=' --json' ;;
{}        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    if ((COMP_CWORD == 1)); then
        mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -W '{}' -- "$current")
    fi
}}
complete -o filenames -F _logwisp logwisp
)",
                       choices, joined(free, " | "), joined(names, " "),
                       joined(json_commands(), " | "), own, joined(command_names(), " "));
}

inline std::string zsh_completion() {
    std::string arguments, described, own;
    for (const CommandHelp& command : commands()) {
        if (command.has_flags) continue;
        own += fmt::format("        {}) options=(", command.name);
        for (const Flag& flag : command.own_flags)
            own += fmt::format("'{}[{}]{}' ", flag.name, flag.help,
                               flag.metavar.empty() ? "" : fmt::format(":{}:()", flag.metavar));
        own += "'--help[Print this help and exit]') ;;\n";
    }
    for (const CommandHelp& command : commands())
        described +=
            fmt::format("{}{}\\:\"{}\"", described.empty() ? "" : " ", command.name, command.help);
    for (const Flag& flag : flags()) {
        std::string value;
        if (flag.metavar == "=BOOL") {
            value = "::BOOL:(true false)";
        } else if (flag.name == "--config") {
            value = ":FILE:_files";
        } else if (!flag.metavar.empty()) {
            value = fmt::format(":{}:({})", flag.metavar, joined(values_of(flag), " "));
        }
        std::string equals = flag.metavar == "=BOOL" ? "=-" : "";
        if (flag.short_name.empty()) {
            arguments += fmt::format("        '{}{}[{}]{}'\n", flag.name, equals, flag.help, value);
        } else {
            arguments += fmt::format("        '({0} {1})'{{{0},{1}}}'[{2}]{3}'\n", flag.short_name,
                                     flag.name, flag.help, value);
        }
    }
    return fmt::format(R"(#compdef logwisp
# Completion of logwisp(1) for zsh.
_logwisp() {{
    local -a options
    options=(
{}    )
    if ((CURRENT == 2)); then
        _alternative 'commands:command:(({}))' 'files:target:_files'
    fi
    case "$words[2]" in
        {}) options+=('--json[Print JSON]') ;;
{}    esac
    _arguments $options '*:target:_files'
}}
_logwisp "$@"
)",
                       arguments, described, joined(json_commands(), " | "), own);
}

// A word of fish, in single quotes.
inline std::string fish_word(std::string_view text) {
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' || c == '\\' ? fmt::format("\\{}", c) : std::string(1, c);
    return out + "'";
}

inline std::string fish_completion() {
    std::string out = "# Completion of logwisp(1) for fish.\n";
    for (const CommandHelp& command : commands())
        out += fmt::format("complete -c logwisp -n __fish_use_subcommand -a {} -d {}\n",
                           command.name, fish_word(command.help));
    const std::string with_flags =
        fmt::format("'not __fish_seen_subcommand_from {}'", joined(flagless_commands(), " "));
    for (const Flag& flag : flags()) {
        out += fmt::format("complete -c logwisp -n {} -l {}", with_flags, flag.name.substr(2));
        if (!flag.short_name.empty()) out += fmt::format(" -s {}", flag.short_name.substr(1));
        if (flag.name == "--config" || flag.name == "--state-directory")
            out += " -r -F";
        else if (const auto values = values_of(flag); !values.empty())
            out += fmt::format(" -x -a '{}'", joined(values, " "));
        else if (!flag.metavar.empty() && flag.metavar != "=BOOL")
            out += " -x";
        out += fmt::format(" -d {}\n", fish_word(flag.help));
    }
    for (const CommandHelp& command : commands())
        for (const Flag& flag : command.own_flags)
            out += fmt::format(
                "complete -c logwisp -n '__fish_seen_subcommand_from {}' -l {}{} -d {}\n",
                command.name, flag.name.substr(2), flag.metavar.empty() ? "" : " -x",
                fish_word(flag.help));
    out += fmt::format(
        "complete -c logwisp -n '__fish_seen_subcommand_from {}' -l json -d 'Print JSON'\n",
        joined(json_commands(), " "));
    return out + fmt::format(
                     "complete -c logwisp -n '__fish_seen_subcommand_from {}' -l help -s h -d "
                     "'Print this help and exit'\n",
                     joined(flagless_commands(), " "));
}

}  // namespace logwisp::test
