#include "serve/status.hpp"

#include <algorithm>
#include <charconv>

#include "base/clock.hpp"
#include "logwisp/version.hpp"
#include "wire/http.hpp"
#include "wire/json.hpp"

namespace logwisp {

namespace {

void write_service(JsonWriter& json) {
    json.key("service");
    json.string("LogWisp");
    json.key("version");
    json.string(version);
}

void write_server(JsonWriter& json, const StreamInfo& stream, const StatusFacts& facts) {
    const HttpConfig& http = stream.config.http;
    json.key("server");
    json.begin_object();
    json.key("type");
    json.string(facts.router ? "router" : "http");
    json.key("port");
    json.number(std::uint64_t{facts.router ? facts.router_port : http.port});
    json.key("active_clients");
    json.number(std::uint64_t{stream.http_readers.load(std::memory_order_relaxed)});
    json.key("buffer_size");
    json.number(std::uint64_t{http.buffer_entries});
    json.key("uptime_seconds");
    json.number(stream.uptime_seconds(facts.now_ms));
    json.end_object();
}

void write_monitor(JsonWriter& json, const StreamInfo& stream) {
    const MonitorCounters& monitor = stream.monitor;
    json.key("monitor");
    json.begin_object();
    const auto number = [&json](std::string_view name, const auto& counter) {
        json.key(name);
        json.number(counter.get());
    };
    number("active_watchers", monitor.watchers);
    number("total_entries", monitor.entries);
    json.key("dropped_entries");
    json.number(stream.dropped_entries());
    number("total_bytes", monitor.bytes);
    number("rotations", monitor.rotations);
    number("lost_bytes", monitor.lost_bytes);
    number("unknown_losses", monitor.unknown_losses);
    number("skipped_nul_bytes", monitor.skipped_nul_bytes);
    number("truncated_lines", monitor.truncated_lines);
    number("read_errors", monitor.read_errors);
    number("refused_links", monitor.refused_links);
    number("unposted_entries", monitor.unposted_entries);
    json.end_object();
}

// Where it may hang.
void write_file_system(JsonWriter& json, const StreamInfo& stream) {
    if (stream.file_systems.empty()) return;
    const std::int64_t since_us = stream.monitor.stalled_since_us.load(std::memory_order_relaxed);
    json.key("file_system");
    json.begin_object();
    json.key("mounts");
    json.string(stream.file_systems);
    json.key("answers");
    json.boolean(since_us == 0);
    if (since_us != 0) {
        json.key("silent_since");
        json.string(rfc3339_seconds(since_us));
    }
    json.end_object();
}

void write_heartbeat(JsonWriter& json, const HeartbeatConfig& heartbeat, bool tcp) {
    json.key("heartbeat");
    json.begin_object();
    json.key("enabled");
    json.boolean(heartbeat.enabled);
    json.key("interval_seconds");
    json.number(std::uint64_t{heartbeat.interval_seconds});
    json.key("format");
    json.string(tcp || heartbeat.format == HeartbeatFormat::json ? "json" : "comment");
    json.end_object();
}

void write_features(JsonWriter& json, const StreamConfig& config) {
    json.key("features");
    json.begin_object();
    write_heartbeat(json, config.http.heartbeat, false);
    json.key("tcp");
    json.begin_object();
    json.key("enabled");
    json.boolean(config.tcp.enabled);
    if (config.tcp.enabled) {
        json.key("port");
        json.number(std::uint64_t{config.tcp.port});
        json.key("buffer_size");
        json.number(std::uint64_t{config.tcp.buffer_entries});
        write_heartbeat(json, config.tcp.heartbeat, true);
    }
    json.end_object();
    json.end_object();
}

void write_endpoints(JsonWriter& json, const StreamInfo& stream, bool router) {
    const StreamConfig& config = stream.config;
    const std::string prefix = router ? "/" + config.name : std::string();
    json.key("endpoints");
    json.begin_object();
    json.key("stream");
    json.string(prefix + config.http.stream_path);
    json.key("status");
    json.string(prefix + config.http.status_path);
    if (stream.past.kept()) {
        json.key("entries");
        json.string(prefix + config.http.entries_path);
    }
    json.end_object();
}

void write_history(JsonWriter& json, const StreamInfo& stream) {
    json.key("history");
    json.begin_object();
    json.key("kept");
    json.boolean(stream.past.kept());
    json.key("sent_entries");
    json.number(stream.past_entries());
    switch (stream.monitor.recording.load(std::memory_order_relaxed)) {
        case Recording::works:
            break;
        case Recording::fails:
            json.key("error");
            json.string("the ledger cannot be written: tried again every second");
            break;
        case Recording::needs_restart:
            json.key("error");
            json.string("the state directory was removed and cannot be made again: restart");
            break;
    }
    json.end_object();
}

void write_clients(JsonWriter& json, const StreamInfo& stream) {
    json.key("clients");
    json.begin_object();
    json.key("http");
    json.number(std::uint64_t{stream.http_readers.load(std::memory_order_relaxed)});
    json.key("tcp");
    json.number(std::uint64_t{stream.tcp_readers.load(std::memory_order_relaxed)});
    json.key("dropped_total");
    json.number(stream.dropped_entries());
    json.key("sent_bytes");
    json.number(stream.sent_bytes());
    json.end_object();
}

void write_reactor(JsonWriter& json, const StatusFacts& facts) {
    json.key("reactor");
    json.begin_object();
    json.key("backend");
    json.string(facts.backend);
    json.key("cores");
    json.number(std::uint64_t{facts.cores});
    json.key("accept_failures");
    json.number(facts.accept_failures);
    json.end_object();
    json.key("passed_sockets");
    json.begin_array();
    for (const PassedUse& socket : facts.passed_sockets) {
        json.begin_object();
        json.key("name");
        json.string(socket.name);
        json.key("host");
        json.string(socket.host);
        json.key("port");
        json.number(std::uint64_t{socket.port});
        json.key("serves");
        socket.serves.empty() ? json.raw("null") : json.string(socket.serves);
        json.end_object();
    }
    json.end_array();
}

void write_sandbox(JsonWriter& json, const StatusFacts& facts) {
    const SandboxFacts& sandbox = facts.sandbox;
    json.key("sandbox");
    json.begin_object();
    json.key("landlock_abi");
    json.number(sandbox.landlock_abi);
    json.key("seccomp");
    json.boolean(sandbox.seccomp);
    json.key("no_new_privs");
    json.boolean(sandbox.no_new_privileges);
    json.key("capabilities");
    json.begin_array();
    for (const std::string& name : sandbox.capabilities) json.string(name);
    json.end_array();
    json.key("core_dumps");
    json.boolean(sandbox.core_dumps);
    json.key("ring_restricted");
    facts.backend == "io_uring" ? json.boolean(sandbox.ring_restricted) : json.null();
    json.end_object();
}

}  // namespace

std::optional<StatusQuestion> status_question(std::string_view query) {
    StatusQuestion question;
    question.path = query_value(query, "path").value_or("");
    if (const auto text = query_value(query, "inode")) {
        std::uint64_t inode = 0;
        const char* const end = text->data() + text->size();
        const auto read = std::from_chars(text->data(), end, inode);
        if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
        question.inode = inode;
    }
    return question;
}

std::string stream_status(const StreamInfo& stream, const StatusFacts& facts,
                          const WatchersJson& watchers) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_service(json);
    json.key("stream");
    json.string(stream.config.name);
    write_server(json, stream, facts);
    write_monitor(json, stream);
    write_file_system(json, stream);
    write_endpoints(json, stream, facts.router);
    write_features(json, stream.config);
    json.key("watchers");
    json.raw(watchers.rows);
    json.key("watchers_not_shown");
    json.number(watchers.not_shown);
    write_clients(json, stream);
    write_history(json, stream);
    write_reactor(json, facts);
    write_sandbox(json, facts);
    json.end_object();
    return out;
}

std::string all_status(const std::vector<std::shared_ptr<StreamInfo>>& streams,
                       const StatusFacts& facts) {
    std::uint64_t watchers = 0;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    std::uint64_t dropped = 0;
    std::uint64_t http = 0;
    std::uint64_t tcp = 0;
    std::uint64_t uptime = 0;
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_service(json);
    json.key("streams");
    json.begin_array();
    for (const auto& stream : streams) {
        json.begin_object();
        json.key("stream");
        json.string(stream->config.name);
        write_monitor(json, *stream);
        write_file_system(json, *stream);
        if (stream->config.http.enabled) write_endpoints(json, *stream, facts.router);
        write_features(json, stream->config);
        write_clients(json, *stream);
        write_history(json, *stream);
        json.end_object();
        watchers += stream->monitor.watchers.get();
        entries += stream->monitor.entries.get();
        bytes += stream->monitor.bytes.get();
        dropped += stream->dropped_entries();
        http += stream->http_readers.load(std::memory_order_relaxed);
        tcp += stream->tcp_readers.load(std::memory_order_relaxed);
        uptime = std::max(uptime, stream->uptime_seconds(facts.now_ms));
    }
    json.end_array();
    json.key("server");
    json.begin_object();
    json.key("type");
    json.string("router");
    json.key("port");
    json.number(std::uint64_t{facts.router_port});
    json.key("active_clients");
    json.number(http);
    json.key("uptime_seconds");
    json.number(uptime);
    json.end_object();
    json.key("totals");
    json.begin_object();
    const auto number = [&json](std::string_view name, std::uint64_t value) {
        json.key(name);
        json.number(value);
    };
    number("streams", streams.size());
    number("active_watchers", watchers);
    number("total_entries", entries);
    number("total_bytes", bytes);
    number("dropped_entries", dropped);
    number("http_clients", http);
    number("tcp_clients", tcp);
    json.end_object();
    write_reactor(json, facts);
    write_sandbox(json, facts);
    json.end_object();
    return out;
}

}  // namespace logwisp
