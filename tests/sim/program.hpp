// The real program - cores, streams, sessions, followers - on simulated kernels, files and ports.
// All cores take their turns in this one thread, in any order; when none has anything to do the
// clock moves to the next moment at which one has. One stream, TCP and HTTP.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/core.hpp"
#include "core/fabric.hpp"
#include "file_system.hpp"
#include "kernel.hpp"
#include "network.hpp"
#include "world.hpp"

namespace logwisp::sim {

inline constexpr std::uint16_t tcp_port = 9090;
inline constexpr std::uint16_t http_port = 8080;
inline constexpr const char* stream_epoch = "e1";

class Program {
  public:
    Program(World& world, SimFileSystem& files, Network& network, std::size_t cores,
            const StreamConfig& config, std::shared_ptr<LedgerFile> ledger = nullptr);
    ~Program();

    // Every core one turn, then the clock.
    void round();
    // Rounds until the virtual time has passed.
    void run_for(std::uint64_t duration_ns);
    // Rounds until it is so; false when it was not within the time.
    bool run_until(const std::function<bool()>& so, std::uint64_t duration_ns);

    // The stream gets another configuration, and with it other readers, but goes on where it stands.
    void reload(const StreamConfig& config);
    // The cores are told one after another; they run meanwhile.
    void stop(std::uint64_t timeout_ms);
    [[nodiscard]] bool finished() const;
    [[nodiscard]] std::size_t sessions() const;
    [[nodiscard]] const StreamInfo& info() const { return *info_; }
    [[nodiscard]] std::uint64_t rounds() const { return rounds_; }

  private:
    [[nodiscard]] std::uint64_t sent_bytes() const;
    // Whether the core's thread is being run.
    bool runs(std::size_t index);

    void keep(std::shared_ptr<LedgerFile> ledger);
    void apply(std::shared_ptr<const Plan> plan);

    World& world_;
    std::size_t core_count_;
    std::shared_ptr<StreamInfo> info_;
    std::shared_ptr<const Plan> plan_;
    Fabric fabric_;
    std::vector<SimBackend*> backends_;
    std::vector<std::unique_ptr<Core>> cores_;
    std::vector<std::uint64_t> paused_until_ns_;
    std::uint64_t rounds_ = 0;
    std::uint64_t rounds_without_progress_ = 0;
    std::uint64_t sent_bytes_ = 0;
};

}  // namespace logwisp::sim
