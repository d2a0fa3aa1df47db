#include "serve/site.hpp"

#include "logwisp/limits.hpp"

namespace logwisp {

namespace {

void add_stream_routes(Site& site, const std::string& prefix,
                       const std::shared_ptr<StreamInfo>& stream) {
    const HttpConfig& http = stream->config.http;
    site.routes.push_back({prefix + http.stream_path, RouteKind::stream, stream});
    site.routes.push_back({prefix + http.status_path, RouteKind::status, stream});
    site.routes.push_back({prefix + http.entries_path, RouteKind::entries, stream});
    if (!http.metrics_path.empty())
        site.routes.push_back({prefix + http.metrics_path, RouteKind::metrics, stream});
    site.connections_max += http.clients_max;
}

// After the streams' own, so that a stream whose status_path is "/healthz" keeps it.
void add_probe_routes(Site& site) {
    site.connections_max += spare_connections;
    site.routes.push_back({"/healthz", RouteKind::health, nullptr});
    site.routes.push_back({"/readyz", RouteKind::ready, nullptr});
}

}  // namespace

const Route* Site::find(std::string_view path) const {
    for (const Route& route : routes)
        if (route.path == path) return &route;
    return nullptr;
}

std::vector<std::string> Site::available() const {
    std::vector<std::string> paths;
    for (const Route& route : routes) {
        const bool probe = route.kind == RouteKind::health || route.kind == RouteKind::ready;
        const bool empty = route.kind == RouteKind::entries && !route.stream->past.kept();
        if (!probe && !empty) paths.push_back(route.path);
    }
    return paths;
}

std::shared_ptr<Site> make_http_site(const std::shared_ptr<StreamInfo>& stream) {
    auto site = std::make_shared<Site>();
    site->name = stream->config.name + "/http";
    site->host = stream->config.http.host;
    site->port = stream->config.http.port;
    add_stream_routes(*site, "", stream);
    add_probe_routes(*site);
    return site;
}

std::shared_ptr<Site> make_router_site(const RouterConfig& router,
                                       const std::vector<std::shared_ptr<StreamInfo>>& streams) {
    auto site = std::make_shared<Site>();
    site->name = "router";
    site->host = router.host;
    site->port = router.port;
    site->router = true;
    for (const auto& stream : streams)
        if (stream->config.http.enabled)
            add_stream_routes(*site, "/" + stream->config.name, stream);
    site->routes.push_back({"/status", RouteKind::all_status, nullptr});
    site->routes.push_back({"/metrics", RouteKind::metrics, nullptr});
    add_probe_routes(*site);
    return site;
}

std::shared_ptr<Site> make_tcp_site(const std::shared_ptr<StreamInfo>& stream, bool router) {
    auto site = std::make_shared<Site>();
    site->name = stream->config.name + "/tcp";
    site->host = stream->config.tcp.host;
    site->port = stream->config.tcp.port;
    site->tcp = stream;
    site->router = router;
    site->connections_max = stream->config.tcp.clients_max;
    return site;
}

}  // namespace logwisp
