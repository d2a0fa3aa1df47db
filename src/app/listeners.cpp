#include "app/listeners.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

namespace logwisp {
namespace {

struct Listener {
    std::string what;  // `HTTP of stream "app"`
    std::string host;
    std::uint16_t port = 0;
    Place place;  // of the port, or of the host when only that was said
    bool http = false;
};

struct Address {
    bool any4 = false;
    bool any6 = false;
    std::optional<in_addr> four;
    std::optional<in6_addr> six;
};

Address address_of(std::string_view host) {
    Address out;
    std::string text(host);
    if (text.empty() || text == "*") {
        out.any4 = out.any6 = true;
        return out;
    }
    if (text == "localhost") {
        out.four = in_addr{htonl(INADDR_LOOPBACK)};
        out.six = in6addr_loopback;
        return out;
    }
    in_addr four{};
    in6_addr six{};
    if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
        out.four = four;
        out.any4 = four.s_addr == htonl(INADDR_ANY);
    } else if (inet_pton(AF_INET6, text.c_str(), &six) == 1) {
        out.six = six;
        out.any6 = IN6_IS_ADDR_UNSPECIFIED(&six);
        // A socket bound to :: takes IPv4 too unless it was told not to: who writes both means a
        // conflict, not two services.
        out.any4 = out.any6;
        if (IN6_IS_ADDR_V4MAPPED(&six)) {
            out.four.emplace();
            std::memcpy(&*out.four, &six.s6_addr[12], sizeof *out.four);
        }
    }
    return out;
}

std::vector<Listener> listeners_of(const Loaded& loaded) {
    std::vector<Listener> out;
    const Config& config = loaded.config;
    auto add = [&](std::string what, const std::string& host, std::uint16_t port,
                   const std::string& prefix, const Place& otherwise) {
        if (loaded.origins.is_refused(prefix + "host") ||
            loaded.origins.is_refused(prefix + "port"))
            return;
        Place place = loaded.origins.of(prefix + "port");
        if (place.source == Place::Source::builtin) place = loaded.origins.of(prefix + "host");
        if (place.source == Place::Source::builtin) place = otherwise;
        out.push_back(
            {std::move(what), host, port, std::move(place), prefix.ends_with("httpserver.")});
    };
    for (std::size_t i = 0; i < config.streams.size(); ++i) {
        const StreamConfig& stream = config.streams[i];
        const Place& begin = loaded.stream_places[i];
        if (stream.http.enabled && !config.router.enabled)
            add("HTTP of stream " + in_quotes(stream.name), stream.http.host, stream.http.port,
                stream_key(i, "httpserver."), begin);
        if (stream.tcp.enabled)
            add("TCP of stream " + in_quotes(stream.name), stream.tcp.host, stream.tcp.port,
                stream_key(i, "tcpserver."), begin);
    }
    if (config.router.enabled && config.router.port != 0)
        add("the router", config.router.host, config.router.port, "router.",
            loaded.origins.of("router.enabled"));
    return out;
}

std::string shown(const Listener& listener) {
    std::string host = listener.host.empty() ? "*" : listener.host;
    bool six = host.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", six ? "[" : "", host, six ? "]" : "", listener.port);
}

}  // namespace

bool hosts_overlap(std::string_view a, std::string_view b) {
    Address left = address_of(a);
    Address right = address_of(b);
    bool left4 = left.any4 || left.four;
    bool left6 = left.any6 || left.six;
    bool right4 = right.any4 || right.four;
    bool right6 = right.any6 || right.six;
    if ((left.any4 && right4) || (right.any4 && left4)) return true;
    if ((left.any6 && right6) || (right.any6 && left6)) return true;
    if (left.four && right.four && left.four->s_addr == right.four->s_addr) return true;
    return left.six && right.six && std::memcmp(&*left.six, &*right.six, sizeof(in6_addr)) == 0;
}

void find_listener_conflicts(Loaded& loaded) {
    std::map<std::uint16_t, std::vector<Listener>> by_port;
    for (Listener& late : listeners_of(loaded)) {
        std::vector<Listener>& earlier = by_port[late.port];
        auto same = std::find_if(earlier.begin(), earlier.end(), [&](const Listener& early) {
            return hosts_overlap(early.host, late.host);
        });
        if (same != earlier.end()) {
            // The other place helps only when it is another one: a flag holds for every stream.
            std::string there =
                same->place.text() == late.place.text() ? "" : " (" + same->place.text() + ")";
            std::string way_out = same->http && late.http
                                      ? "; choose another port or enable the router"
                                      : "; choose another port";
            loaded.problems.push_back(
                {late.place, fmt::format("{} would listen on {}, where {} listens{}{}", late.what,
                                         shown(late), same->what, there, way_out)});
            continue;
        }
        earlier.push_back(std::move(late));
    }
}

}  // namespace logwisp
