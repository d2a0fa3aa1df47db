// The metrics page: the counters of all streams and of the service. Reads counters of all cores; any core's thread.
//
// Labels are names of streams, which the configuration bounds, and words of ours. Nothing that a client, a file or a line says becomes
// one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "serve/status.hpp"
#include "serve/stream_info.hpp"
#include "wire/metrics_text.hpp"

namespace logwisp {

struct MetricsFacts {
    StatusFacts status;
    bool ready = false;
    std::uint64_t started_ns = 0;  // since 1970
    std::uint64_t cpu_ns = 0;      // user and system, of the process
};

std::string metrics_page(const std::vector<std::shared_ptr<StreamInfo>>& streams,
                         const MetricsFacts& facts, MetricsFormat format);

}  // namespace logwisp
