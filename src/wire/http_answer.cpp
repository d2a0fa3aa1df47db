#include <algorithm>

#include "base/check.hpp"
#include "wire/http.hpp"
#include "wire/http_guard.hpp"
#include "wire/http_target.hpp"
#include "wire/json.hpp"

namespace logwisp {
namespace {

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_token_character(static_cast<unsigned char>(c));
    });
}

// How long an answer is and whether another follows is said here and nowhere else.
bool is_framing(std::string_view name) {
    return equals_ignoring_case(name, "content-length") ||
           equals_ignoring_case(name, "transfer-encoding") ||
           equals_ignoring_case(name, "connection");
}

// A name is ours, a value may be what a client sent: whatever could end its line becomes a space,
// so that an answer cannot be split.
void append_header(std::string& out, std::string_view name, std::string_view value) {
    CHECK(is_token(name));
    out.append(name).append(": ");
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        out += (byte < 0x20 && c != '\t') || byte == 0x7F ? ' ' : c;
    }
    out += "\r\n";
}

bool is_bodiless(std::uint16_t status) { return status < 200 || status == 204 || status == 304; }

void append_connection(std::string& out, const HttpAnswer& answer) {
    const bool ends_by_closing = answer.streaming && !answer.head_only;
    if (ends_by_closing || !answer.keep_alive) {
        append_header(out, "Connection", "close");
    } else if (answer.minor_version == 0) {
        append_header(out, "Connection", "keep-alive");
    }
}

}  // namespace

std::string_view http_reason(std::uint16_t status) {
    switch (status) {
        case 200:
            return "OK";
        case 204:
            return "No Content";
        case 400:
            return "Bad Request";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 417:
            return "Expectation Failed";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Unknown";
    }
}

std::string http_answer(const HttpAnswer& answer) {
    CHECK(answer.status >= 100);
    CHECK(answer.status <= 999);
    const bool bodiless = is_bodiless(answer.status);
    std::string out;
    out.reserve(256 + answer.body.size());
    // Always our own version, as RFC 9110 has it: a 1.0 client is served by what the headers say.
    out.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(1, ' ');
    out.append(http_reason(answer.status)).append("\r\n");
    if (!bodiless && !answer.content_type.empty()) {
        append_header(out, "Content-Type", answer.content_type);
    }
    for (const auto& [name, value] : answer.headers) {
        CHECK(!is_framing(name));
        append_header(out, name, value);
    }
    append_header(out, "X-Content-Type-Options", "nosniff");
    if (!bodiless && !answer.streaming) {
        append_header(out, "Content-Length", std::to_string(answer.body.size()));
    }
    if (answer.streaming && answer.chunked) append_header(out, "Transfer-Encoding", "chunked");
    append_connection(out, answer);
    out += "\r\n";
    if (!bodiless && !answer.head_only) out += answer.body;
    return out;
}

std::string http_error_body(std::uint16_t status, std::string_view message,
                            const std::vector<std::string>& available) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("error");
    json.string(http_reason(status));
    json.key("message");
    json.string(message);
    if (!available.empty()) {
        json.key("available");
        json.begin_array();
        for (const std::string& path : available) json.string(path);
        json.end_array();
    }
    json.end_object();
    return out;
}

}  // namespace logwisp
