// The heartbeat of a view, worded once for all its readers: an SSE comment, an SSE message without
// an id, or a JSON line. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "logwisp/config.hpp"

namespace logwisp {

struct HeartbeatFacts {
    std::int64_t wall_us = 0;
    std::uint64_t clients = 0;
    std::uint64_t uptime_seconds = 0;
};

std::string sse_heartbeat(const HeartbeatConfig& config, const HeartbeatFacts& facts);
std::string tcp_heartbeat(const HeartbeatConfig& config, const HeartbeatFacts& facts);

}  // namespace logwisp
