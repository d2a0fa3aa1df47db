#include "core/activation.hpp"

#include <fmt/format.h>

#include <map>

#include "net/listener.hpp"

namespace logwisp {

namespace {

struct NamedServer {
    std::string name;
    std::string& host;
    std::uint16_t& port;
};

std::vector<NamedServer> servers_of(Config& config) {
    std::vector<NamedServer> servers;
    if (config.router.enabled)
        servers.push_back({"router", config.router.host, config.router.port});
    for (StreamConfig& stream : config.streams) {
        if (stream.http.enabled && !config.router.enabled)
            servers.push_back({stream.name + "/http", stream.http.host, stream.http.port});
        if (stream.tcp.enabled)
            servers.push_back({stream.name + "/tcp", stream.tcp.host, stream.tcp.port});
    }
    return servers;
}

std::string shown(const PassedUse& use) {
    return PassedSocket{-1, use.name, use.host, use.port}.text();
}

}  // namespace

std::vector<std::string> use_named_sockets(Config& config, const PassedSockets& passed) {
    std::vector<std::string> faults;
    std::map<std::pair<std::string, std::uint16_t>, std::string> places;
    for (const NamedServer& server : servers_of(config)) {
        if (const PassedSocket* const socket = passed.named(server.name); socket != nullptr) {
            server.host = socket->host;
            server.port = socket->port;
        }
        const auto [there, first] =
            places.emplace(std::pair(listening_host(server.host), server.port), server.name);
        if (!first)
            faults.push_back(fmt::format(
                "{} and {} would both listen on {} port {}: one of them by the socket that the "
                "service manager names for it",
                there->second, server.name, server.host, server.port));
    }
    return faults;
}

std::vector<std::string> sockets_in_use(const Plan& plan) {
    std::vector<std::string> lines;
    for (const PassedUse& use : plan.passed_sockets)
        if (!use.serves.empty())
            lines.push_back(fmt::format("{} listens on the service manager's socket {}", use.serves,
                                        shown(use)));
    return lines;
}

std::vector<std::string> sockets_without_use(const Plan& plan) {
    std::vector<std::string> lines;
    for (const PassedUse& use : plan.passed_sockets)
        if (use.serves.empty())
            lines.push_back(fmt::format(
                "the service manager's socket {} is no server's, and who connects there waits for "
                "ever: say in the socket unit a server's host and port (ListenStream=) or its name "
                "(FileDescriptorName=STREAM/http, STREAM/tcp or router), or take the socket away",
                shown(use)));
    return lines;
}

}  // namespace logwisp
