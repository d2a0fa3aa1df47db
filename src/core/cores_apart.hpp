// The cores apart: one with a thread of its own for each file system, or set of them, that may hang
// and on which a stream's targets lie. Made when the first such stream comes, kept to the end.
// Whoever hangs in a call on such a file system stands still with its streams and nobody else does.
//
// They use epoll whatever the others use: what they do is read files of which the kernel never has
// the answer at once, and a thread that hangs in a read, too, is seen by its silence.
//
// Control thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mounts.hpp"
#include "core/core.hpp"
#include "core/fabric.hpp"
#include "core/plan.hpp"

namespace logwisp {

class CoresApart {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // `on_finished` is called on the thread of a core that has finished.
    CoresApart(Fabric& fabric, std::function<void()> on_finished);
    ~CoresApart();  // REQUIRES: finished(), or they were given no plan
    CoresApart(const CoresApart&) = delete;
    CoresApart& operator=(const CoresApart&) = delete;

    // For make_plan(): streams on what is mounted now and may hang are followed here, by a core that
    // is made when one is needed; the others are spread over those that serve.
    [[nodiscard]] PlannedCores planned_cores();
    // The mounts that may hang on which it lies, in words; empty: none.
    [[nodiscard]] std::string hanging_mounts(const MonitorConfig& config) const;

    // From here on a core that is made has its thread at once; those that are there get theirs. A
    // thread that had begun before the process confined itself would not be confined.
    [[nodiscard]] Result<void> start_threads();
    void tell_all(const Message::Task& task);
    // Asks each whether it turns, and says of the streams of `plan` whose file system has ceased to
    // answer, or answers again. True when there was such news.
    bool look(Time now, const Plan& plan);
    // Of a plan that is new: what of it has to wait, or will not be.
    [[nodiscard]] std::vector<std::string> what_waits(const Plan& plan) const;
    // For the service manager.
    [[nodiscard]] static std::string state_in_words(const Plan& plan);
    // When look() has something to do; max: never.
    [[nodiscard]] Time next_look() const { return next_look_; }
    // The process stops: look() is less patient from here on.
    void hurry();
    [[nodiscard]] bool finished() const;
    // Those that have not finished do not answer.
    [[nodiscard]] bool only_silent_ones_left() const;

  private:
    struct CoreApart {
        std::string mounts;
        std::unique_ptr<Core> core;
        std::thread thread;
        std::atomic<bool> asked{false};
        std::atomic<bool> finished{false};
        Time asked_at{};
        std::int64_t asked_us = 0;
        bool silent = false;
    };

    [[nodiscard]] Result<Home> home_of(const StreamConfig& config, std::uint32_t id);
    [[nodiscard]] Result<std::size_t> core_for(const std::string& mounts);
    [[nodiscard]] Result<void> make(CoreApart& apart, std::size_t index);
    [[nodiscard]] Result<void> start(CoreApart& apart);
    void tell_of(const CoreApart& apart, std::size_t index, Time now, const Plan& plan);
    [[nodiscard]] std::size_t index_of(std::size_t place) const { return fabric_.cores() + place; }

    Fabric& fabric_;
    std::function<void()> on_finished_;
    MountTable mounts_;
    std::vector<std::unique_ptr<CoreApart>> cores_;
    std::size_t next_shared_ = 0;
    bool threads_start_ = false;
    Time next_look_ = Time::max();
    std::chrono::milliseconds patience_;
    std::chrono::milliseconds interval_;
};

}  // namespace logwisp
