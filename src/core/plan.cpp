#include "core/plan.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "core/ledger_file.hpp"
#include "net/listener.hpp"

namespace logwisp {

namespace {

std::shared_ptr<StreamInfo> same_stream(const Plan* previous, const StreamConfig& config) {
    if (previous == nullptr) return nullptr;
    for (const auto& stream : previous->streams)
        if (stream->config == config) return stream;
    return nullptr;
}

const StreamInfo* same_name(const Plan* previous, const std::string& name) {
    if (previous == nullptr) return nullptr;
    for (const auto& stream : previous->streams)
        if (stream->config.name == name) return stream.get();
    return nullptr;
}

Result<Home> home_of(const StreamConfig& config, const StreamInfo* before, std::uint32_t id,
                     const PlannedCores& cores) {
    // What it goes on with is there.
    if (before != nullptr) return Home{before->home_core, before->file_systems};
    if (cores.home_of != nullptr) return cores.home_of(config, id);
    return Home{id % cores.serving, {}};
}

// `before`: the stream whose place it takes, or nullptr.
Result<std::shared_ptr<StreamInfo>> new_stream(const StreamConfig& config, const StreamInfo* before,
                                               const PlannedCores& cores, const Moment& now) {
    static std::atomic<std::uint32_t> ids{0};
    const std::uint32_t id = ids.fetch_add(1) + 1;
    const Result<Home> home = home_of(config, before, id, cores);
    if (!home) return tl::unexpected(home.error());
    auto stream = std::make_shared<StreamInfo>(config, cores.serving, home->core);
    stream->id = id;
    stream->file_systems = home->file_systems;
    stream->started_ms = now.monotonic_ms;
    if (before != nullptr) {
        stream->before_id = before->id;
        stream->epoch = before->epoch;
        stream->epochs = before->epochs;
        stream->first_sequence = before->first_sequence;
        stream->monitor.next_sequence.set(before->monitor.next_sequence.get());
        stream->past = before->past;
        stream->past.line_bytes_max = stream->config.monitor.line_bytes_max;
        stream->past.follow_symlinks = stream->config.monitor.follow_symlinks;
        return stream;
    }
    // Different for every start and every stream, so that an id of another stream or of an earlier
    // run is recognised as such.
    stream->epoch = fmt::format("{:x}", now.wall_us + id);
    return stream;
}

Result<void> open_ledger(StreamInfo& stream, const std::shared_ptr<StateDirectory>& state,
                         const StateConfig& config, const Moment& now) {
    auto opened = LedgerFile::open(state, stream.config.name, config, now.wall_us);
    if (!opened) return tl::unexpected(opened.error());
    stream.ledger = std::move(*opened);
    stream.epochs = stream.ledger->epochs();
    stream.epoch = stream.epochs.back().text;
    stream.first_sequence = stream.ledger->next_sequence();
    stream.past = {stream.ledger->path(), stream.config.monitor.line_bytes_max,
                   stream.config.monitor.follow_symlinks, stream.home_apart()};
    stream.monitor.next_sequence.set(stream.first_sequence);
    return {};
}

std::vector<std::shared_ptr<Site>> sites_of(const Config& config, const Plan& plan) {
    std::vector<std::shared_ptr<Site>> sites;
    if (config.router.enabled) sites.push_back(make_router_site(config.router, plan.streams));
    for (const auto& stream : plan.streams) {
        if (stream->config.http.enabled && !config.router.enabled)
            sites.push_back(make_http_site(stream));
        if (stream->config.tcp.enabled)
            sites.push_back(make_tcp_site(stream, config.router.enabled));
    }
    return sites;
}

// Not what is served there: a port that changes from HTTP to TCP keeps its sockets.
std::string key_of(const Site& site) {
    return fmt::format("{} {}", listening_host(site.host), site.port);
}

const PlannedListener* listener_with(const Plan* plan, const std::string& key) {
    if (plan == nullptr) return nullptr;
    for (const PlannedListener& listener : plan->listeners)
        if (listener.key == key) return &listener;
    return nullptr;
}

// The hosts on which `previous` listens at `port` and the sites to come do not.
std::vector<std::string> leaving_hosts(const Plan* previous, std::uint16_t port,
                                       const std::vector<std::shared_ptr<Site>>& sites) {
    std::vector<std::string> hosts;
    if (previous == nullptr) return hosts;
    for (const PlannedListener& listener : previous->listeners) {
        const bool stays = std::any_of(sites.begin(), sites.end(), [&](const auto& site) {
            return key_of(*site) == listener.key;
        });
        if (!stays && listener.site->port == port) hosts.push_back(listener.site->host);
    }
    return hosts;
}

// A descriptor of it for the core that accepts: closing that leaves the port to the service manager.
Result<std::vector<int>> use_passed(const PassedSocket& socket) {
    const int copy = ::fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return failure(errno, "dup", "socket " + socket.text());
    return std::vector<int>{copy};
}

std::vector<PassedUse> uses_of(const PassedSockets& passed, const Plan& plan) {
    std::vector<PassedUse> uses;
    for (const PassedSocket& socket : passed.all()) {
        PassedUse use{socket.name, socket.host, socket.port, {}};
        for (const PlannedListener& listener : plan.listeners)
            if (passed.at(listener.site->host, listener.site->port) == &socket)
                use.serves = listener.site->name;
        uses.push_back(std::move(use));
    }
    return uses;
}

void close_sockets(const Plan& plan) {
    for (const PlannedListener& listener : plan.listeners)
        for (const int socket : listener.sockets) ::close(socket);
}

}  // namespace

Result<std::shared_ptr<const Plan>> make_plan(const Config& config, const Plan* previous,
                                              const std::shared_ptr<StateDirectory>& state,
                                              const PlannedCores& cores, const Moment& now,
                                              const PassedSockets* passed) {
    auto plan = std::make_shared<Plan>();
    plan->router = config.router.enabled;
    plan->router_port = config.router.port;
    std::vector<StreamInfo*> begun;
    for (const StreamConfig& stream : config.streams) {
        auto kept = same_stream(previous, stream);
        if (kept == nullptr) {
            const StreamInfo* const before = same_name(previous, stream.name);
            auto made = new_stream(stream, before, cores, now);
            if (!made) {
                close_sockets(*plan);
                return tl::unexpected(made.error());
            }
            kept = std::move(*made);
            if (before == nullptr && state != nullptr) begun.push_back(kept.get());
        }
        plan->streams.push_back(std::move(kept));
    }
    const std::vector<std::shared_ptr<Site>> sites = sites_of(config, *plan);
    for (const auto& site : sites) {
        PlannedListener listener{key_of(*site), site, {}};
        const PassedSocket* const held =
            passed == nullptr ? nullptr : passed->at(site->host, site->port);
        if (const PlannedListener* same = listener_with(previous, listener.key); same != nullptr) {
            site->counters = same->site->counters;
            listener.acceptor = same->acceptor;
        } else {
            if (held != nullptr)
                listener.acceptor =
                    static_cast<std::uint32_t>(plan->listeners.size() % cores.serving);
            Result<std::vector<int>> sockets =
                held != nullptr ? use_passed(*held)
                                : open_listeners(site->host, site->port, cores.serving,
                                                 leaving_hosts(previous, site->port, sites));
            if (!sockets) {
                close_sockets(*plan);
                Error error = sockets.error();
                error.subject.insert(0, "cannot listen on ");
                return tl::unexpected(std::move(error));
            }
            listener.sockets = std::move(*sockets);
        }
        plan->listeners.push_back(std::move(listener));
    }
    if (passed != nullptr) plan->passed_sockets = uses_of(*passed, *plan);
    // Last, for a port in use is tried again, and every opening begins an epoch.
    for (StreamInfo* const stream : begun)
        if (auto opened = open_ledger(*stream, state, config.state, now); !opened) {
            close_sockets(*plan);
            return tl::unexpected(opened.error());
        }
    return std::shared_ptr<const Plan>(std::move(plan));
}

}  // namespace logwisp
