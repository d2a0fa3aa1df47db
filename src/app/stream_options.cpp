// The keys of a stream.
#include <fmt/format.h>

#include "app/field.hpp"
#include "app/rules.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {
namespace {

constexpr std::string_view path_expectation =
    R"(a path of at most 256 characters that starts with "/", has no "." or ".." in it as a part of )"
    R"(its own, and holds only letters, digits and -._~!$&'()*+,;=:@/)";
constexpr std::string_view metrics_path_expectation =
    R"("" or a path of at most 256 characters that starts with "/", has no "." or ".." in it as a part )"
    R"(of its own, and holds only letters, digits and -._~!$&'()*+,;=:@/)";
constexpr std::int64_t clients_ceiling = 1'000'000;

// The keys both servers of a stream have. `Server` gives the one meant.
template <class Server>
void add_server(std::vector<OptionOf<StreamConfig>>& out, bool http, Server) {
    auto key = [&](const char* leaf) {
        return fmt::format("{}.{}", http ? "httpserver" : "tcpserver", leaf);
    };
    auto flag = [&](std::string_view for_http, std::string_view for_tcp) {
        return http ? for_http : for_tcp;
    };
    auto add = [&](Option option, auto access) {
        out.push_back(at<StreamConfig>(std::move(option), access));
    };
    add(
        {.key = key("enabled"),
         .help = http ? "Serve this stream over HTTP (server-sent events)"
                      : "Serve this stream over raw TCP (one JSON object per line)",
         .flag = flag("--enable-http", "--enable-tcp"),
         .default_note = http ? "false; true for the implicit stream" : ""},
        [](auto& s) -> auto& { return Server{}(s).enabled; });
    add(
        {.key = key("host"),
         .help = "The address to listen on",
         .expects = host_expectation,
         .accepts = is_host,
         .flag = "--host"},
        [](auto& s) -> auto& { return Server{}(s).host; });
    add(
        {.key = key("port"),
         .least = 1,
         .most = port_max,
         .help = "The port to listen on",
         .flag = flag("--http-port", "--tcp-port")},
        [](auto& s) -> auto& { return Server{}(s).port; });
    add(
        {.key = key("buffer_size"),
         .least = buffer_entries_floor,
         .most = buffer_entries_ceiling,
         .help = "How many entries a reader may fall behind before it skips",
         .flag = flag("--http-buffer-size", "--tcp-buffer-size")},
        [](auto& s) -> auto& { return Server{}(s).buffer_entries; });
    add(
        {.key = key("max_clients"),
         .least = 1,
         .most = clients_ceiling,
         .help = "How many readers may be connected at once"},
        [](auto& s) -> auto& { return Server{}(s).clients_max; });
    if (http) {
        add(
            {.key = "httpserver.stream_path",
             .help = "Where the stream is served",
             .expects = path_expectation,
             .accepts = is_url_path},
            [](auto& s) -> auto& { return s.http.stream_path; });
        add(
            {.key = "httpserver.status_path",
             .help = "Where the status is served",
             .expects = path_expectation,
             .accepts = is_url_path},
            [](auto& s) -> auto& { return s.http.status_path; });
        add(
            {.key = "httpserver.entries_path",
             .help = "Where past entries are fetched",
             .expects = path_expectation,
             .accepts = is_url_path},
            [](auto& s) -> auto& { return s.http.entries_path; });
        add(
            {.key = "httpserver.metrics_path",
             .help = "Where the metrics of the whole service are served; \"\" is nowhere",
             .expects = metrics_path_expectation,
             .accepts = [](std::string_view text) { return text.empty() || is_url_path(text); }},
            [](auto& s) -> auto& { return s.http.metrics_path; });
        add(
            {.key = "httpserver.cors_origins",
             .help = "Web origins whose pages may read the stream",
             .expects = R"(a list of origins such as "https://logs.example", or ["*"] for all)",
             .accepts = is_origin},
            [](auto& s) -> auto& { return s.http.cors_origins; });
    }
    add(
        {.key = key("heartbeat.enabled"), .help = "Send a sign of life to readers"},
        [](auto& s) -> auto& { return Server{}(s).heartbeat.enabled; });
    add(
        {.key = key("heartbeat.interval_seconds"),
         .least = 1,
         .most = day_seconds,
         .help = "Seconds between two heartbeats"},
        [](auto& s) -> auto& { return Server{}(s).heartbeat.interval_seconds; });
    add(
        {.key = key("heartbeat.format"),
         .help = http ? "A comment that readers ignore, or a JSON event they see"
                      : "Accepted and without effect: TCP heartbeats are always JSON"},
        [](auto& s) -> auto& { return Server{}(s).heartbeat.format; });
    add(
        {.key = key("heartbeat.include_timestamp"), .help = "Put the time into the heartbeat"},
        [](auto& s) -> auto& { return Server{}(s).heartbeat.include_timestamp; });
    add(
        {.key = key("heartbeat.include_stats"),
         .help = "Put the number of readers and the uptime into the heartbeat"},
        [](auto& s) -> auto& { return Server{}(s).heartbeat.include_stats; });
}

std::vector<OptionOf<StreamConfig>> make_stream_options() {
    std::vector<OptionOf<StreamConfig>> out;
    auto add = [&](Option option, auto access) {
        out.push_back(at<StreamConfig>(std::move(option), access));
    };
    add(
        {.key = "name",
         .help = "The stream's name, unique",
         .expects =
             "1 to 64 letters, digits, dots, underscores or hyphens (and not \".\" or \"..\")",
         .accepts = is_stream_name,
         .default_note = "none (required)",
         .named_only = true},
        [](auto& s) -> auto& { return s.name; });
    out.push_back({Option{.key = "monitor.targets",
                          .kind = Kind::targets,
                          .help = "What to follow: a list of { path, pattern, ... }",
                          .default_note = "none (required); *.log in ./ for the implicit stream"}});
    add(
        {.key = "monitor.check_interval_ms",
         .least = 10,
         .most = 60'000,
         .help = "Milliseconds between two checks where the kernel gives no events",
         .flag = "--check-interval"},
        [](auto& s) -> auto& { return s.monitor.check_interval_ms; });
    add(
        {.key = "monitor.max_line_bytes",
         .least = line_bytes_floor,
         .most = line_bytes_ceiling,
         .help = "A longer line is cut and marked as truncated"},
        [](auto& s) -> auto& { return s.monitor.line_bytes_max; });
    add(
        {.key = "monitor.flush_partial_ms",
         .least = 0,
         .most = day_ms,
         .help = "Publish a line without its newline after this long; 0 is never"},
        [](auto& s) -> auto& { return s.monitor.flush_partial_ms; });
    add(
        {.key = "monitor.drain_idle_ms",
         .least = 0,
         .most = day_ms,
         .help = "How long a rotated file must be idle before it is let go"},
        [](auto& s) -> auto& { return s.monitor.drain_idle_ms; });
    add(
        {.key = "monitor.follow_symlinks",
         .help = "Symbolic links that are followed: those of trusted users, all, or none"},
        [](auto& s) -> auto& { return s.monitor.follow_symlinks; });
    add_server(
        out, true, [](auto& s) -> auto& { return s.http; });
    add_server(
        out, false, [](auto& s) -> auto& { return s.tcp; });
    return out;
}

}  // namespace

const std::vector<OptionOf<StreamConfig>>& stream_options() {
    static const auto options = make_stream_options();
    return options;
}

}  // namespace logwisp
