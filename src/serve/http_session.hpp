// An HTTP client: requests are answered one after the other until one of them asks for a stream;
// from then on it is a reader of events and says nothing more that matters. Core thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "serve/session.hpp"
#include "wire/http.hpp"

namespace logwisp {

class HttpSession final : public Session {
  public:
    using Session::Session;

    void open() override;
    void on_joined(Stream& stream) override;
    void on_status(std::string json) override;

  private:
    // Where a reader wants to begin.
    struct Begin {
        std::uint64_t tail_entries = 0;
        std::string last_event_id;  // empty: none
    };
    // What exists only until the stream begins, so that a reader is small.
    struct Requests {
        HttpParser parser;
        std::string held;  // bytes behind the request that is being answered
        Begin begin;
        std::string cors_origin;   // of the request being answered; empty: no CORS headers
        std::uint32_t unsent = 0;  // answers queued and not yet gone
        std::uint8_t minor_version = 1;
        bool keep_alive = true;
        bool head_only = false;
        bool waiting = false;  // for on_status()
        bool parsing = false;
        bool peer_finished = false;  // while waiting: no more requests come than are held
    };

    void on_received(std::span<const char> bytes) override;
    void on_peer_finished() override;
    void on_deadline() override;
    std::string gap_notice(const View::Gap& gap) override;
    std::string goodbye(std::string_view reason) override;
    void on_left(StreamInfo& stream) override;

    void probe();
    void parse(std::span<const char> bytes);
    void answer_requests(std::span<const char> bytes);
    void respond(const HttpRequest& request);
    void respond_options(const Route* route, const HttpRequest& request);
    void respond_stream(const std::shared_ptr<StreamInfo>& wanted, const HttpRequest& request);
    bool read_begin(const HttpRequest& request);
    void refuse_full(const HttpRequest& request);
    void answer(HttpAnswer& answer);
    void answer_json(std::uint16_t status, std::string body);
    void refuse_method();
    void answer_error(std::uint16_t status, std::string_view message,
                      std::vector<std::pair<std::string, std::string>> headers = {});
    void refuse(const HttpRefusal& refusal);
    std::string retry_line();
    std::string connected_event();

    std::unique_ptr<Requests> requests_;  // absent once a stream has begun
    std::unique_ptr<Begin> begin_;        // from then until on_joined()
};

}  // namespace logwisp
