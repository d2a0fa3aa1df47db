#include "core/keep_until_restart.hpp"

#include <cstdlib>

#include "base/path.hpp"

namespace logwisp {

namespace {

// LoadCredential= of systemd.exec(5): the file is a copy that does not change while we run.
bool is_credential(const std::string& file) {
    const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
    return directory != nullptr && *directory != '\0' && lies_in(file, directory);
}

}  // namespace

std::vector<std::string> keep_until_restart(Config& wanted, const Config& running) {
    std::vector<std::string> told;
    if (wanted.cores != running.cores || wanted.backend != running.backend)
        told.emplace_back("cores and backend change only with a restart");
    wanted.cores = running.cores;
    wanted.backend = running.backend;
    if (wanted.security != running.security)
        told.emplace_back("[security] changes only with a restart");
    wanted.security = running.security;
    if (wanted.state != running.state) told.emplace_back("[state] changes only with a restart");
    wanted.state = running.state;
    if (wanted.log_format != running.log_format)
        told.emplace_back("the format of diagnostics changes only with a restart");
    wanted.log_format = running.log_format;
    if (is_credential(running.file))
        told.push_back(running.file +
                       " is a credential, which the service manager copied at the start: what has "
                       "changed since takes effect with a restart");
    return told;
}

}  // namespace logwisp
