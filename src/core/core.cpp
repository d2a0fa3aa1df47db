#include "core/core.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/log.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

namespace {
constexpr std::uint64_t tick_ms = 1000;
constexpr std::uint64_t catch_up_ms = 4;
// A turn takes this many messages from other cores and leaves the rest to the next.
constexpr std::size_t messages_per_turn_max = 64;
}  // namespace

Core::Core(CoreParts parts, Fabric& fabric)
    : index_(parts.index),
      fabric_(fabric),
      files_(std::move(parts.files)),
      reactor_(std::move(parts.backend)),
      watches_(reactor_, *files_),
      history_(reactor_, *files_, encoder_),
      past_asker_(index_, fabric_),
      past_giver_(index_, fabric_, history_),
      random_state_(parts.random_seed | 1) {
    fabric_.attach(index_, reactor_.backend());
    tick_.bind<&Core::on_tick>(*this);
    catch_up_.bind<&Core::on_catch_up>(*this);
    stop_timeout_.bind<&Core::on_stop_timeout>(*this);
    grace_.bind<&Core::on_grace_over>(*this);
    reactor_.add_turn_hook(*this);
}

Core::~Core() {
    // One that never ran (a port was taken, a thread could not be started) still has to let go of what its constructor began.
    if (!started_) {
        stop(0);
        run();
    }
    reactor_.remove_turn_hook(*this);
}

void Core::run() {
    started_ = true;
    reactor_.backend().start_on_this_thread();
    reactor_.run();
}

// --- Plans. ---

void Core::apply(std::shared_ptr<const Plan> plan) {
    if (draining_) return;
    if (plan_ == nullptr) reactor_.arm(tick_, tick_ms);
    plan_ = std::move(plan);

    for (const auto& stream : streams_) {
        const auto& wanted = plan_->streams;
        if (stream->retired() ||
            std::find(wanted.begin(), wanted.end(), stream->info()) != wanted.end())
            continue;
        const bool changed = std::any_of(wanted.begin(), wanted.end(), [&](const auto& info) {
            return info->before_id == stream->info()->id;
        });
        stream->retire(changed ? "stream_changed" : "stream_removed");
    }
    for (const auto& info : plan_->streams)
        if (find(info->id) == nullptr) begin_stream(info);
    answer_early_attaches();
    if (!fabric_.is_apart(index_)) apply_listeners();
}

void Core::begin_stream(const std::shared_ptr<StreamInfo>& info) {
    const TailParts parts{
        reactor_, *files_, watches_, encoder_, fabric_.descriptors(), fabric_.confinement()};
    CoreStream* const before = info->before_id != 0 ? find(info->before_id) : nullptr;
    streams_.push_back(std::make_unique<CoreStream>(info, index_, fabric_, parts, before));
}

// Another core was told of this plan first, and its readers were faster than our own message: nothing is known here of the stream they ask
// for. Ids only grow, so one that is not above the newest we know is of a stream that has gone.
void Core::answer_early_attaches() {
    std::uint32_t newest = newest_stream_;
    for (const auto& info : plan_->streams) newest = std::max(newest, info->id);
    newest_stream_ = newest;
    for (const EarlyAttach& early : std::exchange(early_attaches_, {})) {
        CoreStream* stream = find(early.stream_id);
        if (stream != nullptr && stream->home() != nullptr)
            stream->attach(early.from);
        else if (early.stream_id > newest)
            early_attaches_.push_back(early);
    }
}

CoreStream* Core::find(std::uint32_t stream_id) {
    for (const auto& stream : streams_)
        if (stream->info()->id == stream_id) return stream.get();
    return nullptr;
}

// --- Sessions. ---

void Core::join(const std::shared_ptr<StreamInfo>& info, Session& session) {
    CoreStream* stream = find(info->id);
    if (stream == nullptr) return session.end("stream_removed");
    stream->join(session);
}

Result<std::optional<std::uint64_t>> Core::past_since(const PastSource& source,
                                                      std::int64_t time_us) {
    LedgerReader ledger(source.ledger_path);
    const auto found = ledger.first_since(time_us);
    if (ledger.ran_out_of_descriptors()) return failure(EMFILE, "open", source.ledger_path);
    return found;
}

Result<std::optional<std::uint64_t>> Core::past_begin(const PastSource& source) {
    LedgerReader ledger(source.ledger_path);
    const auto found = ledger.first();
    if (ledger.ran_out_of_descriptors()) return failure(EMFILE, "open", source.ledger_path);
    return found;
}

void Core::begin_past(PastReader& reader, const PastSource& source, std::uint64_t next) {
    if (source.read_by) return past_asker_.begin(reader, source, next);
    history_.begin(reader, source, next);
}

void Core::continue_past(PastReader& reader) {
    if (PastAsker::reads_for(reader)) return past_asker_.go_on(reader);
    history_.go_on(reader);
}

void Core::end_past(PastReader& reader) {
    if (PastAsker::reads_for(reader)) return past_asker_.end(reader);
    history_.end(reader);
}

void Core::request_pump(Session& session) {
    if (session.links.pump_requested) return;
    session.links.pump_requested = true;
    session.links.next_to_pump = first_to_pump_;
    first_to_pump_ = &session;
}

void Core::ended(Session& session) {
    waiting_for_status_.erase(session.id());
    if (session.stream() != nullptr)
        if (CoreStream* stream = find(session.stream()->id)) stream->forget(session);
    Session::Links& links = session.links;
    if (links.previous != nullptr)
        links.previous->links.next = links.next;
    else
        first_session_ = links.next;
    if (links.next != nullptr) links.next->links.previous = links.previous;
    --session_count_;
    ended_.emplace_back(&session);
}

std::uint64_t Core::random() {
    // splitmix64: ids and jitter, nothing secret.
    std::uint64_t value = (random_state_ += 0x9e3779b97f4a7c15ULL);
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

bool Core::ready() const {
    if (draining_ || plan_ == nullptr) return false;
    for (const auto& stream : plan_->streams)
        // One whose file system does not answer keeps nobody from the others.
        if (!stream->monitor.ready.load(std::memory_order_relaxed) && !stream->stalled())
            return false;
    return true;
}

// --- The end of a turn. ---

bool Core::on_turn_end() {
    bool more = false;
    if (lent_sends == 0) {
        more = receive_messages();
        more = publish() || more;
    }
    // What is live first, and on its way while the rest is done.
    send_to_readers();
    reactor_.backend().hand_over();
    for (const auto& stream : streams_) stream->keep_books();
    more = history_.on_turn_end() || more;
    past_giver_.on_turn_end();
    send_to_readers();
    more = history_.has_work() || more;
    const Fabric::Unsent unsent = fabric_.flush(index_);
    destroy_ended();
    // Once is enough: it looks again by itself when it answers.
    if (unsent.to_apart && !finished_ && !catch_up_.armed()) reactor_.arm(catch_up_, catch_up_ms);
    // Others wait for what is still to be posted; a core that takes nothing is not waited for for
    // ever.
    if (draining_ && (!unsent.to_serving || stop_timed_out_)) finish_if_done();
    return more || unsent.to_serving;
}

bool Core::receive_messages() {
    Message message;
    std::uint32_t batches = 0;
    for (std::size_t count = 0; count < messages_per_turn_max; ++count) {
        if (!fabric_.receive(index_, message)) return false;
        if (message.kind == Message::Kind::batch) ++batches;
        receive(message);
        // More than a buffer at once would overrun readers that have everything, only because this core was behind.
        if (batches == batches_per_buffer) return true;
    }
    return true;
}

void Core::receive(Message& message) {
    if (message.kind == Message::Kind::task) return (*message.task)(*this);
    CoreStream* stream = find(message.stream_id);
    switch (message.kind) {
        case Message::Kind::batch:
            if (stream != nullptr) stream->on_batch(*message.batch);
            message.batch->release();
            break;
        case Message::Kind::attach:
            if (stream == nullptr && message.stream_id > newest_stream_)
                early_attaches_.push_back({message.from, message.stream_id});
            else if (stream == nullptr)
                break;
            else if (stream->home() != nullptr)
                stream->attach(message.from);
            break;
        case Message::Kind::detach:
            std::erase_if(early_attaches_, [&](const EarlyAttach& early) {
                return early.from == message.from && early.stream_id == message.stream_id;
            });
            if (stream != nullptr && stream->home() != nullptr) stream->detach(message.from);
            break;
        case Message::Kind::attached:
            if (stream != nullptr) stream->on_attached(message.sequence, message.until);
            break;
        case Message::Kind::ended:
            if (stream != nullptr) stream->on_ended();
            break;
        case Message::Kind::nothing:
        case Message::Kind::task:
            CHECK(false);
    }
}

bool Core::publish() {
    bool more = false;
    for (const auto& stream : streams_) {
        if (stream->home() != nullptr) more = stream->publish() || more;
        if (stream->readers_may_go()) end_readers(*stream);
        if (stream->home() == nullptr) continue;
        // The other core makes room without telling: look again soon.
        if (stream->home()->lagging() && !catch_up_.armed()) reactor_.arm(catch_up_, catch_up_ms);
    }
    if (fabric_.is_apart(index_)) more = start_apart() || more;
    return more;
}

// The first look at a file may be the last thing this core does for a long time. Before that every
// core that serves has its replica of every stream, and the turn in which it was answered is over.
bool Core::start_apart() {
    bool any = false;
    for (const auto& stream : streams_) {
        if (stream->home() == nullptr) continue;
        if (stream->awaits_replicas()) {
            replicas_answered_ = false;
            return false;
        }
        any = any || stream->to_be_started();
    }
    if (!any) return false;
    if (!std::exchange(replicas_answered_, true)) return true;
    replicas_answered_ = false;
    for (const auto& stream : streams_)
        if (stream->to_be_started()) stream->start_following();
    return true;
}

void Core::end_readers(const CoreStream& stream) {
    for (Session* session = first_session_; session != nullptr; session = session->links.next)
        if (session->stream() == stream.info()) session->end(stream.retired());
}

void Core::send_to_readers() {
    for (const auto& stream : streams_) stream->flush();
    while (first_to_pump_ != nullptr) {
        Session& session = *first_to_pump_;
        first_to_pump_ = session.links.next_to_pump;
        session.links.pump_requested = false;
        session.pump();
    }
}

void Core::destroy_ended() {
    ended_.clear();
    std::erase_if(closing_listeners_,
                  [](const OpenListener& closing) { return closing.listener->closed(); });
    // While the process stops they stay: another core may still hold their batches, and nobody
    // would tell us when it lets go.
    if (lent_sends == 0 && !draining_)
        std::erase_if(streams_, [](const auto& stream) { return stream->done(); });
}

// --- Once a second. ---

void Core::on_tick() {
    reactor_.arm(tick_, tick_ms);
    ++ticks_;
    // Views and heartbeats that are lent to a send stay as they are.
    if (lent_sends == 0)
        for (const auto& stream : streams_) stream->tick({ticks_, wall_us(), reactor_.now_ms()});
    if (ticks_ % (liveness_sweep_ms / tick_ms) == 0) sweep();
}

void Core::sweep() {
    for (Session* session = first_session_; session != nullptr; session = session->links.next)
        session->sweep();
}

// --- Stopping. ---

void Core::stop(std::uint64_t timeout_ms) {
    if (draining_) return;
    draining_ = true;
    reactor_.disarm(tick_);
    fabric_.refuse_hand_over(index_);
    for (auto& [key, open] : listeners_) close_listener(std::move(open));
    listeners_.clear();
    for (Session* session = first_session_; session != nullptr; session = session->links.next)
        if (session->stream() == nullptr) session->end("server_shutdown");
    for (const auto& stream : streams_) stream->retire("server_shutdown");
    past_giver_.end_all();
    reactor_.arm(stop_timeout_, timeout_ms);
    reactor_.arm(grace_, std::min<std::uint64_t>(timeout_ms, first_request_grace_ms));
}

bool Core::has_readers() const {
    for (Session* session = first_session_; session != nullptr; session = session->links.next)
        if (!session->connection_idle() || (!grace_over_ && session->owes_answer())) return true;
    return false;
}

void Core::on_stop_timeout() {
    stop_timed_out_ = true;
    for (const auto& stream : streams_) stream->stop_waiting();
    close_remaining();
}

void Core::close_remaining() {
    for (Session* session = first_session_; session != nullptr; session = session->links.next)
        session->close();
}

void Core::finish_if_done() {
    if (finished_) return;
    // Connections that only ask (is it ready?) are answered while readers are still being given what they lack; then they are closed too.
    if (session_count_ > 0 && !has_readers()) close_remaining();
    if (session_count_ > 0 || lent_sends > 0 || !closing_listeners_.empty()) return;
    if (!stop_timed_out_ && fabric_.awaits_hand_over(index_)) return;
    for (const auto& stream : streams_)
        if (!stream->stopped()) return;
    watches_.close();
    if (!watches_.closed() || !history_.idle()) return;
    finished_ = true;
    reactor_.disarm(stop_timeout_);
    reactor_.disarm(grace_);
    reactor_.disarm(catch_up_);
    reactor_.stop();
}

}  // namespace logwisp
