// What the user asked for, after flags, environment, file and defaults were put together and validated: plain values, no I/O.
// Made by app/, read by core/. Every default here is the one of logwisp.toml(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logwisp {

enum class StartAt : std::uint8_t { end, beginning };
// Which symbolic links may lead to what is read. What each means: logwisp.toml(5).
enum class FollowSymlinks : std::uint8_t { owned, all, none };

// `path[/pattern]`: a file, a directory or a glob of either.
struct Target {
    std::string path;
    std::string pattern = "*.log";  // fnmatch(3) on the base name, for directories
    std::optional<bool> is_file;    // absent: found out when the path exists
    bool recursive = false;
    // fnmatch(3) on the base name or, with a '/', on the path below `path`
    std::vector<std::string> exclude;
    StartAt from = StartAt::end;  // for files that exist when the stream first starts
    friend bool operator==(const Target&, const Target&) = default;
};

struct MonitorConfig {
    std::vector<Target> targets;
    std::uint32_t check_interval_ms = 100;
    std::uint32_t line_bytes_max = 1024 * 1024;  // key max_line_bytes
    std::uint32_t flush_partial_ms = 0;          // 0: a line without LF is held
    std::uint32_t drain_idle_ms = 5000;
    FollowSymlinks follow_symlinks = FollowSymlinks::owned;
    friend bool operator==(const MonitorConfig&, const MonitorConfig&) = default;
};

enum class HeartbeatFormat : std::uint8_t { comment, json };

struct HeartbeatConfig {
    bool enabled = true;
    std::uint32_t interval_seconds = 30;
    HeartbeatFormat format = HeartbeatFormat::comment;  // TCP always sends JSON
    bool include_timestamp = true;
    bool include_stats = false;
    friend bool operator==(const HeartbeatConfig&, const HeartbeatConfig&) = default;
};

struct ServerConfig {
    bool enabled = false;
    std::string host = "127.0.0.1";       // an IPv4 or IPv6 address, "localhost", "" or "*" for all
    std::uint16_t port = 0;               // 8080 for HTTP, 9090 for TCP
    std::uint32_t buffer_entries = 1000;  // key buffer_size
    std::uint32_t clients_max = 10'000;   // key max_clients
    HeartbeatConfig heartbeat;
    friend bool operator==(const ServerConfig&, const ServerConfig&) = default;
};

struct HttpConfig : ServerConfig {
    std::string stream_path = "/stream";
    std::string status_path = "/status";
    std::string entries_path = "/entries";
    std::string metrics_path = "/metrics";  // empty: not served
    std::vector<std::string> cors_origins;  // exact origins, or "*"
    friend bool operator==(const HttpConfig&, const HttpConfig&) = default;
};

struct StreamConfig {
    std::string name;
    MonitorConfig monitor;
    HttpConfig http;
    ServerConfig tcp;
    friend bool operator==(const StreamConfig&, const StreamConfig&) = default;
};

struct RouterConfig {
    bool enabled = false;
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  // after validation: never 0 when enabled
    friend bool operator==(const RouterConfig&, const RouterConfig&) = default;
};

// When what is written to the state directory is forced to the disk. What each promises:
// logwisp.toml(5).
enum class StateSync : std::uint8_t { none, interval, batch };

// Where streams keep their positions and ids, so that they go on after a restart.
struct StateConfig {
    bool enabled = false;
    // Empty: nobody named one and there is no usual place (no HOME). Made when it is not there.
    std::string directory;
    StateSync sync = StateSync::interval;
    std::uint32_t sync_interval_ms = 1000;
    std::uint64_t bytes_max = 64 * 1024 * 1024;  // per stream, key max_bytes
    std::uint32_t age_hours_max = 0;             // key max_age_hours; 0: no limit
    friend bool operator==(const StateConfig&, const StateConfig&) = default;
};

// `log`: what is refused is also told to the kernel's audit log.
enum class SystemCallFilter : std::uint8_t { off, on, log };

// What the process may do once it runs; beyond that it gives up whatever it can.
struct SecurityConfig {
    bool landlock = true;
    // Directories that a reload may add targets in, beside those named at the start.
    std::vector<std::string> readable = {"/var/log"};
    SystemCallFilter seccomp = SystemCallFilter::on;
    bool core_dumps = false;
    friend bool operator==(const SecurityConfig&, const SecurityConfig&) = default;
};

enum class BackendName : std::uint8_t { automatic, io_uring, epoll };
enum class DiagnosticLevel : std::uint8_t { debug, info, warn, error };
enum class DiagnosticFormat : std::uint8_t { text, json };

struct Config {
    std::vector<StreamConfig> streams;
    RouterConfig router;
    StateConfig state;
    SecurityConfig security;
    std::uint32_t cores = 0;  // 0: all this process may use
    BackendName backend = BackendName::automatic;
    std::uint32_t shutdown_timeout_ms = 2000;
    std::optional<std::uint32_t> stats_interval_seconds;  // absent: 30 on a terminal, else 0
    DiagnosticLevel log_level = DiagnosticLevel::info;
    DiagnosticFormat log_format = DiagnosticFormat::text;
    std::string file;  // where it was read from; empty: defaults
    friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace logwisp
