#include "fanout_loop.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fanout_line.hpp"

namespace logwisp::fanout {
namespace {

constexpr std::size_t recv_bytes = 256 * 1024;
constexpr std::size_t connecting_max =
    128;  // so that a listen backlog of the usual length is enough
constexpr std::size_t faults_shown_max = 10;
constexpr std::size_t latency_samples_max = 1'000'000;
constexpr int probe_ms = 20;

std::string request_for(const Endpoint& endpoint, const std::string& last_event_id) {
    std::string text = "GET " + endpoint.target + " HTTP/1.1\r\nHost: " + endpoint.host + ":" +
                       endpoint.port + "\r\nAccept: text/event-stream\r\n";
    if (!last_event_id.empty()) text += "Last-Event-ID: " + last_event_id + "\r\n";
    return text + "\r\n";
}

}  // namespace

FanoutLoop::FanoutLoop(const FanoutOptions& options)
    : options_(options), buffer_(recv_bytes), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    result_.latency_us.reserve(latency_samples_max);
    expectation_.latency_us = &result_.latency_us;
    if (options_.writer) {
        expectation_.lines = options_.writer->lines;
        expectation_.pad = padding(options_.writer->line_bytes);
        writer_ = std::make_unique<Writer>(*options_.writer);
    }
    for (const Endpoint& endpoint : options_.endpoints) {
        for (std::uint32_t i = 0; i < options_.readers; ++i) {
            auto reader = std::make_unique<Reader>(endpoint, expectation_);
            reader->stalls = std::ranges::count(options_.stall_readers, readers_.size()) > 0;
            reader->churns = !reader->stalls && i + options_.churn_readers >= options_.readers;
            // Not all in the same moment.
            reader->leave_at = 1 + options_.churn_entries * (i % 16 + 1) / 16;
            readers_.push_back(std::move(reader));
        }
    }
}

FanoutLoop::~FanoutLoop() {
    for (const auto& reader : readers_) close(*reader);
    ::close(epoll_);
}

void FanoutLoop::fail(const Reader& reader, const std::string& what) {
    ++result_.faulty_readers;
    broken_ = true;
    if (result_.faults.size() >= faults_shown_max) return;
    const auto at = std::find_if(readers_.begin(), readers_.end(),
                                 [&](const auto& each) { return each.get() == &reader; });
    result_.faults.push_back(
        "reader " + std::to_string(at - readers_.begin()) +
        (reader.endpoint->protocol == Protocol::sse ? " (sse): " : " (tcp): ") + what);
}

void FanoutLoop::connect(Reader& reader) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(reader.endpoint->host.c_str(), reader.endpoint->port.c_str(), &hints, &found) !=
        0)
        return fail(reader, "no such host");
    reader.socket = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (reader.stalls && options_.receive_buffer_bytes > 0 &&
        setsockopt(reader.socket, SOL_SOCKET, SO_RCVBUF, &options_.receive_buffer_bytes,
                   sizeof options_.receive_buffer_bytes) != 0)
        fail(reader, "SO_RCVBUF");
    const int outcome = ::connect(reader.socket, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (outcome != 0 && errno != EINPROGRESS)
        return fail(reader, std::string("connect: ") + std::strerror(errno));
    reader.connecting = true;
    ++connecting_;
    epoll_event event{.events = EPOLLOUT, .data = {.ptr = &reader}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, reader.socket, &event);
}

void FanoutLoop::close(Reader& reader) {
    if (reader.socket < 0) return;
    ::close(reader.socket);
    reader.socket = -1;
    if (reader.connecting) --connecting_;
    reader.connecting = false;
}

void FanoutLoop::on_connected(Reader& reader) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(reader.socket, SOL_SOCKET, SO_ERROR, &error, &size);
    reader.connecting = false;
    --connecting_;
    if (error != 0) return fail(reader, std::string("connect: ") + std::strerror(error));
    if (reader.endpoint->protocol == Protocol::sse) {
        const std::string request = request_for(*reader.endpoint, reader.check.last_event_id());
        if (send(reader.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size()))
            return fail(reader, "the request was not taken");
    }
    set_reading(reader, true);
}

void FanoutLoop::set_reading(Reader& reader, bool on) {
    epoll_event event{.events = on ? static_cast<std::uint32_t>(EPOLLIN) : 0u,
                      .data = {.ptr = &reader}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, reader.socket, &event);
}

void FanoutLoop::on_readable(Reader& reader) {
    if (reader.rest.size() > buffer_.size() / 2) buffer_.resize(buffer_.size() * 2);
    std::copy(reader.rest.begin(), reader.rest.end(), buffer_.begin());
    const std::size_t held = reader.rest.size();
    const ssize_t received = recv(reader.socket, buffer_.data() + held, buffer_.size() - held, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) {
        const std::string why =
            received == 0 ? "the server closed the connection" : std::strerror(errno);
        close(reader);
        return fail(reader, why + " before line " + std::to_string(reader.check.next()));
    }
    last_byte_ = Clock::now();
    const std::string_view bytes(buffer_.data(), held + static_cast<std::size_t>(received));
    const std::size_t used = reader.check.take(bytes, now_ns());
    reader.rest.assign(bytes.substr(used));
    if (!reader.check.fault().empty()) {
        close(reader);
        return fail(reader, reader.check.fault());
    }
    if (reader.churns && reader.check.next() >= reader.leave_at && reader.check.between_events() &&
        !reader.check.complete())
        reconnect(reader);
}

void FanoutLoop::reconnect(Reader& reader) {
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

void FanoutLoop::turn(int timeout_ms) {
    std::array<epoll_event, 512> events{};
    const int count = epoll_wait(epoll_, events.data(), events.size(), timeout_ms);
    for (int i = 0; i < count; ++i) {
        Reader& reader = *static_cast<Reader*>(events[i].data.ptr);
        if (reader.socket < 0) continue;
        if (reader.connecting)
            on_connected(reader);
        else
            on_readable(reader);
    }
}

bool FanoutLoop::quiet_too_long() const {
    return std::chrono::duration<double>(Clock::now() - last_byte_).count() >
           options_.quiet_seconds_max;
}

void FanoutLoop::connect_all() {
    for (const auto& reader : readers_) {
        while (connecting_ >= connecting_max && !broken_ && !quiet_too_long()) turn(100);
        if (broken_) return;
        connect(*reader);
        last_byte_ = Clock::now();
    }
}

// An SSE reader is served when it was greeted. A TCP connection says nothing, so lines are written
// until each has seen one.
void FanoutLoop::wait_until_served() {
    Clock::time_point next_probe = Clock::now();
    while (!broken_) {
        const auto waiting = std::find_if(readers_.begin(), readers_.end(), [](const auto& reader) {
            return !reader->check.ready();
        });
        if (waiting == readers_.end()) return;
        if (quiet_too_long()) return fail(**waiting, "not served");
        if ((*waiting)->endpoint->protocol == Protocol::tcp && writer_ &&
            Clock::now() >= next_probe) {
            writer_->probe();
            next_probe = Clock::now() + std::chrono::milliseconds(probe_ms);
        }
        turn(probe_ms);
    }
}

bool FanoutLoop::finished(Who who) const {
    return writer_->finished() &&
           std::all_of(readers_.begin(), readers_.end(), [who](const auto& reader) {
               const bool exempt = (who == Who::awake && reader->stalls) ||
                                   (reader->churns && reader->endpoint->protocol == Protocol::tcp);
               return exempt || reader->check.complete();
           });
}

// Out of the epoll set, not only without events: an error must not wake it either.
void FanoutLoop::set_stalled(bool on) {
    for (const auto& reader : readers_) {
        if (!reader->stalls) continue;
        epoll_event event{.events = EPOLLIN, .data = {.ptr = reader.get()}};
        epoll_ctl(epoll_, on ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, reader->socket, &event);
    }
}

bool FanoutLoop::warmed_up() const {
    return std::all_of(readers_.begin(), readers_.end(), [this](const auto& reader) {
        return reader->check.next() > options_.warm_up_lines;
    });
}

void FanoutLoop::read_everything() {
    const auto begin = Clock::now();
    last_byte_ = begin;
    bool stalling = !options_.stall_readers.empty();
    if (stalling) set_stalled(true);
    writer_->start();
    bool all = false;
    std::optional<AllocationSample> warm;
    while (!all && !broken_) {
        turn(10);
        // Looking at every reader costs more than a turn: only once the first of them has
        // everything.
        const bool may_be_over =
            std::any_of(readers_.begin(), readers_.begin() + 1, [](const auto& reader) {
                return reader->check.complete() || reader->stalls || reader->churns;
            });
        all = may_be_over && !stalling && finished(Who::all);
        if (!warm && !options_.count_file.empty() && warmed_up())
            warm = sample_allocations(options_.count_file);
        const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
        // A slow server must not save the sleepers: they wake when everybody else has everything.
        if (stalling && elapsed >= options_.stall_seconds && finished(Who::awake)) {
            set_stalled(false);
            stalling = false;
            last_byte_ = Clock::now();
        }
        if (quiet_too_long() && elapsed >= options_.stall_seconds) break;
    }
    if (warm) {
        const AllocationSample last = sample_allocations(options_.count_file);
        result_.allocations_in_all = last;
        result_.allocations = {.news = last.news - warm->news,
                               .mallocs = last.mallocs - warm->mallocs};
    }
    result_.seconds = std::chrono::duration<double>(last_byte_ - begin).count();
}

FanoutResult FanoutLoop::run() {
    connect_all();
    if (!broken_) wait_until_served();
    result_.before = sample_process(options_.pid);
    if (!broken_ && writer_) read_everything();
    result_.after = sample_process(options_.pid);
    const bool judged = !broken_ && writer_ != nullptr;
    for (const auto& each : readers_) {
        const Reader& reader = *each;
        const ReaderCheck& check = reader.check;
        const bool exempt = reader.churns && reader.endpoint->protocol == Protocol::tcp;
        if (judged && !exempt && !check.complete())
            fail(reader, "waits for line " + std::to_string(check.next()) + " of " +
                             std::to_string(expectation_.lines) + " in vain");
        else if (judged && !exempt && check.received() + check.dropped() != expectation_.lines)
            fail(reader, "received and dropped do not add up");
        result_.received += check.received();
        result_.dropped += check.dropped();
        result_.entry_bytes += check.entry_bytes();
        result_.reconnects += reader.reconnects;
        if (reader.stalls) {
            result_.stalled_received += check.received();
            result_.stalled_dropped += check.dropped();
        }
    }
    result_.readers = readers_.size();
    if (writer_) {
        writer_->stop();
        result_.probes = writer_->probes();
        if (writer_->finished()) result_.writer_seconds = writer_->seconds();
    }
    return std::move(result_);
}

}  // namespace logwisp::fanout
