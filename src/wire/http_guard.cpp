#include "wire/http_guard.hpp"

#include <array>

#include "base/check.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {
namespace {

// RFC 9112 lets a server skip some; more than a client's slip of the hand is not a request.
constexpr std::uint8_t empty_lines_max = 2;
static_assert(request_line_bytes_max <= UINT16_MAX, "offsets in the request line are 16 bits");
static_assert(request_line_bytes_max < request_head_bytes_max);

constexpr std::array<bool, 256> make_token_characters() {
    std::array<bool, 256> table{};
    for (int c = '0'; c <= '9'; ++c) table[c] = true;
    for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
    for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}
constexpr std::array<bool, 256> token_characters = make_token_characters();

constexpr std::string_view version_pattern = "HTTP/1.1";
constexpr std::size_t major_index = 5;
constexpr std::size_t minor_index = 7;

constexpr HttpRefusal bare_cr{400, "CR without LF"};
constexpr HttpRefusal bare_lf{400, "Lines must end in CRLF"};
constexpr HttpRefusal empty_lines{400, "Too many empty lines before the request"};
constexpr HttpRefusal tls{400, "This port speaks plain HTTP, not TLS"};
constexpr HttpRefusal bad_method{400, "Malformed method"};
constexpr HttpRefusal long_method{400, "Method too long"};
constexpr HttpRefusal empty_target{400, "Empty request target"};
constexpr HttpRefusal bad_target{400, "The request target must be printable ASCII"};
constexpr HttpRefusal long_target{414, "Request line too long"};
constexpr HttpRefusal no_version{400, "HTTP/0.9 is not spoken here"};
constexpr HttpRefusal bad_version{400, "Malformed HTTP version"};
constexpr HttpRefusal other_version{505, "Only HTTP/1.0 and HTTP/1.1 are spoken here"};
constexpr HttpRefusal long_head{431, "Request head too large"};
constexpr HttpRefusal many_headers{431, "Too many header lines"};
constexpr HttpRefusal folded{400, "Header lines must not be folded"};
constexpr HttpRefusal bad_name{400, "Malformed header name"};
constexpr HttpRefusal space_in_name{400, "White space in a header name"};
constexpr HttpRefusal bad_value{400, "Control character in a header value"};

constexpr bool is_digit(unsigned char byte) { return byte >= '0' && byte <= '9'; }

}  // namespace

bool is_token_character(unsigned char byte) { return token_characters[byte]; }

HttpGuard::Verdict HttpGuard::scan(std::string_view bytes, std::size_t& used) {
    CHECK(phase_ != Phase::complete);
    CHECK(refusal_ == nullptr);
    for (used = 0; used < bytes.size();) {
        const auto byte = static_cast<unsigned char>(bytes[used++]);
        if (!take(byte)) return Verdict::refused;
        if (phase_ == Phase::complete) return Verdict::complete;
    }
    return Verdict::more;
}

bool HttpGuard::take(unsigned char byte) {
    if (phase_ == Phase::before) return take_before(byte);
    if (phase_ == Phase::empty_line_feed) return take_line_feed(byte, Phase::before);
    if (++head_bytes_ > request_head_bytes_max) return refuse(long_head);
    switch (phase_) {
        case Phase::method:
            return take_method(byte);
        case Phase::target:
            return take_target(byte);
        case Phase::version:
            return take_version(byte);
        case Phase::line_start:
            return take_line_start(byte);
        case Phase::name:
            return take_name(byte);
        case Phase::value:
            return take_value(byte);
        case Phase::request_line_feed:
        case Phase::value_line_feed:
            return take_line_feed(byte, Phase::line_start);
        default:
            return take_line_feed(byte, Phase::complete);
    }
}

bool HttpGuard::take_before(unsigned char byte) {
    if (byte == '\r') {
        if (empty_lines_ == empty_lines_max) return refuse(empty_lines);
        ++empty_lines_;
        phase_ = Phase::empty_line_feed;
        return true;
    }
    // The record type of a TLS handshake: somebody typed https://.
    if (byte == 0x16) return refuse(tls);
    phase_ = Phase::method;
    ++head_bytes_;
    return take_method(byte);
}

bool HttpGuard::take_method(unsigned char byte) {
    if (is_token_character(byte)) {
        ++method_bytes_;
        return head_bytes_ <= request_line_bytes_max || refuse(long_method);
    }
    if (byte == '\n') return refuse(bare_lf);
    if (byte != ' ' || method_bytes_ == 0) return refuse(bad_method);
    phase_ = Phase::target;
    return true;
}

bool HttpGuard::take_target(unsigned char byte) {
    if (byte > ' ' && byte < 0x7F) {
        ++target_bytes_;
        return head_bytes_ <= request_line_bytes_max || refuse(long_target);
    }
    if (byte == '\n') return refuse(bare_lf);
    if (target_bytes_ == 0) return refuse(empty_target);
    if (byte == '\r') return refuse(no_version);
    if (byte != ' ') return refuse(bad_target);
    phase_ = Phase::version;
    return true;
}

bool HttpGuard::take_version(unsigned char byte) {
    if (version_bytes_ == version_pattern.size()) {
        if (byte == '\n') return refuse(bare_lf);
        if (byte != '\r') return refuse(bad_version);
        if (major_digit_ != '1' || minor_version_ > 1) return refuse(other_version);
        phase_ = Phase::request_line_feed;
        return true;
    }
    if (head_bytes_ > request_line_bytes_max) return refuse(long_target);
    const std::size_t index = version_bytes_++;
    if (index == major_index || index == minor_index) {
        if (!is_digit(byte)) return refuse(bad_version);
        if (index == major_index) major_digit_ = static_cast<char>(byte);
        if (index == minor_index) minor_version_ = static_cast<std::uint8_t>(byte - '0');
        return true;
    }
    if (byte != static_cast<unsigned char>(version_pattern[index])) return refuse(bad_version);
    return true;
}

bool HttpGuard::take_line_start(unsigned char byte) {
    if (byte == '\r') {
        phase_ = Phase::end_line_feed;
        return true;
    }
    if (byte == '\n') return refuse(bare_lf);
    if (byte == ' ' || byte == '\t') return refuse(folded);
    if (!is_token_character(byte)) return refuse(bad_name);
    if (++headers_ > request_headers_max) return refuse(many_headers);
    phase_ = Phase::name;
    return true;
}

bool HttpGuard::take_name(unsigned char byte) {
    if (is_token_character(byte)) return true;
    if (byte == ' ' || byte == '\t') return refuse(space_in_name);
    if (byte != ':') return refuse(bad_name);
    phase_ = Phase::value;
    return true;
}

bool HttpGuard::take_value(unsigned char byte) {
    // Bytes above ASCII are obs-text: harmless in headers nobody here reads (User-Agent, cookies of
    // other programs).
    if (byte >= ' ' && byte != 0x7F) return true;
    if (byte == '\t') return true;
    if (byte == '\n') return refuse(bare_lf);
    if (byte != '\r') return refuse(bad_value);
    phase_ = Phase::value_line_feed;
    return true;
}

bool HttpGuard::take_line_feed(unsigned char byte, Phase next) {
    if (byte != '\n') return refuse(bare_cr);
    phase_ = next;
    return true;
}

bool HttpGuard::refuse(const HttpRefusal& refusal) {
    refusal_ = &refusal;
    return false;
}

}  // namespace logwisp
