// What one listening port serves: raw TCP of one stream, or HTTP paths. Constant once made;
// sessions keep the one they began with, so a reload never pulls it from under them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "logwisp/config.hpp"
#include "serve/stream_info.hpp"

namespace logwisp {

enum class RouteKind : std::uint8_t {
    stream,
    status,
    entries,
    metrics,  // of the whole service
    all_status,
    health,
    ready
};

struct Route {
    std::string path;
    RouteKind kind = RouteKind::health;
    std::shared_ptr<StreamInfo> stream;  // stream, status, entries; metrics at a path of its
};

// What is counted of a port over all cores, also across reloads: connections stay when a site is made anew.
struct PortCounters {
    std::atomic<std::uint32_t> connections{0};  // open now
    // Attempts in vain, at the descriptor limit mostly; those who came waited in the kernel's queue.
    std::atomic<std::uint64_t> accept_failures{0};
    std::atomic<std::uint64_t> refused{0};  // closed at once: as many as may be were open
};

struct Site {
    std::string name;  // "app/http", "app/tcp", "router"
    std::string host;
    std::uint16_t port = 0;
    std::shared_ptr<StreamInfo> tcp;  // set: raw TCP of this stream
    std::vector<Route> routes;        // else: HTTP
    bool router = false;
    std::uint32_t connections_max = 0;
    std::shared_ptr<PortCounters> counters = std::make_shared<PortCounters>();

    [[nodiscard]] const Route* find(std::string_view path) const;
    // The paths a lost visitor is told of. Whether a stream has a past is known only when its ledger
    // is open, which is after its port is.
    [[nodiscard]] std::vector<std::string> available() const;
};

// The HTTP site of one stream, or of all (router).
std::shared_ptr<Site> make_http_site(const std::shared_ptr<StreamInfo>& stream);
std::shared_ptr<Site> make_router_site(const RouterConfig& router,
                                       const std::vector<std::shared_ptr<StreamInfo>>& streams);
// `router`: the stream's HTTP paths are the router's.
std::shared_ptr<Site> make_tcp_site(const std::shared_ptr<StreamInfo>& stream, bool router);

}  // namespace logwisp
