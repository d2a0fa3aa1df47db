// One HTTP response, as the tail client reads it: the head's facts, then the body's bytes, whether
// it is delimited by the close of the connection, by Content-Length or by chunks (a proxy between
// us and the server may send any of them). Pure over bytes, split anywhere. One object per request.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace logwisp {

class ResponseParser {
  public:
    static constexpr std::size_t head_bytes_max = 64 * 1024;

    struct Handlers {
        std::function<void(const ResponseParser&)> on_head;  // before the first byte of the body
        std::function<void(std::string_view)> on_body;
    };
    explicit ResponseParser(Handlers handlers);
    ResponseParser(const ResponseParser&) = delete;
    ResponseParser& operator=(const ResponseParser&) = delete;

    // False when this is no HTTP response we can read; error() says why.
    bool feed(std::string_view bytes);
    [[nodiscard]] const std::string& error() const { return error_; }

    [[nodiscard]] bool head_complete() const { return head_complete_; }
    // The body's end was seen; a body delimited by the close never is.
    [[nodiscard]] bool complete() const { return complete_; }
    // Of use once the head is complete.
    [[nodiscard]] std::uint16_t status() const { return parser_.status_code; }
    [[nodiscard]] const std::string& reason() const { return reason_; }
    [[nodiscard]] const std::string& content_type() const { return content_type_; }
    [[nodiscard]] const std::string& location() const { return location_; }

  private:
    static ResponseParser& self(llhttp_t* parser) {
        return *static_cast<ResponseParser*>(parser->data);
    }
    void on_header_complete();

    llhttp_t parser_{};
    llhttp_settings_t settings_{};
    Handlers handlers_;
    std::string error_;
    std::string reason_;
    std::string header_name_;
    std::string header_value_;
    std::string content_type_;
    std::string location_;
    std::size_t head_bytes_ = 0;
    bool head_complete_ = false;
    bool complete_ = false;
};

}  // namespace logwisp
