#include "app/state_directory.hpp"

namespace logwisp {

UsualDirectory usual_state_directory(const Environment& environment) {
    // systemd gives all directories of a unit in one list; the first is ours.
    const std::string given = variable_in(environment, "STATE_DIRECTORY");
    if (std::string first = given.substr(0, given.find(':')); !first.empty())
        return {first, "$STATE_DIRECTORY"};
    // A path that is not absolute is to be ignored, says the specification of XDG's directories.
    if (std::string home = variable_in(environment, "XDG_STATE_HOME"); home.starts_with('/'))
        return {home + "/logwisp", "$XDG_STATE_HOME"};
    if (variable_in(environment, "EUID") == "0") return {"/var/lib/logwisp", "of root"};
    if (std::string home = variable_in(environment, "HOME"); !home.empty())
        return {home + "/.local/state/logwisp", "$HOME"};
    return {};
}

}  // namespace logwisp
