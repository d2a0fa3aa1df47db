#include "core/console.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <limits.h>
#include <algorithm>
#include <ctime>

namespace logwisp {

namespace {

std::string authority(const std::string& host, std::uint16_t port) {
    const std::string shown = host.empty() || host == "*"           ? "0.0.0.0"
                              : host.find(':') != std::string::npos ? "[" + host + "]"
                                                                    : host;
    return fmt::format("{}:{}", shown, port);
}

}  // namespace

std::string console_streams(const Plan& plan, const Config& config) {
    std::string out;
    for (const auto& stream : plan.streams) {
        const StreamConfig& wanted = stream->config;
        out += wanted.name + ":";
        if (wanted.http.enabled) {
            const std::string base =
                plan.router ? "http://" + authority(config.router.host, plan.router_port) + "/" +
                                  wanted.name
                            : "http://" + authority(wanted.http.host, wanted.http.port);
            out += fmt::format(" {}{}  status {}{}", base, wanted.http.stream_path, base,
                               wanted.http.status_path);
        }
        if (wanted.tcp.enabled)
            out += fmt::format("{} tcp {}", wanted.http.enabled ? " " : "",
                               authority(wanted.tcp.host, wanted.tcp.port));
        out += "\n";
    }
    if (plan.router)
        out += fmt::format("all streams: http://{}/status\n",
                           authority(config.router.host, plan.router_port));
    return out;
}

std::string console_statistics(const Plan& plan) {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    std::string out = fmt::format("[{:02}:{:02}:{:02}] Active streams: {}\n", local.tm_hour,
                                  local.tm_min, local.tm_sec, plan.streams.size());
    for (const auto& stream : plan.streams)
        out += fmt::format("  {}: watchers={} entries={} tcp_conns={} http_conns={}\n",
                           stream->config.name, stream->monitor.watchers.get(),
                           stream->monitor.entries.get(),
                           stream->tcp_readers.load(std::memory_order_relaxed),
                           stream->http_readers.load(std::memory_order_relaxed));
    return out;
}

void console_print(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        // A pipe that is writable takes PIPE_BUF bytes without waiting.
        pollfd out{STDOUT_FILENO, POLLOUT, 0};
        if (::poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0) return;
        const std::size_t piece = std::min<std::size_t>(text.size() - done, PIPE_BUF);
        const ssize_t written = ::write(STDOUT_FILENO, text.data() + done, piece);
        if (written <= 0) return;
        done += static_cast<std::size_t>(written);
    }
}

}  // namespace logwisp
