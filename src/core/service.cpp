// The control thread: it makes the plan, starts a thread per core, and then only listens to
// signals, the clock and the service manager. It serves nobody, so reading a configuration or
// opening a port may take its time.
#include "core/service.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "core/activation.hpp"
#include "core/console.hpp"
#include "core/control.hpp"
#include "core/core.hpp"
#include "core/cores_apart.hpp"
#include "core/keep_until_restart.hpp"
#include "core/machine.hpp"
#include "core/notify.hpp"
#include "core/reload_outcome.hpp"
#include "logwisp/limits.hpp"
#include "logwisp/version.hpp"
#include "sandbox/places.hpp"
#include "sandbox/sandbox.hpp"

namespace logwisp {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t console_interval_on_terminal_seconds = 30;
// The ports of a server that was killed are free only when the kernel has taken down its io_uring,
// a moment after the process has ended.
constexpr auto port_patience = std::chrono::milliseconds(3000);
constexpr auto port_retry = std::chrono::milliseconds(10);
constexpr std::chrono::milliseconds messages_wait_interval{20};

LogOptions log_options(const Config& config) {
    return {static_cast<LogLevel>(config.log_level), static_cast<LogFormat>(config.log_format)};
}

constexpr int exit_bad_configuration = 78;  // EX_CONFIG of sysexits(3)

class Service {
  public:
    Service(const ServiceOptions& options, PassedSockets passed)
        : options_(options),
          config_(options.config),
          passed_(std::move(passed)),
          core_count_(cores_to_use(config_.cores)),
          fabric_(core_count_, cores_apart_max),
          asked_(core_count_),
          apart_(fabric_, [this] { wake(); }) {}

    int run() {
        if (!use_sockets()) return exit_bad_configuration;
        if (!open_signals() || !open_state() || !make_cores()) return 1;
        Result<std::shared_ptr<const Plan>> plan = first_plan();
        if (!plan) {
            log_error("{}", plan.error().text());
            return 1;
        }
        plan_ = std::move(*plan);
        give_up_the_rest();
        for (const std::string& line : sockets_in_use(*plan_)) log_info("{}", line);
        for (const std::string& line : sockets_without_use(*plan_)) log_warn("{}", line);
        if (!start_threads()) return 1;
        console_print(console_streams(*plan_, config_));
        notifier_.ready("following and serving");
        loop();
        for (std::thread& thread : threads_) thread.join();
        if (!apart_.finished()) {
            log_warn("stopped without the streams whose file system does not answer");
            leave();
        }
        return 0;
    }

  private:
    // From any thread: loop() looks at everything.
    void wake() {
        const std::uint64_t one = 1;
        CHECK(::write(wake_, &one, sizeof one) == sizeof one);
    }

    Result<std::shared_ptr<const Plan>> first_plan() {
        const auto patience_ends = Clock::now() + port_patience;
        for (;;) {
            auto plan =
                make_plan(config_, nullptr, state_, apart_.planned_cores(), moment(), &passed_);
            if (plan || plan.error().code != EADDRINUSE || Clock::now() > patience_ends)
                return plan;
            std::this_thread::sleep_for(port_retry);
        }
    }

    // Everything that takes more than serving does is open now. The thread that writes diagnostics is the first one: a thread that was there
    // before would not be confined.
    void give_up_the_rest() {
        Confined confined = confine(config_);
        confined.facts.ring_restricted = cores_[0]->reactor().backend().restricted();
        log_start(log_options(config_));
        log_info("sandbox: {}", sandbox_text(confined.facts));
        if (confined.facts.landlock_abi > 0)
            for (const StreamConfig& stream : config_.streams)
                for (const WidePlace& wide : wide_places(stream))
                    log_warn("sandbox: {}: {}", stream.name, wide.text);
        fabric_.set_sandbox(std::move(confined.facts), confinement_of(confined.granted));
        granted_ = std::move(confined.granted);
    }

    bool use_sockets() {
        if (passed_.for_another())
            log_warn(
                "LISTEN_PID is not this process: the sockets of the service manager are not used; "
                "a script that starts LogWisp must do so with exec");
        const std::vector<std::string> faults = use_named_sockets(config_, passed_);
        for (const std::string& fault : faults) log_error("{}", fault);
        return faults.empty();
    }

    bool open_signals() {
        // Blocked before any thread exists, so that every thread inherits it and only the
        // descriptor hears them.
        sigset_t wanted;
        ::sigemptyset(&wanted);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&wanted, signal);
        ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
        ::signal(SIGPIPE, SIG_IGN);
        signals_ = ::signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
        wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (signals_ >= 0 && wake_ >= 0) return true;
        log_error("cannot listen to signals: {}", std::strerror(errno));
        return false;
    }

    bool open_state() {
        if (!config_.state.enabled) return true;
        auto opened = StateDirectory::open(config_.state.directory);
        if (opened) {
            state_ = std::move(*opened);
            return true;
        }
        log_error(
            "state directory {}; name another with --state-directory, or do without: --state=false",
            opened.error().text());
        return false;
    }

    bool make_cores() {
        Result<BackendSet> set = make_backends(core_count_, backend_options(config_));
        if (!set) {
            log_error("cannot start: {}", set.error().text());
            return false;
        }
        if (!set->why_not_io_uring.empty())
            log_info("io_uring is not available ({}); using epoll", set->why_not_io_uring);
        for (std::size_t index = 0; index < core_count_; ++index) {
            CoreParts parts;
            parts.index = static_cast<std::uint32_t>(index);
            parts.backend = std::move(set->backends[index]);
            parts.files = make_real_file_system();
            parts.random_seed = random_seed();
            cores_.push_back(std::make_unique<Core>(std::move(parts), fabric_));
        }
        const Backend& first = cores_[0]->reactor().backend();
        if (first.name() == "io_uring" && !first.restricted())
            log_debug("this kernel does not restrict what a ring may be asked for");
        log_info("LogWisp {} with {} on {} core{}", version, cores_[0]->reactor().backend().name(),
                 core_count_, core_count_ == 1 ? "" : "s");
        return true;
    }

    // The plan waits in the mailboxes until the threads are there, so a core begins only when all of them could be started.
    bool start_threads() {
        std::string failed;
        try {
            for (std::size_t index = 0; index < core_count_; ++index)
                threads_.emplace_back([this, index] {
                    cores_[index]->run();
                    finished_.fetch_add(1);
                    wake();
                });
            if (const auto started = apart_.start_threads(); !started)
                failed = started.error().text();
        } catch (const std::system_error& error) {
            failed = fmt::format("cannot start a thread for core {} of {}: {}", threads_.size() + 1,
                                 core_count_, error.code().message());
        }
        if (!failed.empty()) {
            log_error("{}", failed);
            tell_all([](Core& core) { core.stop(0); });
            for (std::thread& thread : threads_) thread.join();
            return false;  // those apart have not looked at a file yet
        }
        tell_all([plan = plan_](Core& core) { core.apply(plan); });
        return true;
    }

    void tell(std::size_t core, Message::Task task) {
        fabric_.post_from_control(core, std::move(task));
    }
    void tell_all(const Message::Task& task) {
        for (std::size_t index = 0; index < threads_.size(); ++index) tell(index, task);
        apart_.tell_all(task);
    }

    void loop() {
        const auto start = Clock::now();
        next_statistics_ = start + std::chrono::seconds(statistics_interval());
        next_watchdog_ = start;
        while (!finished()) {
            pollfd waits[] = {{signals_, POLLIN, 0},
                              {wake_, POLLIN, 0},
                              {control_.descriptor(Clock::now()), POLLIN, 0}};
            ::poll(waits, std::size(waits), wait_ms());
            std::uint64_t count = 0;
            static_cast<void>(!::read(wake_, &count, sizeof count));
            signalfd_siginfo signal{};
            bool hang_up = false;
            while (::read(signals_, &signal, sizeof signal) == sizeof signal) {
                if (signal.ssi_signo == SIGHUP)
                    hang_up = true;
                else
                    stop();
            }
            if (hang_up && !stopping_) reload();  // a storm of them is one reload
            if (waits[2].revents != 0) answer_those_who_ask();
            on_clock();
            // What waits for a core apart goes when it is asked next whether it turns.
            messages_wait_ = fabric_.flush(fabric_.control()).to_serving;
        }
    }

    // A core apart whose file system does not answer is not waited for; one that still may is for a moment.
    bool finished() {
        if (finished_.load() < core_count_) return false;
        if (apart_.finished() || apart_.only_silent_ones_left()) return true;
        const auto now = Clock::now();
        if (patience_ends_ == Clock::time_point::max())
            patience_ends_ = now + std::chrono::milliseconds(file_system_stop_patience_ms);
        return now >= patience_ends_;
    }

    // What still waits for a file system that hangs is no more than a thread: everybody was told, and every
    // port is closed. Only the lock would be kept with it.
    [[noreturn]] void leave() {
        if (state_ != nullptr) state_->unlock();
        log_stop();
        ::_exit(0);
    }

    int wait_ms() const {
        auto next = Clock::time_point::max();
        if (statistics_interval() > 0) next = std::min(next, next_statistics_);
        if (notifier_.watchdog_interval_ms() > 0) next = std::min(next, next_watchdog_);
        next = std::min({next, apart_.next_look(), patience_ends_});
        if (control_.pause_ends() > Clock::now()) next = std::min(next, control_.pause_ends());
        // A core without room is busy, or hangs; it does not tell when it has some again.
        if (messages_wait_) next = std::min(next, Clock::now() + messages_wait_interval);
        if (next == Clock::time_point::max()) return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
    }

    void on_clock() {
        const auto now = Clock::now();
        if (statistics_interval() > 0 && now >= next_statistics_) {
            next_statistics_ = now + std::chrono::seconds(statistics_interval());
            console_print(console_statistics(*plan_));
        }
        if (notifier_.watchdog_interval_ms() > 0 && now >= next_watchdog_) {
            next_watchdog_ = now + std::chrono::milliseconds(notifier_.watchdog_interval_ms());
            feed_watchdog();
        }
        if (now >= apart_.next_look() && apart_.look(now, *plan_)) tell_of_stalls();
    }

    void tell_of_stalls() {
        for (std::size_t index = 0; index < core_count_; ++index)
            tell(index, [](Core& core) { core.notice_stall(); });
        if (stopping_) return;
        notifier_.status(CoresApart::state_in_words(*plan_));
    }

    // The manager hears from us only while every core that serves answers: one that hangs is restarted with the
    // rest. To restart those apart would not make their file systems answer.
    void feed_watchdog() {
        bool all_answered = true;
        for (const auto& asked : asked_) all_answered = all_answered && !asked.load();
        if (all_answered) notifier_.watchdog();
        if (stopping_) return;
        for (std::size_t index = 0; index < core_count_; ++index)
            if (!asked_[index].exchange(true))
                tell(index, [this, index](Core&) { asked_[index].store(false); });
    }

    std::uint32_t statistics_interval() const {
        return config_.stats_interval_seconds.value_or(
            ::isatty(STDOUT_FILENO) == 1 ? console_interval_on_terminal_seconds : 0);
    }

    // All or nothing: what is wrong, or cannot be had, leaves everything as it was.
    ReloadOutcome reload() {
        notifier_.reloading();
        ReloadOutcome outcome = try_reload();
        for (const std::string& line : outcome.told)
            outcome.exit_code == 0 ? log_warn("reload: {}", line) : log_error("reload: {}", line);
        if (outcome.exit_code == 0) {
            log_info("reloaded: {} stream{}", plan_->streams.size(),
                     plan_->streams.size() == 1 ? "" : "s");
            notifier_.ready(CoresApart::state_in_words(*plan_));
        } else {
            log_error("reload: refused; the old configuration stays in force");
            notifier_.ready(fmt::format("reload refused, the old configuration stays in force: {}",
                                        outcome.told.empty() ? "" : outcome.told.front()));
        }
        return outcome;
    }

    ReloadOutcome try_reload() {
        ReloadOutcome outcome;
        Config config;
        if (!options_.reload || !options_.reload(config, outcome.told)) {
            outcome.exit_code = exit_bad_configuration;
            if (const std::string why =
                    fabric_.confinement().why_denied(config_.file, Wanted::contents);
                !why.empty() && outcome.tells_of(EACCES))
                outcome.told.push_back(fmt::format("{} is denied {}", config_.file, why));
            return outcome;
        }
        if (outcome.told = use_named_sockets(config, passed_); !outcome.told.empty()) {
            outcome.exit_code = exit_bad_configuration;
            return outcome;
        }
        // What runs is what the next reload is compared with.
        std::vector<std::string> kept = keep_until_restart(config, config_);
        if (const std::string outside = confined_place(config); !outside.empty()) {
            outcome.exit_code = 1;
            outcome.told.push_back(fmt::format(
                "sandbox: {} is outside of what may be read since the start: that needs a restart; "
                "security.readable names directories for later (SANDBOX in logwisp(1))",
                outside));
            return outcome;
        }
        Result<std::shared_ptr<const Plan>> plan =
            make_plan(config, plan_.get(), state_, apart_.planned_cores(), moment(), &passed_);
        if (!plan) {
            outcome.exit_code = 1;
            outcome.told.push_back(plan.error().text());
            return outcome;
        }
        outcome.told = std::move(kept);
        log_set_level(static_cast<LogLevel>(config.log_level));
        config_ = std::move(config);
        plan_ = std::move(*plan);
        for (std::string& line : apart_.what_waits(*plan_)) outcome.told.push_back(std::move(line));
        for (std::string& line : sockets_without_use(*plan_))
            outcome.told.push_back(std::move(line));
        tell_all([plan = plan_](Core& core) { core.apply(plan); });
        console_print(console_streams(*plan_, config_));
        return outcome;
    }

    std::string confined_place(const Config& config) const {
        return granted_.empty() ? std::string() : place_outside(config, granted_);
    }

    // Each hears of a reload that began after it had asked.
    void answer_those_who_ask() {
        const std::vector<int> askers = control_.accept(Clock::now());
        if (askers.empty()) return;
        const ReloadOutcome outcome =
            stopping_ ? ReloadOutcome{1, {"the service is stopping"}} : reload();
        for (const int asker : askers)
            Control::answer(asker, outcome.exit_code,
                            fmt::format("{}", fmt::join(outcome.told, "\n")));
    }

    void stop() {
        if (stopping_) {
            log_warn("stopping at once");
            leave();
        }
        stopping_ = true;
        notifier_.stopping();
        log_info("stopping");
        apart_.hurry();
        tell_all([timeout = config_.shutdown_timeout_ms](Core& core) { core.stop(timeout); });
    }

    const ServiceOptions& options_;
    Config config_;
    // Kept also while no server uses them: the port may come back, and the service manager holds it.
    PassedSockets passed_;
    std::shared_ptr<StateDirectory> state_;  // nullptr: none is kept
    std::size_t core_count_;
    Fabric fabric_;
    std::vector<std::unique_ptr<Core>> cores_;
    std::vector<std::thread> threads_;
    std::shared_ptr<const Plan> plan_;
    std::vector<Grant> granted_;  // what Landlock lets through; empty: everything
    Notifier notifier_;
    Control control_;
    std::vector<std::atomic<bool>>
        asked_;  // by core: whether it turns, and it has not answered yet
    Clock::time_point next_statistics_;
    Clock::time_point next_watchdog_;
    Clock::time_point patience_ends_ = Clock::time_point::max();
    int signals_ = -1;
    int wake_ = -1;
    std::atomic<std::size_t> finished_{0};  // cores that serve
    CoresApart apart_;
    bool stopping_ = false;
    bool messages_wait_ = false;
};

}  // namespace

int run_service(const ServiceOptions& options) {
    Result<PassedSockets> passed = PassedSockets::take();
    raise_descriptor_limit();
    refuse_huge_pages();
    log_configure(log_options(options.config));
    int code = exit_bad_configuration;
    if (passed)
        code = Service(options, std::move(*passed)).run();
    else
        log_error("{}", passed.error().text());
    log_stop();
    return code;
}

}  // namespace logwisp
