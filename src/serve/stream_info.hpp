// What the whole process knows of one stream: its configuration, when it began, and counters. One
// object for all cores, made by the control thread, kept alive by whoever still serves it.
// Everything but the counters is constant.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/counters.hpp"
#include "logwisp/config.hpp"

namespace logwisp {

// Written by the core whose index it stands under.
struct alignas(64) CoreStreamCounters {
    Counter dropped_entries;  // skipped by readers that were overrun, each reader counted
    Counter sent_bytes;
};

// Written by the home core once per turn in which something changed.
struct MonitorCounters {
    Counter watchers;
    Counter entries;
    Counter bytes;
    Counter rotations;
    Counter lost_bytes;
    Counter unknown_losses;
    Counter skipped_nul_bytes;
    Counter truncated_lines;
    Counter read_errors;
    Counter
        unposted_entries;   // lost by the ring before a slow core had room; its readers were told
    Counter next_sequence;  // the next entry's on the home core: how far behind is a replica?
    std::atomic<bool> ready{false};
};

struct StreamInfo {
    StreamInfo(StreamConfig stream_config, std::size_t cores, std::size_t home)
        : config(std::move(stream_config)), home_core(home), per_core(cores) {}

    std::uint32_t id = 0;  // unique in this process, also across reloads
    // The stream of the same name whose place this one takes at a reload: it goes on with that one's
    // ids, positions and history. 0: none.
    std::uint32_t before_id = 0;
    const StreamConfig config;
    const std::size_t home_core;
    std::string epoch;             // see StreamOptions
    std::uint64_t started_ms = 0;  // monotonic, as Reactor::now_ms()
    std::vector<CoreStreamCounters> per_core;
    MonitorCounters monitor;

    // Readers connected now, over all cores: compared with max_clients when one comes.
    std::atomic<std::uint32_t> http_readers{0};
    std::atomic<std::uint32_t> tcp_readers{0};

    [[nodiscard]] std::uint64_t uptime_seconds(std::uint64_t now_ms) const {
        // A core's time is taken once per turn, which may be before the stream began.
        return now_ms > started_ms ? (now_ms - started_ms) / 1000 : 0;
    }
    [[nodiscard]] std::uint64_t dropped_entries() const {
        std::uint64_t sum = 0;
        for (const CoreStreamCounters& core : per_core) sum += core.dropped_entries.get();
        return sum;
    }
    [[nodiscard]] std::uint64_t sent_bytes() const {
        std::uint64_t sum = 0;
        for (const CoreStreamCounters& core : per_core) sum += core.sent_bytes.get();
        return sum;
    }
};

}  // namespace logwisp
