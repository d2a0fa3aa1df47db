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

inline std::string bash_completion() {
    std::vector<std::string> names, free;
    std::string choices;
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
        [[ "${{COMP_WORDS[1]}}" == check || "${{COMP_WORDS[1]}}" == explain ]] && options+=' --json'
        [[ "${{COMP_WORDS[1]}}" == tail ]] && options='--help'
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    if ((COMP_CWORD == 1)); then
        mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -W 'check explain tail' -- "$current")
    fi
}}
complete -o filenames -F _logwisp logwisp
)",
                       choices, joined(free, " | "), joined(names, " "));
}

inline std::string zsh_completion() {
    std::string arguments;
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
        _alternative 'commands:command:((check\:"validate the configuration" explain\:"say why a file is followed or not" tail\:"read a stream"))' 'files:target:_files'
    fi
    [[ "$words[2]" == check ]] && options+=('--json[Print JSON, also for errors]')
    [[ "$words[2]" == explain ]] && options+=('--json[Print JSON]')
    _arguments $options '*:target:_files'
}}
_logwisp "$@"
)",
                       arguments);
}

}  // namespace logwisp::test
