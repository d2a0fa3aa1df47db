#include "app/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "app/listeners.hpp"

namespace logwisp {
namespace {

// Answered by every HTTP listener whatever is configured; the router answers /status and /metrics too.
constexpr std::array service_paths{"/healthz", "/readyz"};
constexpr std::array router_names{"status", "metrics", "healthz", "readyz"};

class Validation {
  public:
    explicit Validation(Loaded& loaded) : loaded_(loaded), config_(loaded.config) {}

    void run() {
        std::map<std::string, std::size_t> names;
        for (std::size_t i = 0; i < config_.streams.size(); ++i) {
            name(i, names);
            targets(i);
            servers(i);
            paths(i);
        }
        if (config_.router.enabled) router();
        find_listener_conflicts(loaded_);
    }

  private:
    [[nodiscard]] const StreamConfig& stream(std::size_t i) const { return config_.streams[i]; }

    [[nodiscard]] Place place(std::size_t i, std::string_view key) const {
        auto found = loaded_.origins.places.find(stream_key(i, key));
        return found != loaded_.origins.places.end() ? found->second : loaded_.stream_places[i];
    }
    [[nodiscard]] bool refused(std::size_t i, std::string_view key) const {
        return loaded_.origins.is_refused(stream_key(i, key));
    }
    [[nodiscard]] bool is_implicit(std::size_t i) const {
        return loaded_.stream_places[i].source == Place::Source::builtin;
    }
    void report(const Place& place, std::string message) {
        loaded_.problems.push_back({place, std::move(message)});
    }

    void name(std::size_t i, std::map<std::string, std::size_t>& names) {
        if (stream(i).name.empty()) return;
        auto [first, is_new] = names.try_emplace(stream(i).name, i);
        if (!is_new)
            report(place(i, "name"),
                   fmt::format("the name {} is taken by the stream at {}",
                               in_quotes(stream(i).name), place(first->second, "name").text()));
    }

    void targets(std::size_t i) {
        if (!stream(i).monitor.targets.empty() || refused(i, "monitor.targets")) return;
        report(place(i, "monitor.targets"),
               fmt::format("{} has no targets; add targets = [{{ path = \"...\" }}] to {}",
                           called(i), is_implicit(i) ? "[monitor]" : "[streams.monitor]"));
    }

    void servers(std::size_t i) {
        if (stream(i).http.enabled || stream(i).tcp.enabled) return;
        if (refused(i, "httpserver.enabled") || refused(i, "tcpserver.enabled")) return;
        bool http_said = loaded_.origins.places.count(stream_key(i, "httpserver.enabled")) > 0;
        report(place(i, http_said ? "httpserver.enabled" : "tcpserver.enabled"),
               fmt::format("{} serves nobody; set enabled = true in its httpserver or tcpserver",
                           called(i)));
    }

    struct Path {
        std::string_view key;
        const std::string& text;
    };

    void same_path(std::size_t i, const Path& one, const Path& other) {
        const bool other_said = loaded_.origins.places.count(stream_key(i, other.key)) > 0;
        const auto short_name = [](const Path& path) {
            return path.key.substr(path.key.find('.') + 1);
        };
        report(place(i, other_said ? other.key : one.key),
               fmt::format("{} and {} of {} are both {}", short_name(one), short_name(other),
                           called(i), in_quotes(one.text)));
    }

    void paths(std::size_t i) {
        const HttpConfig& http = stream(i).http;
        constexpr std::string_view stream_path = "httpserver.stream_path";
        constexpr std::string_view status_path = "httpserver.status_path";
        constexpr std::string_view entries_path = "httpserver.entries_path";
        constexpr std::string_view metrics_path = "httpserver.metrics_path";
        const Path all[] = {{stream_path, http.stream_path},
                            {status_path, http.status_path},
                            {entries_path, http.entries_path},
                            {metrics_path, http.metrics_path}};
        if (!http.enabled) return;
        for (const Path& path : all)
            if (refused(i, path.key)) return;
        for (std::size_t later = 1; later < std::size(all); ++later)
            for (std::size_t earlier = 0; earlier < later; ++earlier)
                if (all[earlier].text == all[later].text) same_path(i, all[earlier], all[later]);
        if (config_.router.enabled) return;
        for (std::string_view taken : service_paths)
            for (const Path& path : all)
                if (path.text == taken)
                    report(place(i, path.key),
                           fmt::format("{} is LogWisp's own; choose another path", taken));
    }

    void router() {
        bool any = false;
        for (std::size_t i = 0; i < config_.streams.size(); ++i) {
            if (!stream(i).http.enabled) {
                any |= refused(i, "httpserver.enabled");
                continue;
            }
            any = true;
            for (std::string_view taken : router_names)
                if (stream(i).name == taken)
                    report(place(i, "name"), fmt::format("a stream called {} collides with the "
                                                         "router's /{}; choose another name",
                                                         in_quotes(stream(i).name), taken));
        }
        if (!any)
            report(loaded_.origins.of("router.enabled"),
                   "the router serves HTTP streams, and there is none");
    }

    [[nodiscard]] std::string called(std::size_t i) const {
        return stream(i).name.empty() ? "this stream" : "stream " + in_quotes(stream(i).name);
    }

    Loaded& loaded_;
    const Config& config_;
};

}  // namespace

void validate(Loaded& loaded) { Validation(loaded).run(); }

}  // namespace logwisp
