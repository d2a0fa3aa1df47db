#include "program.hpp"

#include <algorithm>
#include <numeric>

#include "borrowed_files.hpp"
#include "core/ledger_file.hpp"
#include "violation.hpp"

namespace logwisp::sim {

namespace {
// What a round costs when nothing is waited for.
constexpr std::uint64_t round_ns = 2000;
// A program that turns this often without sending a byte and without waiting for anything is
// spinning.
constexpr std::uint64_t idle_rounds_max = 5000;
// Two cores are told to stop at most this far from each other.
constexpr std::uint64_t stop_apart_ns_max = 2'000'000;
// The clock is moved at most this far at once.
constexpr std::uint64_t quiet_ns_max = 1'000'000'000;
}  // namespace

Program::Program(World& world, SimFileSystem& files, Network& network, std::size_t cores,
                 const StreamConfig& config, std::shared_ptr<LedgerFile> ledger)
    : world_(world),
      core_count_(cores),
      info_(std::make_shared<StreamInfo>(config, cores, world.random.below(cores))),
      fabric_(cores),
      paused_until_ns_(cores, 0) {
    info_->id = 1;
    info_->epoch = stream_epoch;
    info_->started_ms = world.now_ns() / 1'000'000;
    if (ledger != nullptr) keep(std::move(ledger));

    const auto plan = std::make_shared<Plan>();
    plan->streams.push_back(info_);
    plan->listeners.push_back({"tcp", make_tcp_site(info_, false), {}});
    plan->listeners.push_back({"http", make_http_site(info_), {}});
    for (std::size_t index = 0; index < cores; ++index) {
        plan->listeners[0].sockets.push_back(network.listen(tcp_port));
        plan->listeners[1].sockets.push_back(network.listen(http_port));
    }
    for (std::size_t index = 0; index < cores; ++index) {
        auto backend = std::make_unique<SimBackend>(world, SimBackend::ClockBy::driver);
        backend->start_on_this_thread();
        backends_.push_back(backend.get());
        CoreParts parts;
        parts.index = static_cast<std::uint32_t>(index);
        parts.backend = std::move(backend);
        parts.files = std::make_unique<BorrowedFiles>(files);
        parts.random_seed = world.random.next();
        cores_.push_back(std::make_unique<Core>(std::move(parts), fabric_));
    }
    apply(plan);
}

void Program::keep(std::shared_ptr<LedgerFile> ledger) {
    info_->epochs = ledger->epochs();
    info_->epoch = info_->epochs.back().text;
    info_->first_sequence = ledger->next_sequence();
    info_->past = {ledger->path(), info_->config.monitor.line_bytes_max};
    info_->monitor.next_sequence.set(info_->first_sequence);
    info_->ledger = std::move(ledger);
}

void Program::apply(std::shared_ptr<const Plan> plan) {
    plan_ = std::move(plan);
    for (std::size_t index = 0; index < core_count_; ++index)
        fabric_.post_from_control(index, [plan = plan_](Core& core) { core.apply(plan); });
}

void Program::reload(const StreamConfig& config) {
    auto changed = std::make_shared<StreamInfo>(config, core_count_, info_->home_core);
    changed->id = info_->id + 1;
    changed->before_id = info_->id;
    changed->epoch = info_->epoch;
    changed->started_ms = info_->started_ms;
    info_ = std::move(changed);
    const auto plan = std::make_shared<Plan>();
    plan->streams.push_back(info_);
    plan->listeners.push_back({"tcp", make_tcp_site(info_, false), {}});
    plan->listeners.push_back({"http", make_http_site(info_), {}});
    for (std::size_t at = 0; at < plan->listeners.size(); ++at)
        plan->listeners[at].site->counters = plan_->listeners[at].site->counters;
    apply(plan);
}

Program::~Program() = default;

std::uint64_t Program::sent_bytes() const {
    std::uint64_t sum = 0;
    for (const SimBackend* backend : backends_) sum += backend->counters().sent_bytes;
    return sum;
}

bool Program::runs(std::size_t index) {
    std::uint64_t& until = paused_until_ns_[index];
    if (until > world_.now_ns()) return false;
    if (world_.random.chance(world_.faults.pause))
        until = world_.now_ns() + world_.random.below(world_.faults.pause_ns_max);
    return until <= world_.now_ns();
}

void Program::round() {
    std::vector<std::size_t> order(core_count_);
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (core_count_ > 1 && world_.random.chance(500)) std::reverse(order.begin(), order.end());
    for (const std::size_t index : order)
        if (runs(index)) cores_[index]->reactor().run_turn(-1);
    ++rounds_;
    ++rounds_without_progress_;

    std::uint64_t next = world_.next_event_ns().value_or(world_.now_ns() + quiet_ns_max);
    for (std::size_t index = 0; index < core_count_; ++index)
        next =
            std::min(next, std::max(backends_[index]->sleeps_until_ns(), paused_until_ns_[index]));
    const std::uint64_t soon = world_.now_ns() + round_ns;
    if (next > soon || sent_bytes() != sent_bytes_) rounds_without_progress_ = 0;
    sent_bytes_ = sent_bytes();
    if (rounds_without_progress_ > idle_rounds_max)
        violation("spinning: {} turns without waiting and without sending", idle_rounds_max);
    world_.advance_to(std::max(next, soon));
    world_.run_due();
}

void Program::run_for(std::uint64_t duration_ns) {
    const std::uint64_t end = world_.now_ns() + duration_ns;
    while (world_.now_ns() < end) round();
}

bool Program::run_until(const std::function<bool()>& so, std::uint64_t duration_ns) {
    const std::uint64_t end = world_.now_ns() + duration_ns;
    while (world_.now_ns() < end && !so()) round();
    return so();
}

void Program::stop(std::uint64_t timeout_ms) {
    std::vector<std::size_t> order(core_count_);
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (world_.random.chance(500)) std::reverse(order.begin(), order.end());
    for (const std::size_t index : order) {
        fabric_.post_from_control(index, [timeout_ms](Core& core) { core.stop(timeout_ms); });
        // Whoever tells them is a thread like others: it may have to wait before it tells the next.
        if (core_count_ > 1 && world_.random.chance(300))
            run_for(world_.random.skewed(stop_apart_ns_max));
    }
}

bool Program::finished() const {
    return std::all_of(cores_.begin(), cores_.end(),
                       [](const auto& core) { return core->finished(); });
}

std::size_t Program::sessions() const {
    std::size_t sum = 0;
    for (const auto& core : cores_) sum += core->sessions();
    return sum;
}

}  // namespace logwisp::sim
