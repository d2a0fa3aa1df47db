// HTTP/1.x request heads: llhttp in strict mode behind a guard of our own, which refuses what llhttp lets through (obs-fold, bare CR or
// LF, control characters, Transfer-Encoding or bodies, doubled or missing Host, other versions, endless heads). Pure over bytes;
// bytes may arrive split anywhere with the same result. No allocation but the head's own buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logwisp {

enum class HttpMethod : std::uint8_t { get, head, options, other };

// A complete, accepted request. Views into the parser's buffer, valid until HttpParser::next().
struct HttpRequest {
    HttpMethod method = HttpMethod::get;
    // percent-decoded once, dot segments refused, always begins with '/'; "*" for OPTIONS *
    std::string_view path;
    std::string_view query;  // raw, without '?'
    std::uint8_t minor_version = 1;
    bool keep_alive = true;
    std::string_view host;
    std::string_view accept;
    std::string_view origin;
    std::string_view last_event_id;
    std::string_view access_control_request_method;
};

// What to answer instead. status 0: close without an answer.
struct HttpRefusal {
    std::uint16_t status = 400;
    std::string_view message;  // for people: "Header lines must not be folded"
};

class HttpParser {
  public:
    HttpParser();
    ~HttpParser();
    HttpParser(const HttpParser&) = delete;
    HttpParser& operator=(const HttpParser&) = delete;

    enum class Outcome : std::uint8_t { need_more, request, refused };

    // Takes bytes until a head is complete or refused; returns how many were used in `used` (the rest belongs to the next request, and is
    // given again by the caller after next()). After `refused` the connection answers refusal() and closes; bytes that still come are
    // swallowed.
    Outcome feed(std::span<const char> bytes, std::size_t& used);
    [[nodiscard]] const HttpRequest& request() const;
    [[nodiscard]] const HttpRefusal& refusal() const;
    // True when part of a head has arrived (an idle keep-alive connection closes silently; one in the middle of a head gets 408).
    [[nodiscard]] bool in_head() const;
    // Forgets the request and frees its memory: between heads a parser is one null pointer. A connection that streams calls it too.
    void next();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// The value of `name` in a query string, percent-decoded ('+' is a space); absent when it is not there. One that is badly encoded comes as it
// was written: then it is no number, time or id, and whoever asked says so, instead of taking it for one that is not there.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

std::string_view http_reason(std::uint16_t status);

struct HttpAnswer {
    std::uint16_t status = 200;
    std::string_view content_type = "application/json";
    // names and values are checked: no CR, LF, NUL
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    bool keep_alive = true;
    bool head_only = false;  // HEAD: Content-Length of the body, no body
    // no Content-Length, Connection: close (but not to HEAD); the body follows by other means
    bool streaming = false;
    bool chunked = false;  // streaming, and the body comes in chunks: its end can be seen
    std::uint8_t minor_version = 1;
};
// Status line, Date-less fixed headers, Content-Length, body.
std::string http_answer(const HttpAnswer& answer);

// {"error":"Not Found","message":"...","available":[...]} ("available" left out when empty).
std::string http_error_body(std::uint16_t status, std::string_view message,
                            const std::vector<std::string>& available);

}  // namespace logwisp
