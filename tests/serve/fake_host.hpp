// A core with nothing but sessions: what they ask of it is written down and answered when the test says so.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "serve/host.hpp"
#include "serve/http_session.hpp"
#include "serve/tcp_session.hpp"
#include "wire/metrics_text.hpp"
#include "wire/numbered.hpp"
#include "wire/sse.hpp"

namespace logwisp::test {

class FakeHost final : public Host, public TurnHook {
  public:
    explicit FakeHost(Reactor& reactor) : reactor_(reactor) {
        StreamOptions options;
        options.epoch = "e";
        options.sse_frame = &sse_frame;
        options.numbered_frame = &numbered_json_line;
        stream = std::make_unique<Stream>(std::move(options));
        reactor_.add_turn_hook(*this);
    }
    ~FakeHost() { reactor_.remove_turn_hook(*this); }

    // The session's end of a socket pair is its own; returns the other.
    template <class Kind>
    int connect(std::shared_ptr<const Site> site) {
        int pair[2] = {-1, -1};
        CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
        sessions.push_back(std::make_unique<Kind>(*this, std::move(site), pair[0]));
        sessions.back()->open();
        return pair[1];
    }
    // Answers who has waited longest for a stream's status.
    void answer_status() {
        Session* session = waiting_for_status.front();
        waiting_for_status.erase(waiting_for_status.begin());
        session->on_status("{\"status\":true}");
    }

    // Its streams keep no past.
    void begin_past(PastReader& /*reader*/, const PastSource& /*source*/,
                    std::uint64_t /*next*/) override {
        CHECK(false);
    }
    void continue_past(PastReader& /*reader*/) override { CHECK(false); }
    void end_past(PastReader& /*reader*/) override { CHECK(false); }
    Result<std::optional<std::uint64_t>> past_since(const PastSource& /*source*/,
                                                    std::int64_t /*time_us*/) override {
        CHECK(false);
        return std::nullopt;
    }
    Result<std::optional<std::uint64_t>> past_begin(const PastSource& /*source*/) override {
        CHECK(false);
        return std::nullopt;
    }

    Reactor& reactor() override { return reactor_; }
    BufferPool& buffers() override { return buffers_; }
    [[nodiscard]] std::size_t core_index() const override { return 0; }
    [[nodiscard]] std::int64_t wall_us() override { return 1'700'000'000'000'000; }
    [[nodiscard]] std::uint64_t random() override { return ++randoms_; }
    void join(const std::shared_ptr<StreamInfo>&, Session& session) override {
        if (joins_at_once)
            session.on_joined(*stream);
        else
            joining.push_back(&session);
    }
    // What the home core has published, and every core has it.
    void publish(StreamInfo& info, const std::vector<std::string>& entries) {
        Batch batch;
        for (const std::string& json : entries) {
            std::copy(json.begin(), json.end(), batch.open_entry(json.size()));
            batch.close_entry(json.size());
        }
        stream->number(batch);
        stream->append(batch);
        info.monitor.next_sequence.set(stream->next());
    }
    void ask_status(const std::shared_ptr<StreamInfo>&, const StatusQuestion&,
                    Session& session) override {
        waiting_for_status.push_back(&session);
    }
    [[nodiscard]] std::string all_status() override { return "{}"; }
    [[nodiscard]] std::string metrics(MetricsFormat format) override {
        return format == MetricsFormat::openmetrics ? "# EOF\n" : "";
    }
    [[nodiscard]] bool ready() const override { return true; }
    [[nodiscard]] bool draining() const override { return false; }
    void request_pump(Session& session) override { to_pump_.push_back(&session); }
    void ended(Session& session) override {
        std::erase(to_pump_, &session);
        std::erase(waiting_for_status, &session);
        const auto found = std::find_if(sessions.begin(), sessions.end(),
                                        [&](const auto& own) { return own.get() == &session; });
        ended_.push_back(std::move(*found));
        sessions.erase(found);
    }
    bool on_turn_end() override {
        stream->flush();
        for (Session* session : std::exchange(to_pump_, {})) session->pump();
        ended_.clear();
        return false;
    }

    std::unique_ptr<Stream> stream;
    std::vector<std::unique_ptr<Session>> sessions;
    std::vector<Session*> waiting_for_status;
    bool joins_at_once = true;
    std::vector<Session*> joining;  // otherwise

  private:
    Reactor& reactor_;
    BufferPool buffers_;
    std::vector<Session*> to_pump_;
    std::vector<std::unique_ptr<Session>> ended_;
    std::uint64_t randoms_ = 0;
};

}  // namespace logwisp::test
