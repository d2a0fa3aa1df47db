// The guard in front of llhttp: walks the raw bytes of a request head, one at a time, and refuses
// what must never reach a parser that might read it differently from a proxy before us. Lines end
// in CRLF and nothing else, names are tokens with their colon behind them, values hold no control
// characters, nothing is folded, and line, head and count have limits.
//
// Because it sees single bytes, a head means the same however it was cut into reads. Pure; owned by
// one HttpParser. It refuses at the first bad byte, so a client that speaks something else is told
// at once instead of waiting for the head's deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wire/http.hpp"

namespace logwisp {

class HttpGuard {
  public:
    enum class Verdict : std::uint8_t { more, complete, refused };

    // Takes bytes up to the end of the head or the first bad one, which is counted in `used`. The
    // head's own bytes are always the last ones taken: only empty lines in front of it are skipped.
    // After `refused`, refusal() says why.
    Verdict scan(std::string_view bytes, std::size_t& used);

    [[nodiscard]] const HttpRefusal& refusal() const { return *refusal_; }
    [[nodiscard]] std::size_t head_bytes() const { return head_bytes_; }
    [[nodiscard]] std::size_t method_bytes() const { return method_bytes_; }
    [[nodiscard]] std::size_t target_bytes() const { return target_bytes_; }
    [[nodiscard]] std::uint8_t minor_version() const { return minor_version_; }
    [[nodiscard]] std::uint32_t headers() const { return headers_; }

  private:
    enum class Phase : std::uint8_t {
        before,           // nothing of a head yet
        empty_line_feed,  // the LF of an empty line in front
        method,
        target,
        version,
        request_line_feed,
        line_start,
        name,
        value,
        value_line_feed,
        end_line_feed,
        complete,
    };

    bool take(unsigned char byte);
    bool take_before(unsigned char byte);
    bool take_method(unsigned char byte);
    bool take_target(unsigned char byte);
    bool take_version(unsigned char byte);
    bool take_line_start(unsigned char byte);
    bool take_name(unsigned char byte);
    bool take_value(unsigned char byte);
    bool take_line_feed(unsigned char byte, Phase next);
    bool refuse(const HttpRefusal& refusal);

    const HttpRefusal* refusal_ = nullptr;
    std::uint32_t head_bytes_ = 0;  // without empty lines in front
    std::uint32_t headers_ = 0;
    std::uint16_t method_bytes_ = 0;
    std::uint16_t target_bytes_ = 0;
    Phase phase_ = Phase::before;
    std::uint8_t empty_lines_ = 0;
    std::uint8_t version_bytes_ = 0;
    char major_digit_ = 0;
    std::uint8_t minor_version_ = 0;
};

// tchar of RFC 9110: what methods and header names are made of.
bool is_token_character(unsigned char byte);

}  // namespace logwisp
