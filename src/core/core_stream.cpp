#include "core/core_stream.hpp"

#include <utility>

#include "logwisp/limits.hpp"
#include "serve/heartbeat.hpp"
#include "wire/numbered.hpp"
#include "wire/sse.hpp"

namespace logwisp {

namespace {
// A replica or a view without readers is kept this long: readers that reconnect find it warm.
constexpr std::uint64_t unread_seconds_max = 10;
static_assert(frame_overhead_bytes_max >= sse_frame_overhead_max, "an SSE frame must fit");
}  // namespace

CoreStream::CoreStream(std::shared_ptr<StreamInfo> info, std::uint32_t core_index, Fabric& fabric,
                       const TailParts& parts, CoreStream* before)
    : info_(std::move(info)), fabric_(fabric), core_index_(core_index), state_(State::detached) {
    if (info_->home_core != core_index_) {
        // Of streams that others apart follow nobody here wants anything.
        if (apart() && !fabric_.is_apart(core_index_)) ask_for_replica();
        return;
    }
    state_ = State::waiting;
    make_stream();
    home_ = std::make_unique<StreamHome>(info_, *stream_, parts, fabric_, core_index_);
    before_ = before;
    if (before_ != nullptr)
        before_->has_successor_ = true;
    else if (replicas_asked())
        begin();
}

bool CoreStream::replicas_asked() const {
    return !apart() || retired_ != nullptr || early_attaches_.size() >= fabric_.cores();
}

void CoreStream::ask_for_replica() {
    state_ = State::attaching;
    post_to_home(Message::Kind::attach);
}

// Following starts; one that was given up while it waited only hands on what it was given.
void CoreStream::begin() {
    state_ = State::home;
    if (retired_ != nullptr) return;
    to_be_started_ = true;
    if (!apart()) start_following();
    for (const std::uint32_t core : std::exchange(early_attaches_, {})) home_->attach(core);
    welcome();
}

void CoreStream::start_following() {
    to_be_started_ = false;
    home_->start();
}

bool CoreStream::publish() {
    if (state_ == State::waiting) {
        if (before_ != nullptr) {
            if (before_->state_ == State::waiting || !before_->home_->stopped()) return false;
            home_->take_over(*before_->home_);
            before_->has_successor_ = false;
            before_ = nullptr;
        }
        if (!replicas_asked()) return false;
        begin();
    }
    bool more = true;
    for (std::uint32_t batches = 0; more && batches < batches_per_turn; ++batches)
        more = home_->publish();
    if (retired_ == nullptr || !home_->stopped()) return more;
    complete_ = home_->tell_end();
    if (complete_ && !has_successor_) home_->end_record();
    return more;
}

void CoreStream::keep_books() {
    if (state_ == State::home) home_->keep_books();
}

void CoreStream::attach(std::uint32_t core) {
    if (state_ == State::waiting)
        early_attaches_.push_back(core);
    else
        home_->attach(core);
}

void CoreStream::detach(std::uint32_t core) {
    std::erase(early_attaches_, core);
    home_->detach(core);
}

void CoreStream::make_stream() {
    const StreamConfig& config = info_->config;
    StreamOptions options;
    options.epoch = info_->epoch;
    options.first_sequence = info_->first_sequence;
    // A server that is off has no buffer; the other's size counts for both.
    options.http_buffer_entries =
        config.http.enabled ? config.http.buffer_entries : config.tcp.buffer_entries;
    options.tcp_buffer_entries =
        config.tcp.enabled ? config.tcp.buffer_entries : config.http.buffer_entries;
    options.line_bytes_max = config.monitor.line_bytes_max;
    options.sse_frame = &sse_frame;
    options.numbered_frame = &numbered_json_line;
    stream_ = std::make_unique<Stream>(std::move(options));
}

void CoreStream::post_to_home(Message::Kind kind) {
    Message message;
    message.kind = kind;
    message.stream_id = info_->id;
    fabric_.post(core_index_, info_->home_core, std::move(message));
}

void CoreStream::join(Session& session) {
    if (retired_ != nullptr) return session.end(retired_);
    // A reader that comes back may have been given, by another core, more than has arrived here: let in at once it would get some
    // entries again.
    const std::uint64_t published = info_->monitor.next_sequence.get();
    const bool behind = home_ == nullptr && (stream_ == nullptr || stream_->next() < published);
    if (state_ == State::home || (state_ == State::attached && !behind))
        return session.on_joined(*stream_);
    if (behind) warm_until_ = std::max(warm_until_, published);
    joining_.push_back(&session);
    if (state_ == State::detached) ask_for_replica();
}

void CoreStream::forget(Session& session) { std::erase(joining_, &session); }

void CoreStream::on_attached(std::uint64_t first, std::uint64_t until) {
    if (state_ != State::attaching) return;
    if (stream_ == nullptr) make_stream();
    stream_->restart_at(first);
    state_ = State::attached;
    warm_until_ = std::max(warm_until_, until);
    welcome();
}

void CoreStream::on_batch(const Batch& batch) {
    // Batches that were on their way when the replica was given up, or before the answer to the
    // next attach.
    if (state_ != State::attached) return;
    stream_->append(batch);
    welcome();
}

void CoreStream::on_ended() { complete_ = state_ == State::attached; }

// Those who wait are let in once the history is here; if part of it was lost on the way, with the
// first batch behind the hole.
void CoreStream::welcome() {
    if (joining_.empty() || stream_->next() < warm_until_) return;
    for (Session* session : std::exchange(joining_, {}))
        if (!session->gone()) session->on_joined(*stream_);
}

void CoreStream::flush() {
    if (stream_ != nullptr) stream_->flush();
}

void CoreStream::tick(const Tick& tick) {
    if (stream_ == nullptr) return;
    const std::uint64_t seconds = tick.seconds;
    if (stream_->events_readers() > 0 || !joining_.empty()) events_unread_since_ = seconds;
    if (seconds - events_unread_since_ >= unread_seconds_max) stream_->trim_events();
    if (stream_->numbered_readers() > 0) numbered_unread_since_ = seconds;
    if (seconds - numbered_unread_since_ >= unread_seconds_max) stream_->trim_numbered();
    if (stream_->readers() > 0 || !joining_.empty()) {
        unread_since_ = 0;
        return heartbeat(tick);
    }
    if (unread_since_ == 0) unread_since_ = seconds;
    if (seconds - unread_since_ < unread_seconds_max) return;
    if (state_ != State::attached || apart()) return;
    state_ = State::detached;
    stream_.reset();
    post_to_home(Message::Kind::detach);
}

void CoreStream::heartbeat(const Tick& tick) {
    const StreamConfig& config = info_->config;
    HeartbeatFacts facts;
    facts.wall_us = tick.wall_us;
    facts.uptime_seconds = info_->uptime_seconds(tick.now_ms);
    const auto due = [seconds = tick.seconds](const ServerConfig& server) {
        return server.enabled && server.heartbeat.enabled &&
               seconds % server.heartbeat.interval_seconds == 0;
    };
    if (due(config.tcp)) {
        facts.clients = info_->tcp_readers.load(std::memory_order_relaxed);
        if (stream_->lines().subscribers() > 0)
            stream_->lines().heartbeat(tcp_heartbeat(config.tcp.heartbeat, facts));
        if (stream_->numbered_readers() > 0)
            stream_->numbered().heartbeat(tcp_heartbeat(config.tcp.heartbeat, facts));
    }
    if (due(config.http) && stream_->events_readers() > 0) {
        facts.clients = info_->http_readers.load(std::memory_order_relaxed);
        stream_->events().heartbeat(sse_heartbeat(config.http.heartbeat, facts));
    }
}

void CoreStream::retire(const char* reason) {
    if (retired_ != nullptr) return;
    retired_ = reason;
    if (home_ != nullptr && state_ == State::home && !to_be_started_) home_->close();
    for (Session* session : std::exchange(joining_, {})) session->end(reason);
    if (state_ == State::attaching) {
        state_ = State::detached;
        post_to_home(Message::Kind::detach);
    }
}

bool CoreStream::readers_may_go() {
    if (retired_ == nullptr || readers_told_) return false;
    // Who knows when its home core says that this was all.
    if (info_->stalled() && home_ == nullptr) stop_waiting();
    readers_told_ = state_ == State::detached || (home_ != nullptr ? following_ended() : complete_);
    return readers_told_;
}

bool CoreStream::following_ended() const { return state_ == State::home && home_->stopped(); }

void CoreStream::stop_waiting() {
    if (home_ != nullptr) return home_->give_up();
    if (state_ != State::attached) return;
    state_ = State::detached;
    post_to_home(Message::Kind::detach);
}

bool CoreStream::stopped() const {
    if (retired_ == nullptr || (stream_ != nullptr && stream_->readers() > 0)) return false;
    return state_ == State::detached || (complete_ && (home_ == nullptr || following_ended()));
}

bool CoreStream::done() {
    return stopped() && !has_successor_ && (home_ == nullptr || home_->idle());
}

}  // namespace logwisp
