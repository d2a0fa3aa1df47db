// The command line of `logwisp`, `logwisp check`, `logwisp doctor` and `logwisp explain`, read by CLI11 from the flag
// table. No exception leaves; nothing is printed here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/layer.hpp"

namespace logwisp {

enum class Command : std::uint8_t { run, check, doctor, explain };

struct CommandLine {
    std::optional<std::string> config_file;
    Layer flags;        // its `top` is meant for every stream; its targets for the implicit one
    std::string path;   // of explain
    bool json = false;  // of check, doctor and explain
    bool help = false;
    bool version = false;
};

// Problems are usage errors (exit code 2).
CommandLine parse_command_line(Command command, const std::vector<std::string>& arguments,
                               Problems& problems);

std::string help_text(Command command);

}  // namespace logwisp
