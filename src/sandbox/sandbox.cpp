#include "sandbox/sandbox.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "sandbox/places.hpp"
#include "sandbox/privileges.hpp"
#include "sandbox/system_calls.hpp"

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

// The service manager of a container may listen on an abstract socket.
bool notifies_abstract_socket() {
    const char* const socket = std::getenv("NOTIFY_SOCKET");
    return socket != nullptr && socket[0] == '@';
}

Result<int> landlock_wanted(const Config& config) {
    if (!config.security.landlock) return failure(0, "security.landlock is false");
    return landlock_abi();
}

Result<void> seccomp_wanted(const Config& config) {
    if (config.security.seccomp == SystemCallFilter::off)
        return failure(0, "security.seccomp is off");
    return can_filter_system_calls();
}

void give_up_privileges(const Config& config, SandboxFacts& facts) {
    config.security.core_dumps ? allow_core_dumps() : forbid_core_dumps();
    facts.core_dumps = dumps_core();
    facts.no_new_privileges = forbid_new_privileges();
    const bool writes_as_another =
        config.state.enabled && belongs_to_another(config.state.directory);
    facts.capabilities =
        capability_names(keep_capabilities(needed_capabilities(writes_as_another)));
}

}  // namespace

Confined confine(const Config& config) {
    Confined out;
    give_up_privileges(config, out.facts);
    if (auto abi = landlock_wanted(config); abi) {
        out.granted = granted_places(config);
        abi = restrict_files(out.granted, notifies_abstract_socket());
        if (abi) out.facts.landlock_abi = *abi;
        if (!abi) out.granted.clear();
        if (!abi) out.facts.why_no_landlock = abi.error().text();
    } else {
        out.facts.why_no_landlock = abi.error().text();
    }
    // Last: the calls above are not among those that it lets through.
    auto filtered = seccomp_wanted(config);
    if (filtered) filtered = filter_system_calls(config.security.seccomp == SystemCallFilter::log);
    out.facts.seccomp = filtered.has_value();
    if (!filtered) out.facts.why_no_seccomp = filtered.error().text();
    return out;
}

std::string sandbox_text(const SandboxFacts& facts) {
    std::string text = facts.landlock_abi > 0
                           ? fmt::format("Landlock {}", facts.landlock_abi)
                           : fmt::format("files not restricted ({})", facts.why_no_landlock);
    text += facts.seccomp ? ", system calls filtered"
                          : fmt::format(", system calls not filtered ({})", facts.why_no_seccomp);
    text += facts.no_new_privileges ? ", no new privileges" : ", new privileges possible";
    text += facts.capabilities.empty()
                ? ", no capabilities"
                : fmt::format(", capabilities {}", fmt::join(facts.capabilities, " "));
    if (!facts.core_dumps) text += ", no core dumps";
    return text;
}

SandboxForecast sandbox_abilities(const Config& config) {
    return {landlock_wanted(config), seccomp_wanted(config), {}};
}

SandboxForecast sandbox_forecast(const Config& config) {
    SandboxForecast forecast = sandbox_abilities(config);
    if (forecast.landlock) forecast.granted = granted_places(config);
    return forecast;
}

}  // namespace logwisp
