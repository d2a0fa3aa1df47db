// The status pages, as JSON. Reads counters of all cores; any core's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logwisp/sandbox.hpp"
#include "serve/stream_info.hpp"

namespace logwisp {

// A socket of the service manager, and what it is used for.
struct PassedUse {
    std::string name;
    std::string host;
    std::uint16_t port = 0;
    std::string serves;  // a site's name; empty: nobody answers there
};

struct StatusFacts {
    std::uint64_t now_ms = 0;  // monotonic
    std::string_view backend;
    std::size_t cores = 1;
    bool router = false;
    std::uint16_t router_port = 0;
    std::uint64_t accept_failures = 0;      // of all ports
    std::uint64_t refused_connections = 0;  // the same
    SandboxFacts sandbox;
    std::span<const PassedUse> passed_sockets;
};

// Which files are asked about: all, or those of a path or of an inode (either will do).
struct StatusQuestion {
    std::string path;  // empty: none in particular
    std::optional<std::uint64_t> inode;
};
// ?path=/var/log/app.log&inode=123; absent when `inode` is no number.
std::optional<StatusQuestion> status_question(std::string_view query);

// What a stream's home core says of files.
struct WatchersJson {
    std::string rows = "[]";
    std::uint64_t not_shown = 0;
};

// One stream.
std::string stream_status(const StreamInfo& stream, const StatusFacts& facts,
                          const WatchersJson& watchers);
// All streams, with totals.
std::string all_status(const std::vector<std::shared_ptr<StreamInfo>>& streams,
                       const StatusFacts& facts);

}  // namespace logwisp
