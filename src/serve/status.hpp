// The status pages, as JSON. Reads counters of all cores; any core's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve/stream_info.hpp"

namespace logwisp {

struct StatusFacts {
    std::uint64_t now_ms = 0;  // monotonic
    std::string_view backend;
    std::size_t cores = 1;
    bool router = false;
    std::uint16_t router_port = 0;
    std::uint64_t accept_failures = 0;  // of all ports
};

// One stream. `watchers_json` is the array its home core made.
std::string stream_status(const StreamInfo& stream, const StatusFacts& facts,
                          std::string_view watchers_json);
// All streams, with totals.
std::string all_status(const std::vector<std::shared_ptr<StreamInfo>>& streams,
                       const StatusFacts& facts);

}  // namespace logwisp
