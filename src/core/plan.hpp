// What all cores are to do: the streams and the ports, made by the control thread from a
// configuration and given to every core as a constant. A reload makes a new plan; streams and ports
// that did not change are the same objects in both.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "core/state_directory.hpp"
#include "logwisp/config.hpp"
#include "net/passed_sockets.hpp"
#include "serve/site.hpp"
#include "serve/status.hpp"

namespace logwisp {

struct PlannedListener {
    std::string key;  // "127.0.0.1 9090": what makes it the same port as before
    std::shared_ptr<Site> site;
    // Open in this plan: one per core, or with an acceptor one. Empty: the cores listen there
    // already.
    std::vector<int> sockets;
    // The service manager's socket, of which there is one: this core accepts for all.
    std::optional<std::uint32_t> acceptor{};
};

// When a plan is made, by the two clocks.
struct Moment {
    std::int64_t wall_us = 0;
    std::uint64_t monotonic_ms = 0;
};

// Where a new stream is followed.
struct Home {
    std::size_t core = 0;
    std::string file_systems;  // see StreamInfo
};

// The cores that serve, and where a new stream is followed. Unset: on one of them, in turn.
struct PlannedCores {
    std::size_t serving = 1;
    std::function<Result<Home>(const StreamConfig& config, std::uint32_t id)> home_of{};
};

struct Plan {
    std::vector<std::shared_ptr<StreamInfo>> streams;
    std::vector<PlannedListener> listeners;
    bool router = false;
    std::uint16_t router_port = 0;
    std::vector<PassedUse> passed_sockets;
    // Cores that have applied it: with all of them a connection may be handed to any.
    mutable std::atomic<std::size_t> applied{0};
};

// Opens every port that `previous` (may be null) does not have yet, and the ledger of every stream
// that is new. On failure nothing stays open. `state`: where ledgers are; nullptr: none are kept.
// `passed`: used instead of opening a port; each stays open for the plans to come.
Result<std::shared_ptr<const Plan>> make_plan(const Config& config, const Plan* previous,
                                              const std::shared_ptr<StateDirectory>& state,
                                              const PlannedCores& cores, const Moment& now,
                                              const PassedSockets* passed = nullptr);

}  // namespace logwisp
