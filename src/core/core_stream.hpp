// One stream on one core. On its home core it is followed and always there; on the others it is a
// replica that exists while it has readers:
//
//   detached --first reader--> attaching --the home core's answer and history--> attached --no
//   readers for a while--> detached
//
// A stream that takes the place of another (a reload changed it) waits on its home core until that
// one has stopped, and goes on where it stood: waiting --> home.
//
// One that is followed apart, because its file system may hang, has its replica on every core that
// serves from the beginning to the end: those cores need nothing of the home core for a new reader.
// The home core waits until all of them have asked, and only then looks at the first file.
//
// Core thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/fabric.hpp"
#include "core/stream_home.hpp"
#include "serve/session.hpp"

namespace logwisp {

class CoreStream {
  public:
    // On the home core `parts` are what following needs. It begins at once or, when `before` is
    // given, with what that one knows once it has stopped; until then `before` stays.
    CoreStream(std::shared_ptr<StreamInfo> info, std::uint32_t core_index, Fabric& fabric,
               const TailParts& parts, CoreStream* before);

    [[nodiscard]] const std::shared_ptr<StreamInfo>& info() const { return info_; }
    [[nodiscard]] StreamHome* home() { return home_.get(); }

    // Session::on_joined follows: at once when the stream is here, else when it has come.
    void join(Session& session);
    void forget(Session& session);

    // Home core, every turn.
    bool publish();
    // The same, for what no reader waits for.
    void keep_books();
    // Home core apart: some core has no replica yet; all have, and following is to start; it does.
    [[nodiscard]] bool awaits_replicas() const {
        return state_ == State::waiting && before_ == nullptr;
    }
    [[nodiscard]] bool to_be_started() const { return to_be_started_ && retired_ == nullptr; }
    void start_following();
    // Home core: another core's messages.
    void attach(std::uint32_t core);
    void detach(std::uint32_t core);
    // The home core's messages.
    void on_attached(std::uint64_t first, std::uint64_t until);
    void on_batch(const Batch& batch);
    void on_ended();

    void flush();
    // Once a second: heartbeats that are due, views and replicas that nobody has read for a while.
    struct Tick {
        std::uint64_t seconds;  // ticks so far
        std::int64_t wall_us;
        std::uint64_t now_ms;  // monotonic
    };
    void tick(const Tick& tick);

    // The stream is no longer wanted, because of `reason` (a literal). Its readers are to be told
    // when readers_may_go(), true once: they have, or can be given, all there will be. stopped(): following has ended and nobody reads it here.
    // done(): besides, no other core holds a batch of it, and it may be destroyed while those run.
    void retire(const char* reason);
    // Why; nullptr: it is wanted.
    [[nodiscard]] const char* retired() const { return retired_; }
    [[nodiscard]] bool readers_may_go();
    // The other side takes too long: what has not been sent by now does not count.
    void stop_waiting();
    [[nodiscard]] bool stopped() const;
    [[nodiscard]] bool done();

  private:
    enum class State : std::uint8_t { waiting, home, detached, attaching, attached };

    void make_stream();
    void begin();
    [[nodiscard]] bool replicas_asked() const;
    [[nodiscard]] bool apart() const { return info_->home_apart().has_value(); }
    void ask_for_replica();
    [[nodiscard]] bool following_ended() const;
    void welcome();
    void heartbeat(const Tick& tick);
    void post_to_home(Message::Kind kind);

    std::shared_ptr<StreamInfo> info_;
    Fabric& fabric_;
    std::uint32_t core_index_;
    State state_;
    std::unique_ptr<Stream> stream_;
    std::unique_ptr<StreamHome> home_;
    CoreStream* before_ = nullptr;               // waiting: whose place this takes
    bool has_successor_ = false;                 // somebody waits for this
    bool to_be_started_ = false;                 // home: start_following() was not called yet
    std::vector<std::uint32_t> early_attaches_;  // waiting: cores that have readers already
    std::vector<Session*> joining_;
    std::uint64_t warm_until_ = 0;  // attaching: the history is here when next() has come this far
    std::uint64_t events_unread_since_ = 0;  // seconds
    std::uint64_t numbered_unread_since_ = 0;
    std::uint64_t unread_since_ = 0;  // seconds; 0: it has readers
    const char* retired_ = nullptr;
    bool complete_ = false;  // nothing will be appended any more, and all cores know
    bool readers_told_ = false;
};

}  // namespace logwisp
