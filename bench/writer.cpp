#include "writer.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <limits>

namespace logwisp::bench {
namespace {

constexpr std::size_t write_bytes_max = 64 * 1024;
constexpr std::int64_t ns_per_second = 1'000'000'000;
// Lines that are due within one are written together, at its end.
constexpr std::int64_t tick_ns = 1'000'000;

void sleep_until(std::int64_t moment_ns) {
    const timespec moment{.tv_sec = moment_ns / ns_per_second,
                          .tv_nsec = moment_ns % ns_per_second};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, nullptr);
}

// value * times / by, without the overflow in between.
std::int64_t scaled(std::int64_t value, std::int64_t times, std::int64_t by) {
    return value / by * times + value % by * times / by;
}

}  // namespace

Writer::Writer(const WriterOptions& options, std::unique_ptr<Feed> feed)
    : options_(options),
      feed_(std::move(feed)),
      mould_(options.line_kind, options.line_bytes),
      may_write_until_(options.window > 0 ? options.window
                                          : std::numeric_limits<std::uint64_t>::max()) {}

Writer::~Writer() {
    if (thread_.joinable()) thread_.join();
}

void Writer::probe() {
    std::string block;
    feed_->frame(std::string(probe_mark) + std::to_string(++probes_), block);
    write(block);
}

void Writer::write(std::string_view block) {
    if (failed_ || feed_->write(block)) return;
    stopping_ = true;
    failed_ = true;
}

void Writer::start() {
    thread_ = std::thread([this] { run(); });
}

void Writer::delivered(std::uint64_t line) {
    may_write_until_ = line + options_.window;
    may_write_until_.notify_one();
}

void Writer::stop() {
    stopping_ = true;
    may_write_until_ = std::numeric_limits<std::uint64_t>::max();
    may_write_until_.notify_one();
}

void Writer::run() {
    prctl(PR_SET_TIMERSLACK, 1UL);
    const std::int64_t begin_ns = now_ns();
    if (options_.rate > 0)
        run_at_rate();
    else
        run_flat_out();
    seconds_ = static_cast<double>(now_ns() - begin_ns) / ns_per_second;
    finished_ = true;
}

// One line at its moment, or the lines of one tick at the tick's.
void Writer::run_at_rate() {
    const std::int64_t begin_ns = now_ns();
    const auto rate = static_cast<std::int64_t>(options_.rate);
    const bool ticks = rate > ns_per_second / tick_ns;
    for (std::int64_t due_ns = begin_ns; written_ < options_.lines && !stopping_;) {
        sleep_until(due_ns);
        const auto due = static_cast<std::uint64_t>(scaled(due_ns - begin_ns, rate, ns_per_second));
        write_until(std::min(options_.lines, std::max(due, written_) + 1), due_ns);
        const std::int64_t next_ns =
            begin_ns + scaled(static_cast<std::int64_t>(written_), ns_per_second, rate);
        due_ns = ticks ? std::max(next_ns, due_ns + tick_ns) : next_ns;
    }
}

void Writer::run_flat_out() {
    while (written_ < options_.lines && !stopping_) {
        const std::uint64_t until = may_write_until_;
        if (written_ >= until)
            may_write_until_.wait(until);
        else
            write_until(std::min(options_.lines, until), 0);
    }
}

void Writer::write_until(std::uint64_t last, std::int64_t due_ns) {
    while (written_ < last && !stopping_) {
        block_.clear();
        const std::int64_t moment_ns = due_ns != 0 ? due_ns : now_ns();
        while (written_ < last && block_.size() < write_bytes_max)
            feed_->frame(mould_.cast(++written_, moment_ns), block_);
        write(block_);
    }
}

}  // namespace logwisp::bench
