// Where the service writes, and where it listens.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/reload_client.hpp"
#include "app/tail_client_fetch.hpp"
#include "app/tail_client_json.hpp"
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

// Somebody listens there: is it LogWisp?
std::string who_answers(const std::string& host, std::uint16_t port, const std::string& path) {
    TailAddress address;
    address.host = host == "::"                                       ? "::1"
                   : listening_host(host) == "*" || host == "0.0.0.0" ? "127.0.0.1"
                                                                      : listening_host(host);
    address.port = std::to_string(port);
    address.path = path;
    const auto page = fetch_page(address, Waiter(STDOUT_FILENO));
    if (!page) return {};
    const auto members = json_members(*page);
    if (!members || json_text(json_member(*members, "service")).value_or("") != "LogWisp")
        return {};
    return json_text(json_member(*members, "version")).value_or("?");
}

struct Place {
    std::string what;  // "app: HTTP"
    std::string host;
    std::uint16_t port = 0;
    std::string status_path;  // empty: raw TCP
};

void in_use(const Place& place, const std::string& at, Findings& findings) {
    if (!place.status_path.empty()) {
        if (const std::string version = who_answers(place.host, place.port, place.status_path);
            !version.empty())
            return findings.push_back(
                {Grade::good,
                 "ports",
                 fmt::format("{}: LogWisp {} serves {}", place.what, version, at),
                 {}});
    } else if (!running_services().empty()) {
        return findings.push_back(
            {Grade::note,
             "ports",
             fmt::format("{}: {} is in use, and a LogWisp runs here", place.what, at),
             {}});
    }
    findings.push_back(
        {Grade::bad, "ports", fmt::format("{}: {} is in use by something else", place.what, at),
         fmt::format("ss -ltnp 'sport = :{}' says by what; or choose another port", place.port)});
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
        in_use(place, at, findings);
    } else {
        findings.push_back({Grade::bad, "ports",
                            fmt::format("{}: cannot listen on {}: {}", place.what, at,
                                        std::strerror(opened.error().code)),
                            port_advice(opened.error().code)});
    }
}

}  // namespace

void look_at_state(const Config& config, Findings& findings) {
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

void look_at_ports(const Config& config, Findings& findings) {
    if (config.router.enabled)
        look_at_port({"router", config.router.host, config.router.port, "/status"}, findings);
    for (const StreamConfig& stream : config.streams) {
        if (stream.http.enabled && !config.router.enabled)
            look_at_port({stream.name + ": HTTP", stream.http.host, stream.http.port,
                          stream.http.status_path},
                         findings);
        if (stream.tcp.enabled)
            look_at_port({stream.name + ": TCP", stream.tcp.host, stream.tcp.port, ""}, findings);
    }
}

}  // namespace logwisp
