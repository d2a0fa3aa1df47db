#include "sandbox/sandbox.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/privileges.hpp"

namespace logwisp {

namespace {

bool belongs_to_another(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && found.st_uid != ::geteuid();
}

bool dumps_core() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur > 1;
}

}  // namespace

SandboxFacts confine(const Config& config) {
    SandboxFacts facts;
    if (!config.security.core_dumps) forbid_core_dumps();
    facts.core_dumps = dumps_core();
    facts.no_new_privileges = forbid_new_privileges();
    const bool writes_as_another =
        config.state.enabled && belongs_to_another(config.state.directory);
    facts.capabilities =
        capability_names(keep_capabilities(needed_capabilities(writes_as_another)));
    return facts;
}

std::string sandbox_text(const SandboxFacts& facts) {
    std::string text = facts.no_new_privileges ? "no new privileges" : "new privileges possible";
    text += facts.capabilities.empty()
                ? ", no capabilities"
                : fmt::format(", capabilities {}", fmt::join(facts.capabilities, " "));
    if (!facts.core_dumps) text += ", no core dumps";
    return text;
}

}  // namespace logwisp
