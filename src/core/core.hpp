// One core: a reactor and everything that lives on it. This file and core.cpp are the second table
// of contents: what is wired to what.
//
// Everything here runs on the core's own thread, but for the constructor, and for what other
// threads are told through the fabric. A turn's end, in order: messages from other cores; publish
// what was read and send every reader what it lacks; keep the books; read the past for those who want
// it and send it; wake the cores that were posted to; destroy the sessions that ended.
//
// A core apart (core/fabric.hpp) has no listeners and no sessions: a call on its files may not return for as long as their file system
// likes, and then nothing here does.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/core_stream.hpp"
#include "core/fabric.hpp"
#include "core/past_apart.hpp"
#include "core/plan.hpp"
#include "entry/encode.hpp"
#include "history/history.hpp"
#include "net/listener.hpp"
#include "serve/host.hpp"
#include "serve/session.hpp"
#include "serve/status.hpp"
#include "tail/watches.hpp"

namespace logwisp {

struct CoreParts {
    std::uint32_t index = 0;
    std::unique_ptr<Backend> backend;
    std::unique_ptr<FileSystem> files;
    std::uint64_t random_seed = 0;
};

class Core final : public Host, public ListenerOwner, public TurnHook {
  public:
    Core(CoreParts parts, Fabric& fabric);
    ~Core();

    // The thread's whole life: returns after stop(), when everything is closed.
    void run();

    // --- Messages: sent as tasks through the fabric, run on this thread. ---

    // Streams and ports as in `plan`: what is new begins, what is gone ends, what is the same does
    // not notice.
    void apply(std::shared_ptr<const Plan> plan);
    // Stops accepting and following, gives readers what they lack, says goodbye, and closes what is
    // left after `timeout_ms`.
    void stop(std::uint64_t timeout_ms);
    void deliver_watchers(std::uint64_t session_id, const WatchersJson& watchers);
    // A file system has ceased to answer: who waits for what is known there waits no more.
    void notice_stall();
    [[nodiscard]] PastAsker& past_asker() { return past_asker_; }
    [[nodiscard]] PastGiver& past_giver() { return past_giver_; }

    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] std::size_t sessions() const { return session_count_; }

    // --- Host. ---
    Reactor& reactor() override { return reactor_; }
    BufferPool& buffers() override { return buffers_; }
    [[nodiscard]] std::size_t core_index() const override { return index_; }
    [[nodiscard]] std::int64_t wall_us() override { return files_->wall_us(); }
    [[nodiscard]] std::uint64_t random() override;
    void join(const std::shared_ptr<StreamInfo>& stream, Session& session) override;
    void ask_status(const std::shared_ptr<StreamInfo>& stream, const StatusQuestion& question,
                    Session& session) override;
    [[nodiscard]] std::string all_status() override;
    [[nodiscard]] std::string metrics(MetricsFormat format) override;
    [[nodiscard]] bool ready() const override;
    [[nodiscard]] bool draining() const override { return draining_; }
    void begin_past(PastReader& reader, const PastSource& source, std::uint64_t next) override;
    void continue_past(PastReader& reader) override;
    void end_past(PastReader& reader) override;
    [[nodiscard]] Result<std::optional<std::uint64_t>> past_since(const PastSource& source,
                                                                  std::int64_t time_us) override;
    [[nodiscard]] Result<std::optional<std::uint64_t>> past_begin(
        const PastSource& source) override;
    void request_pump(Session& session) override;
    void ended(Session& session) override;

  private:
    struct EarlyAttach {
        std::uint32_t from;
        std::uint32_t stream_id;
    };
    struct OpenListener {
        std::shared_ptr<const Site> site;
        std::unique_ptr<Listener> listener;  // nullptr: another core accepts for this one
        bool for_all = false;                // this one does for all
    };
    struct StatusAsker {
        Session* session;
        std::shared_ptr<StreamInfo> stream;
    };

    void on_accepted(Listener& listener, int socket) override;
    void on_accept_failed(Listener& listener) override;
    void count_refused(const Site& site);
    [[nodiscard]] const OpenListener* find(const Listener& listener) const;
    // The core whose turn it is.
    [[nodiscard]] std::size_t next_core();
    void hand_over(const std::shared_ptr<const Site>& site, std::size_t to, int socket);
    void take_over(const std::shared_ptr<const Site>& site, int socket);
    void begin_session(const std::shared_ptr<const Site>& site, int socket);
    void close_listener(OpenListener&& open);

    // TurnHook, and its parts in order.
    bool on_turn_end() override;
    bool receive_messages();
    void receive(Message& message);
    bool publish();
    bool start_apart();
    void end_readers(const CoreStream& stream);
    void send_to_readers();
    void destroy_ended();

    void move_sessions(const std::unordered_map<const Site*, std::shared_ptr<const Site>>& sites);
    void apply_listeners();
    void begin_stream(const std::shared_ptr<StreamInfo>& info);
    void answer_early_attaches();
    void on_tick();
    void on_catch_up() {}  // publish() does it, at the end of the turn
    void sweep();
    [[nodiscard]] bool has_readers() const;
    void on_stop_timeout();
    void on_grace_over() { grace_over_ = true; }
    void close_remaining();
    void finish_if_done();
    [[nodiscard]] CoreStream* find(std::uint32_t stream_id);
    [[nodiscard]] StatusFacts status_facts();

    std::uint32_t index_;
    Fabric& fabric_;
    std::unique_ptr<FileSystem> files_;
    Reactor reactor_;
    BufferPool buffers_;
    Encoder encoder_;
    Watches watches_;
    History history_;
    PastAsker past_asker_;
    PastGiver past_giver_;

    std::shared_ptr<const Plan> plan_;
    std::vector<std::unique_ptr<CoreStream>> streams_;
    std::vector<EarlyAttach> early_attaches_;
    std::uint32_t newest_stream_ = 0;                // id
    std::map<std::string, OpenListener> listeners_;  // by PlannedListener::key
    std::vector<OpenListener> closing_listeners_;
    std::size_t handed_to_ = 0;  // the core that was given the last connection

    Session* first_session_ = nullptr;  // owned through this list
    Session* first_to_pump_ = nullptr;
    std::size_t session_count_ = 0;
    std::vector<std::unique_ptr<Session>> ended_;
    std::unordered_map<std::uint64_t, StatusAsker> waiting_for_status_;  // by Session::id()

    Timer tick_;
    Timer catch_up_;
    Timer stop_timeout_;
    Timer grace_;
    std::uint64_t random_state_;
    std::uint64_t ticks_ = 0;
    bool started_ = false;
    bool replicas_answered_ = false;  // apart: streams may be started in the next turn
    bool draining_ = false;
    bool grace_over_ = false;  // while it drains: who has asked nothing yet is not waited for
    bool stop_timed_out_ = false;
    bool finished_ = false;
};

}  // namespace logwisp
