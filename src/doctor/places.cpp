// Where the service writes, and where it listens.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "app/port_holders.hpp"
#include "app/reload_client.hpp"
#include "base/path.hpp"
#include "doctor/findings.hpp"
#include "explain/path_facts.hpp"
#include "explain/path_match.hpp"
#include "net/listener.hpp"
#include "tail/targets.hpp"

namespace logwisp {

namespace {

// The directory, or what would have to be written to to make it.
std::string nearest_there(std::string path) {
    while (path != "/" && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
        path = std::string(directory_name(path));
    return path;
}

struct Place {
    std::string what;  // "app: HTTP"
    std::string host;
    std::uint16_t port = 0;
};

std::string names_of(const std::vector<PortHolder>& processes) {
    std::string names;
    for (const PortHolder& one : processes)
        names += fmt::format("{}{} (process {})", names.empty() ? "" : ", ", one.name, one.process);
    return names;
}

// Its process cannot be seen from here.
Finding used_by_somebody(const Place& place, const std::string& at, std::optional<uid_t> user) {
    const std::string used =
        user ? fmt::format("{}: {} is in use by a process of {}", place.what, at, user_name(*user))
             : fmt::format("{}: {} is in use by something else", place.what, at);
    if (!running_services().empty())
        return {Grade::note, "ports", used + ", and a LogWisp runs here", {}};
    if (user == uid_t{0} && first_line("/proc/1/comm") == "systemd")
        return {Grade::note, "ports", used,
                "systemctl list-sockets says whether systemd holds it for the service; run by "
                "root, the doctor says by which process"};
    return {Grade::bad, "ports", used,
            fmt::format("ss -ltnp 'sport = :{}' says by what, to root; or choose another port",
                        place.port)};
}

Finding in_use(const Place& place, const std::string& at) {
    const PortHolders holders = port_holders(place.host, place.port);
    const std::vector<pid_t> services = running_services();
    for (const PortHolder& one : holders.processes)
        if (std::find(services.begin(), services.end(), one.process) != services.end())
            return {Grade::good,
                    "ports",
                    fmt::format("{}: LogWisp (process {}) serves {}", place.what, one.process, at),
                    {}};
    if (only_systemd(holders))
        return {Grade::note, "ports",
                fmt::format("{}: {} is held by systemd, for the service that it starts when "
                            "somebody connects",
                            place.what, at),
                "systemctl list-sockets says which service that is"};
    if (holders.processes.empty()) return used_by_somebody(place, at, holders.user);
    return {Grade::bad, "ports",
            fmt::format("{}: {} is in use by {}", place.what, at, names_of(holders.processes)),
            "end that, or choose another port"};
}

std::string port_advice(int error) {
    if (error == EACCES)
        return "ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE (and "
               "CapabilityBoundingSet=) in the "
               "unit";
    if (error == EADDRNOTAVAIL) return "this machine has no such address (yet)";
    return {};
}

void look_at_port(const Place& place, Findings& findings) {
    const std::string at = fmt::format("{} port {}", listening_host(place.host), place.port);
    const auto opened = open_listeners(place.host, place.port, 1);
    if (opened) {
        for (const int socket : *opened) ::close(socket);
        findings.push_back(
            {Grade::good, "ports", fmt::format("{}: {} is free", place.what, at), {}});
    } else if (opened.error().code == EADDRINUSE) {
        findings.push_back(in_use(place, at));
    } else {
        findings.push_back({Grade::bad, "ports",
                            fmt::format("{}: cannot listen on {}: {}", place.what, at,
                                        std::strerror(opened.error().code)),
                            port_advice(opened.error().code)});
    }
}

void look_at_directory(const Config& config, Findings& findings) {
    if (!config.state.enabled) {
        findings.push_back({Grade::note, "state",
                            "none is kept: after a restart streams begin anew",
                            "[state] enabled = true, or --state"});
        return;
    }
    const std::string directory = absolute_path(config.state.directory);
    const std::string there = nearest_there(directory);
    if (::faccessat(AT_FDCWD, there.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        findings.push_back(
            {Grade::bad, "state",
             fmt::format("{} cannot be written: {}", quoted(there), std::strerror(errno)),
             "StateDirectory= of the unit, [state] directory, or --state-directory"});
        return;
    }
    struct statvfs room {};
    const std::uint64_t wanted = 2 * config.state.bytes_max * config.streams.size();
    if (::statvfs(there.c_str(), &room) == 0 &&
        std::uint64_t{room.f_bavail} * room.f_frsize < wanted)
        findings.push_back(
            {Grade::note, "state",
             fmt::format("{} has less room than the {} bytes that the streams may come to",
                         quoted(there), wanted),
             "a smaller [state] max_bytes, or another directory; on a full disk entries go on "
             "unrecorded"});
    else
        findings.push_back(
            {Grade::good, "state", fmt::format("kept in {}", quoted(directory)), {}});
}

}  // namespace

void look_at_state(const Config& config, SilentMounts& silent, Findings& findings) {
    if (config.state.enabled && !silent.answers(config.state.directory, [&] {
            Findings not_told;
            look_at_directory(config, not_told);
        })) {
        findings.push_back(
            {Grade::bad, "state",
             fmt::format("{} does not answer{}{}", quoted(config.state.directory),
                         silent.suspects().empty() ? "" : ": it is on ", silent.suspects()),
             "state is not for a file system that may hang: [state] directory"});
        return;
    }
    look_at_directory(config, findings);
}

void look_at_ports(const Config& config, Findings& findings) {
    if (config.router.enabled)
        look_at_port({"router", config.router.host, config.router.port}, findings);
    for (const StreamConfig& stream : config.streams) {
        if (stream.http.enabled && !config.router.enabled)
            look_at_port({stream.name + ": HTTP", stream.http.host, stream.http.port}, findings);
        if (stream.tcp.enabled)
            look_at_port({stream.name + ": TCP", stream.tcp.host, stream.tcp.port}, findings);
    }
}

}  // namespace logwisp
