#include "core/cores_apart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/log.hpp"
#include "core/machine.hpp"
#include "logwisp/limits.hpp"
#include "tail/hanging_mounts.hpp"

namespace logwisp {

CoresApart::CoresApart(Fabric& fabric, std::function<void()> on_finished)
    : fabric_(fabric),
      on_finished_(std::move(on_finished)),
      mounts_(""),
      patience_(file_system_patience_ms),
      interval_(file_system_look_ms) {}

CoresApart::~CoresApart() {
    tell_all([](Core& core) { core.stop(0); });
    for (const auto& apart : cores_)
        if (apart->thread.joinable()) apart->thread.join();
}

PlannedCores CoresApart::planned_cores() {
    mounts_ = MountTable::now();
    return {fabric_.cores(),
            [this](const StreamConfig& config, std::uint32_t id) { return home_of(config, id); }};
}

std::string CoresApart::hanging_mounts(const MonitorConfig& config) const {
    std::vector<std::string> found;
    for (const Target& target : config.targets)
        for (const Mount& mount : hanging_mounts_of(target, mounts_, read_real_link))
            found.push_back(fmt::format("{} ({})", mount.point, mount.type));
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return fmt::format("{}", fmt::join(found, ", "));
}

Result<Home> CoresApart::home_of(const StreamConfig& config, std::uint32_t id) {
    std::string mounts = hanging_mounts(config.monitor);
    if (mounts.empty()) return Home{id % fabric_.cores(), {}};
    const Result<std::size_t> core = core_for(mounts);
    if (!core) return tl::unexpected(core.error());
    return Home{*core, std::move(mounts)};
}

Result<std::size_t> CoresApart::core_for(const std::string& mounts) {
    const auto with = [this](const std::string& wanted) {
        const auto found = std::find_if(cores_.begin(), cores_.end(),
                                        [&](const auto& apart) { return apart->mounts == wanted; });
        return static_cast<std::size_t>(found - cores_.begin());
    };
    std::size_t place = with(mounts);
    if (place == cores_.size()) place = with("");  // could not be started then
    if (place == cores_apart_max) place = next_shared_++ % cores_apart_max;
    if (place == cores_.size()) cores_.push_back(std::make_unique<CoreApart>());
    CoreApart& apart = *cores_[place];
    auto made = make(apart, index_of(place));
    if (made && threads_start_) made = start(apart);
    if (!made) {
        if (apart.core == nullptr) cores_.pop_back();  // its place was not taken
        return tl::unexpected(made.error());
    }
    apart.mounts = mounts;
    return index_of(place);
}

Result<void> CoresApart::make(CoreApart& apart, std::size_t index) {
    if (apart.core != nullptr) return {};
    auto backend = make_epoll_backend({});
    if (!backend) return tl::unexpected(backend.error());
    CoreParts parts;
    parts.index = static_cast<std::uint32_t>(index);
    parts.backend = std::move(*backend);
    parts.files = make_real_file_system();
    parts.random_seed = index;  // nothing here is random
    apart.core = std::make_unique<Core>(std::move(parts), fabric_);
    return {};
}

Result<void> CoresApart::start(CoreApart& apart) {
    if (apart.thread.joinable()) return {};
    try {
        apart.thread = std::thread([this, &apart] {
            apart.core->run();
            apart.finished.store(true, std::memory_order_release);
            on_finished_();
        });
    } catch (const std::system_error& error) {
        return failure(error.code().value(), "start a thread for files that may hang");
    }
    next_look_ = std::min(next_look_, Time());
    return {};
}

Result<void> CoresApart::start_threads() {
    threads_start_ = true;
    for (const auto& apart : cores_)
        if (auto started = start(*apart); !started) return started;
    return {};
}

void CoresApart::tell_all(const Message::Task& task) {
    for (std::size_t place = 0; place < cores_.size(); ++place)
        if (cores_[place]->thread.joinable()) fabric_.post_from_control(index_of(place), task);
}

bool CoresApart::look(Time now, const Plan& plan) {
    bool news = false;
    for (std::size_t place = 0; place < cores_.size(); ++place) {
        CoreApart& apart = *cores_[place];
        if (!apart.thread.joinable()) continue;
        const bool waits = apart.asked.load(std::memory_order_acquire) && !apart.finished.load();
        const bool silent = waits && now - apart.asked_at >= patience_;
        if (silent != apart.silent) {
            apart.silent = silent;
            news = true;
            tell_of(apart, index_of(place), now, plan);
        }
        // Also those that a reload has brought since.
        for (const auto& stream : plan.streams)
            if (stream->home_core == index_of(place))
                stream->monitor.stalled_since_us.store(silent ? apart.asked_us : 0,
                                                       std::memory_order_relaxed);
        if (waits || apart.finished.load()) continue;
        apart.asked_at = now;
        apart.asked_us = moment().wall_us;
        apart.asked.store(true, std::memory_order_relaxed);
        fabric_.post_from_control(index_of(place), [&apart](Core&) {
            apart.asked.store(false, std::memory_order_release);
        });
    }
    next_look_ = cores_.empty() ? Time::max() : now + interval_;
    return news;
}

void CoresApart::tell_of(const CoreApart& apart, std::size_t index, Time now, const Plan& plan) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now - apart.asked_at).count();
    for (const auto& stream : plan.streams) {
        if (stream->home_core != index) continue;
        if (apart.silent)
            log_error("{}: {} does not answer: the stream stands still until it does",
                      stream->config.name, stream->file_systems);
        else
            log_warn("{}: {} answers again after {} s", stream->config.name, stream->file_systems,
                     seconds);
    }
}

std::vector<std::string> CoresApart::what_waits(const Plan& plan) const {
    std::vector<std::string> lines;
    for (const auto& stream : plan.streams) {
        const std::string& name = stream->config.name;
        if (const auto home = stream->home_apart()) {
            if (cores_[*home - fabric_.cores()]->silent)
                lines.push_back(
                    fmt::format("{}: {} does not answer; what has changed counts from when it does",
                                name, stream->file_systems));
        } else if (const std::string mounts = hanging_mounts(stream->config.monitor);
                   !mounts.empty()) {
            lines.push_back(fmt::format(
                "{}: {} may hang, and other streams with it until a restart gives it a thread of "
                "its own",
                name, mounts));
        }
    }
    return lines;
}

std::string CoresApart::state_in_words(const Plan& plan) {
    std::vector<std::string_view> stalled;
    for (const auto& stream : plan.streams)
        if (stream->stalled()) stalled.push_back(stream->config.name);
    if (stalled.empty()) return "following and serving";
    return fmt::format("the file system does not answer for: {}", fmt::join(stalled, ", "));
}

void CoresApart::hurry() {
    patience_ = std::chrono::milliseconds(file_system_stop_patience_ms);
    interval_ = std::chrono::milliseconds(file_system_stop_look_ms);
    if (!cores_.empty()) next_look_ = Time();
}

bool CoresApart::finished() const {
    return std::all_of(cores_.begin(), cores_.end(), [](const auto& apart) {
        return !apart->thread.joinable() || apart->finished.load(std::memory_order_acquire);
    });
}

bool CoresApart::only_silent_ones_left() const {
    return std::all_of(cores_.begin(), cores_.end(), [](const auto& apart) {
        return !apart->thread.joinable() || apart->silent ||
               apart->finished.load(std::memory_order_acquire);
    });
}

}  // namespace logwisp
