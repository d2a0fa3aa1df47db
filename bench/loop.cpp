#include "loop.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "file_lines.hpp"

namespace logwisp::bench {
namespace {

constexpr std::size_t recv_bytes = 256 * 1024;
constexpr std::size_t drain_bytes = 1 << 30;
// Of a line that has no end yet: more than the largest entry of any server takes.
constexpr std::size_t rest_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t faults_shown_max = 10;
constexpr int probe_ms = 20;

}  // namespace

volatile std::sig_atomic_t interrupted = 0;

Loop::Loop(const RunOptions& options)
    : options_(options), buffer_(recv_bytes), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    expectation_.foreign = options_.follow;
    if (!options_.follow) {
        const Endpoint& first = options_.endpoints.front();
        expectation_.lines = options_.writer.lines;
        expectation_.latency = &result_.latency;
        expectation_.pad = LineMould(options_.writer.line_kind, options_.writer.line_bytes).pad();
        writer_ =
            std::make_unique<Writer>(options_.writer, fed_over_a_connection(first.protocol)
                                                          ? std::make_unique<Feed>(first)
                                                          : std::make_unique<Feed>(options_.file));
    }
    make_readers();
    if (options_.writer.window > 0)
        progress_ = std::make_unique<Progress>(options_.writer.window, readers_.size(),
                                               options_.endpoints.size());
}

Loop::~Loop() {
    if (writer_) writer_->stop();
    for (const auto& reader : readers_) close(*reader);
    ::close(epoll_);
}

// The verified ones are spread evenly over all, the first one among them.
void Loop::make_readers() {
    const std::uint64_t all = options_.readers;
    const std::uint64_t verified = std::min<std::uint64_t>(options_.verified.value_or(all), all);
    for (const Endpoint& endpoint : options_.endpoints) {
        for (std::uint64_t i = 0; i < all; ++i) {
            auto reader = std::make_unique<Reader>(endpoint, expectation_);
            reader->endpoint_index = static_cast<std::uint32_t>(pace_.size());
            reader->verified = i == 0 || i * verified / all != (i - 1) * verified / all;
            reader->stalls = std::ranges::count(options_.stall_readers, readers_.size()) > 0;
            reader->churns = !reader->stalls && i + options_.churn_readers >= all;
            // Not all in the same moment.
            reader->leave_at = 1 + options_.churn_entries * (i % 16 + 1) / 16;
            result_.verified_readers += reader->verified ? 1 : 0;
            readers_.push_back(std::move(reader));
        }
        pace_.push_back(readers_[readers_.size() - all].get());
    }
}

void Loop::fail(const Reader& reader, const std::string& what) {
    ++result_.faulty_readers;
    broken_ = true;
    if (result_.faults.size() >= faults_shown_max) return;
    const auto at = std::find_if(readers_.begin(), readers_.end(),
                                 [&](const auto& each) { return each.get() == &reader; });
    result_.faults.push_back("reader " + std::to_string(at - readers_.begin()) + " (" +
                             std::string(protocol_name(reader.endpoint->protocol)) + "): " + what);
}

void Loop::end_early(const std::string& why) {
    broken_ = true;
    result_.faults.push_back(why);
}

void Loop::connect(Reader& reader) {
    reader.socket =
        open_socket(*reader.endpoint, false, reader.stalls ? options_.receive_buffer_bytes : 0);
    if (reader.socket < 0)
        return fail(reader, errno == 0 ? std::string("no such host")
                                       : std::string("connect: ") + std::strerror(errno));
    reader.connecting = true;
    ++connecting_;
    epoll_event event{.events = EPOLLOUT, .data = {.ptr = &reader}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, reader.socket, &event);
}

void Loop::close(Reader& reader) {
    if (reader.socket < 0) return;
    ::close(reader.socket);
    reader.socket = -1;
    if (reader.connecting) --connecting_;
    reader.connecting = false;
}

void Loop::on_connected(Reader& reader) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(reader.socket, SOL_SOCKET, SO_ERROR, &error, &size);
    reader.connecting = false;
    --connecting_;
    if (error != 0) return fail(reader, std::string("connect: ") + std::strerror(error));
    const std::string greeting = greeting_of(*reader.endpoint, reader.check.last_event_id());
    if (!greeting.empty() && send(reader.socket, greeting.data(), greeting.size(), MSG_NOSIGNAL) !=
                                 static_cast<ssize_t>(greeting.size()))
        return fail(reader, "the request was not taken");
    set_reading(reader, true);
}

void Loop::set_reading(Reader& reader, bool on) {
    epoll_event event{.events = on ? static_cast<std::uint32_t>(EPOLLIN) : 0u,
                      .data = {.ptr = &reader}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, reader.socket, &event);
}

void Loop::on_readable(Reader& reader) {
    if (reader.draining)
        drain(reader);
    else
        read(reader);
    if (progress_ && reader.socket >= 0) advance(reader);
}

void Loop::on_end(Reader& reader, ssize_t received) {
    const std::string why =
        received == 0 ? "the server closed the connection" : std::strerror(errno);
    close(reader);
    fail(reader, why + " before line " + std::to_string(reader.check.next()));
}

void Loop::read(Reader& reader) {
    if (reader.rest.size() > buffer_.size() / 2) buffer_.resize(buffer_.size() * 2);
    std::copy(reader.rest.begin(), reader.rest.end(), buffer_.begin());
    const std::size_t held = reader.rest.size();
    const ssize_t received =
        recv(reader.socket, buffer_.data() + held, buffer_.size() - held, MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) return on_end(reader, received);
    const auto progress = [&] {
        return reader.check.next() + reader.check.probe() + (reader.check.ready() ? 1 : 0);
    };
    const std::uint64_t before = progress();
    const std::string_view bytes(buffer_.data(), held + static_cast<std::size_t>(received));
    const std::size_t used = reader.check.take(bytes, now_ns());
    if (progress() != before || used == 0) last_progress_ = Clock::now();
    reader.rest.assign(bytes.substr(used));
    if (reader.rest.size() > rest_bytes_max) {
        close(reader);
        return fail(reader, "a line of more than " + std::to_string(rest_bytes_max) + " bytes");
    }
    if (!reader.check.fault().empty()) {
        close(reader);
        return fail(reader, reader.check.fault());
    }
    if (reader.churns && reader.check.next() >= reader.leave_at && reader.check.between_events() &&
        !reader.check.complete())
        reconnect(reader);
}

void Loop::drain(Reader& reader) {
    const ssize_t received = recv(reader.socket, nullptr, drain_bytes, MSG_TRUNC | MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) return on_end(reader, received);
    reader.drained_bytes += static_cast<std::uint64_t>(received);
    const ReaderCheck& pace = pace_[reader.endpoint_index]->check;
    if (!pace.is_length_of_other(static_cast<std::uint64_t>(received)))
        last_progress_ = Clock::now();
}

void Loop::advance(Reader& reader) {
    const std::size_t endpoint = reader.endpoint_index;
    Progress& progress = *progress_;
    const auto passes = [&](const Reader& each) {
        if (each.draining)
            return each.steps < progress.steps_ended(endpoint) &&
                   each.drained_bytes >= progress.end_of(endpoint, each.steps);
        return each.check.next() > progress.lines(each.steps + 1);
    };
    const auto pass_all = [&](Reader& each) {
        while (passes(each)) {
            if (progress.pass(each.steps++)) writer_->delivered(progress.lines(each.steps));
        }
    };
    pass_all(reader);
    if (pace_[endpoint] != &reader || progress.steps_ended(endpoint) == reader.steps) return;
    // What the pace has behind it now, it has at the latest here: a drained reader that passes here
    // has these lines, if perhaps some of the next step too.
    while (progress.steps_ended(endpoint) < reader.steps)
        progress.end_step(endpoint, reader.check.frame_bytes());
    for (const auto& each : readers_)
        if (each->draining && each->endpoint_index == endpoint) pass_all(*each);
}

void Loop::reconnect(Reader& reader) {
    // Every other time with a reset.
    const linger now{static_cast<int>(reader.reconnects % 2), 0};
    setsockopt(reader.socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(reader);
    reader.rest.clear();
    reader.check.reconnected();
    reader.leave_at = reader.check.next() + options_.churn_entries;
    ++reader.reconnects;
    connect(reader);
}

void Loop::turn(int timeout_ms) {
    std::array<epoll_event, 512> events{};
    const int count = epoll_wait(epoll_, events.data(), events.size(), timeout_ms);
    if (broken_) return;
    if (interrupted) return end_early("interrupted");
    if (writer_ && writer_->failed()) return end_early(writer_->error());
    for (int i = 0; i < count; ++i) {
        Reader& reader = *static_cast<Reader*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (reader.socket < 0) continue;
        if (reader.connecting)
            on_connected(reader);
        else
            on_readable(reader);
    }
}

double Loop::elapsed_since(Clock::time_point begin) const {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

bool Loop::quiet_too_long() const {
    return elapsed_since(last_progress_) > options_.quiet_seconds_max;
}

void Loop::connect_all() {
    for (const auto& reader : readers_) {
        while (connecting_ >= options_.connecting_max && !broken_ && !quiet_too_long()) turn(100);
        if (broken_) return;
        connect(*reader);
        last_progress_ = Clock::now();
    }
}

// Those that are greeted by their protocol; of the others, that they are connected.
void Loop::wait_until_greeted() {
    while (!broken_) {
        const auto waiting = std::find_if(readers_.begin(), readers_.end(), [](const auto& reader) {
            return reader->connecting ||
                   (greets(reader->endpoint->protocol) && !reader->check.ready());
        });
        if (waiting == readers_.end()) return;
        if (quiet_too_long()) return fail(**waiting, "not served");
        turn(probe_ms);
    }
}

bool Loop::all_have_seen(std::uint64_t probe) {
    const auto has_seen = [probe](const Reader& reader) {
        return reader.check.probe() >= probe && reader.check.between_events();
    };
    while (served_ < readers_.size() && has_seen(*readers_[served_])) ++served_;
    return served_ == readers_.size();
}

// A connection that is not greeted may not be served yet, so lines are written until each reader
// has seen one. Then one more, after which everything counts.
void Loop::wait_until_served() {
    const bool all_greeted = std::ranges::all_of(
        options_.endpoints, [](const auto& endpoint) { return greets(endpoint.protocol); });
    auto pause = std::chrono::milliseconds(probe_ms);
    for (Clock::time_point next_probe{}; !all_greeted && !broken_ && !all_have_seen(1);) {
        if (quiet_too_long()) return fail(*readers_[served_], "not served");
        if (Clock::now() >= next_probe) {
            writer_->probe();
            next_probe = Clock::now() + pause;
            pause *= 2;  // thousands of readers need a while for each
        }
        turn(probe_ms);
    }
    if (broken_) return;
    writer_->probe();
    served_ = 0;
    while (!broken_ && !all_have_seen(writer_->probes())) {
        if (quiet_too_long()) return fail(*readers_[served_], "not served");
        turn(probe_ms);
    }
    for (const auto& reader : readers_) {
        reader->draining = !reader->verified;
        reader->drained_bytes = reader->rest.size();
    }
}

void Loop::be_idle() {
    const auto begin = Clock::now();
    while (!broken_ && elapsed_since(begin) < options_.idle_seconds) turn(10);
    result_.idle_seconds = elapsed_since(begin);
}

// More than the pace has is heartbeats, if it is as many bytes as those are.
std::int64_t Loop::bytes_lacking(const Reader& reader) const {
    const ReaderCheck& pace = pace_[reader.endpoint_index]->check;
    const auto lacking = static_cast<std::int64_t>(pace.frame_bytes()) -
                         static_cast<std::int64_t>(reader.drained_bytes);
    if (lacking >= 0) return lacking;
    const auto more = static_cast<std::uint64_t>(-lacking);
    const bool heartbeats = std::ranges::any_of(
        readers_, [more](const auto& each) { return each->check.can_be_other(more); });
    return heartbeats ? 0 : lacking;
}

bool Loop::exempt(const Reader& reader) const {
    return reader.churns && reader.endpoint->protocol == Protocol::tcp;
}

bool Loop::has_all(const Reader& reader) const {
    if (!reader.draining) return reader.check.complete();
    return pace_[reader.endpoint_index]->check.complete() && bytes_lacking(reader) == 0;
}

bool Loop::finished(Who who) const {
    return writer_->finished() &&
           std::all_of(readers_.begin(), readers_.end(), [&](const auto& reader) {
               return exempt(*reader) || (who == Who::awake && reader->stalls) || has_all(*reader);
           });
}

// Out of the epoll set, not only without events: an error must not wake it either.
void Loop::set_stalled(bool on) {
    for (const auto& reader : readers_) {
        if (!reader->stalls) continue;
        epoll_event event{.events = EPOLLIN, .data = {.ptr = reader.get()}};
        epoll_ctl(epoll_, on ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, reader->socket, &event);
    }
}

bool Loop::warmed_up() const {
    return std::all_of(readers_.begin(), readers_.end(), [this](const auto& reader) {
        return reader->check.next() > options_.warm_up_lines;
    });
}

void Loop::read_everything() {
    const auto begin = Clock::now();
    last_progress_ = begin;
    bool stalling = !options_.stall_readers.empty();
    if (stalling) set_stalled(true);
    writer_->start();
    bool all = false;
    std::optional<AllocationSample> warm;
    while (!all && !broken_) {
        turn(10);
        // Looking at every reader costs more than a turn: only once the first of them has
        // everything.
        const Reader& first = *readers_.front();
        const bool may_be_over = first.check.complete() || first.stalls || first.churns;
        all = may_be_over && !stalling && finished(Who::all);
        if (!warm && !options_.count_file.empty() && warmed_up())
            warm = sample_allocations(options_.count_file);
        const double elapsed = elapsed_since(begin);
        // A slow server must not save the sleepers: they wake when everybody else has everything.
        if (stalling && elapsed >= options_.stall_seconds && finished(Who::awake)) {
            set_stalled(false);
            stalling = false;
            last_progress_ = Clock::now();
        }
        if (quiet_too_long() && elapsed >= options_.stall_seconds) break;
    }
    if (warm) {
        const AllocationSample last = sample_allocations(options_.count_file);
        result_.allocations_in_all = last;
        result_.allocations = {.news = last.news - warm->news,
                               .mallocs = last.mallocs - warm->mallocs};
    }
    result_.seconds = std::chrono::duration<double>(last_progress_ - begin).count();
}

// Nobody knows what is in the lines; as many must come as the file has got meanwhile.
void Loop::follow() {
    const auto begin = Clock::now();
    FileLines file(options_.file);
    while (!broken_ && elapsed_since(begin) < options_.follow_seconds) turn(10);
    result_.lines = file.grown_by();
    last_progress_ = Clock::now();
    const auto has_all_lines = [this](const auto& each) {
        return each->check.received() + each->check.dropped() >= result_.lines;
    };
    while (!broken_ && !quiet_too_long() && !std::ranges::all_of(readers_, has_all_lines)) turn(10);
    result_.seconds = elapsed_since(begin);
    for (const auto& each : readers_)
        if (!broken_ && !has_all_lines(each))
            fail(*each, "has " + std::to_string(each->check.received() + each->check.dropped()) +
                            " of the file's " + std::to_string(result_.lines) + " new lines");
}

void Loop::judge_drained(const Reader& reader, bool judged) {
    const ReaderCheck& pace = pace_[reader.endpoint_index]->check;
    const std::int64_t lacking = bytes_lacking(reader);
    if (lacking == 0) {
        result_.received += pace.received();
        result_.dropped += pace.dropped();
        result_.wire_bytes += pace.frame_bytes();
        return;
    }
    const double line_bytes = static_cast<double>(pace.frame_bytes()) /
                              static_cast<double>(std::max<std::uint64_t>(pace.received(), 1));
    const auto received = static_cast<std::uint64_t>(static_cast<double>(reader.drained_bytes) /
                                                     std::max(line_bytes, 1.0));
    result_.received += received;
    result_.dropped += options_.writer.lines - std::min(options_.writer.lines, received);
    result_.wire_bytes += reader.drained_bytes;
    if (judged)
        fail(reader, (lacking > 0 ? "lacks " : "has ") + std::to_string(std::abs(lacking)) +
                         (lacking > 0 ? " bytes of what" : " bytes more than") +
                         " the verified reader beside it had, which is some " +
                         std::to_string(static_cast<std::uint64_t>(
                             std::abs(static_cast<double>(lacking)) / std::max(line_bytes, 1.0))) +
                         " lines");
}

void Loop::judge() {
    const bool judged = !broken_ && writer_ != nullptr && options_.writer.lines > 0;
    for (const auto& each : readers_) {
        const Reader& reader = *each;
        const ReaderCheck& check = reader.check;
        if (reader.draining) {
            judge_drained(reader, judged);
            continue;
        }
        if (judged && !exempt(reader) && !check.complete())
            fail(reader, check.has_all_lines()
                             ? std::string("waits for the end of the last event in vain")
                             : "waits for line " + std::to_string(check.next()) + " of " +
                                   std::to_string(expectation_.lines) + " in vain");
        else if (judged && !exempt(reader) &&
                 check.received() + check.dropped() != expectation_.lines)
            fail(reader, "received and dropped do not add up");
        result_.received += check.received();
        result_.dropped += check.dropped();
        result_.wire_bytes += check.frame_bytes();
        result_.reconnects += reader.reconnects;
        if (reader.stalls) {
            result_.stalled_received += check.received();
            result_.stalled_dropped += check.dropped();
        }
    }
}

RunResult Loop::run() {
    result_.alone = sample_processes(options_.pids);
    const auto begin = Clock::now();
    connect_all();
    wait_until_greeted();
    result_.connect_seconds = elapsed_since(begin);
    if (!broken_ && writer_) wait_until_served();
    result_.connected = sample_processes(options_.pids);
    if (!broken_ && options_.idle_seconds > 0) be_idle();
    result_.before = sample_processes(options_.pids);
    result_.lines = options_.writer.lines;
    if (!broken_ && writer_ && options_.writer.lines > 0) read_everything();
    if (!broken_ && options_.follow) follow();
    result_.after = sample_processes(options_.pids);
    judge();
    result_.readers = readers_.size();
    if (writer_) {
        writer_->stop();
        result_.probes = writer_->probes();
        if (writer_->finished()) result_.writer_seconds = writer_->seconds();
    }
    return std::move(result_);
}

}  // namespace logwisp::bench
