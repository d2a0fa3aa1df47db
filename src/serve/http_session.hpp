// An HTTP client: requests are answered one after the other until one of them asks for a stream;
// from then on it is a reader of events and says nothing more that matters. Core thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "serve/session.hpp"
#include "wire/http.hpp"

namespace logwisp {

// 200, text/event-stream; close-delimited, so that the bytes of the ring go out as they are.
HttpAnswer event_stream_head();

// An answer that ends: entries of the past and nothing live.
struct EntriesAnswer {
    enum class Form : std::uint8_t { lines, events };
    Form form = Form::lines;
    bool chunked = false;
    std::uint64_t more_from =
        0;  // the entry behind the last one, when the limit cut it; 0: it did not

    // As it goes on the wire.
    [[nodiscard]] std::string piece(std::string_view text) const;
    [[nodiscard]] std::string last_piece() const;
};

class HttpSession final : public Session {
  public:
    using Session::Session;

    void open() override;
    void on_joined(Stream& stream) override;
    void on_status(std::string json) override;
    [[nodiscard]] bool owes_answer() const override;

  private:
    // What exists only until the stream begins, so that a reader is small.
    struct Requests {
        HttpParser parser;
        std::string held;  // bytes behind the request that is being answered
        ReadFrom from;
        std::string cors_origin;   // of the request being answered; empty: no CORS headers
        std::uint32_t unsent = 0;  // answers queued and not yet gone
        std::uint8_t minor_version = 1;
        bool keep_alive = true;
        bool head_only = false;
        bool asked = false;    // a request has come
        bool waiting = false;  // for on_status()
        bool parsing = false;
        bool peer_finished = false;  // while waiting: no more requests come than are held
    };

    void on_received(std::span<const char> bytes) override;
    void on_peer_finished() override;
    void on_deadline() override;
    std::string gap_notice(const Missed& missed) override;
    void frame_entry(std::uint64_t sequence, std::string_view json, std::string& out) override;
    void on_past_given() override;
    std::string goodbye(std::string_view reason) override;
    void on_left(StreamInfo& stream) override;

    void probe();
    void parse(std::span<const char> bytes);
    void answer_requests(std::span<const char> bytes);
    void respond(const HttpRequest& request);
    void respond_options(const Route* route, const HttpRequest& request);
    void respond_stream(const std::shared_ptr<StreamInfo>& wanted, const HttpRequest& request);
    bool read_from(const HttpRequest& request, const StreamInfo& wanted);
    void respond_entries(const std::shared_ptr<StreamInfo>& wanted, const HttpRequest& request);
    [[nodiscard]] bool take_place(StreamInfo& stream);
    void begin_entries(const std::shared_ptr<StreamInfo>& wanted, HttpAnswer& head,
                       const EntriesAnswer& entries);
    void give_entries(std::uint64_t first, std::uint64_t end);
    void read_until(const std::shared_ptr<StreamInfo>& wanted);
    // A reader is not let in now.
    void refuse_reader(const HttpRequest& request, std::string_view message,
                       std::string_view reason);
    void answer(HttpAnswer& answer);
    void answer_json(std::uint16_t status, std::string body);
    void refuse_method();
    void refuse_for_now(std::string_view message);
    void answer_error(std::uint16_t status, std::string_view message,
                      std::vector<std::pair<std::string, std::string>> headers = {});
    void refuse(const HttpRefusal& refusal);
    std::string retry_line();
    std::string connected_event();

    void no_more_requests() {
        streams_ = true;
        requests_.reset();
    }

    bool streams_ = false;  // what still comes is no request; first, where the base has room left
    std::unique_ptr<Requests> requests_;      // from its first byte until a stream begins
    std::unique_ptr<ReadFrom> from_;          // from then until on_joined()
    std::unique_ptr<EntriesAnswer> entries_;  // it fetches entries: no stream is read
};

}  // namespace logwisp
