#include "wire/http_head.hpp"

#include <llhttp.h>

#include <algorithm>

#include "base/check.hpp"
#include "wire/http_target.hpp"

namespace logwisp {
namespace {

constexpr std::string_view white_space = " \t";

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(white_space);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(white_space) + 1 - begin);
}

// What llhttp's callbacks collect on the way through one head.
struct Reading {
    HttpRequest& request;
    std::optional<HttpRefusal> refusal;
    std::string_view name;
    std::string_view value;
    std::uint32_t headers = 0;
    std::uint32_t content_lengths = 0;
    bool has_host = false;
    bool has_body = false;
    bool has_expectation = false;
    bool wants_close = false;
    bool wants_keep_alive = false;
};

std::optional<HttpRefusal> take_host(Reading& reading) {
    if (reading.has_host) return HttpRefusal{400, "More than one Host"};
    if (!is_authority(reading.value)) return HttpRefusal{400, "Malformed Host"};
    reading.has_host = true;
    reading.request.host = reading.value;
    return std::nullopt;
}

// A length is refused unless two parsers could not read it differently; one above zero announces a
// body, for which there is no use.
std::optional<HttpRefusal> take_content_length(Reading& reading) {
    constexpr std::size_t digits_max = 18;  // below 2^63, whoever counts
    if (++reading.content_lengths > 1) return HttpRefusal{400, "More than one Content-Length"};
    const std::string_view text = reading.value;
    const bool digits = !text.empty() && text.size() <= digits_max &&
                        text.find_first_not_of("0123456789") == std::string_view::npos;
    if (!digits || (text.front() == '0' && text != "0")) {
        return HttpRefusal{400, "Malformed Content-Length"};
    }
    reading.has_body = text != "0";
    return std::nullopt;
}

void take_connection(Reading& reading) {
    std::string_view rest = reading.value;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        const std::string_view option = trim(rest.substr(0, end));
        if (equals_ignoring_case(option, "close")) reading.wants_close = true;
        if (equals_ignoring_case(option, "keep-alive")) reading.wants_keep_alive = true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

void take_first(std::string_view& field, std::string_view value) {
    if (field.empty()) field = value;
}

std::optional<HttpRefusal> take_header(Reading& reading) {
    HttpRequest& request = reading.request;
    const auto is = [&](std::string_view name) { return equals_ignoring_case(reading.name, name); };
    if (is("host")) return take_host(reading);
    if (is("transfer-encoding")) return HttpRefusal{400, "Transfer-Encoding is not accepted"};
    if (is("content-length")) return take_content_length(reading);
    if (is("expect")) reading.has_expectation = true;
    if (is("connection")) take_connection(reading);
    if (is("accept")) take_first(request.accept, reading.value);
    if (is("origin")) take_first(request.origin, reading.value);
    if (is("last-event-id")) take_first(request.last_event_id, reading.value);
    if (is("access-control-request-method")) {
        take_first(request.access_control_request_method, reading.value);
    }
    return std::nullopt;
}

Reading& reading_of(llhttp_t* parser) { return *static_cast<Reading*>(parser->data); }

int on_name(llhttp_t* parser, const char* at, std::size_t bytes) {
    Reading& reading = reading_of(parser);
    reading.name = {at, bytes};
    reading.value = {};
    return 0;
}

int on_value(llhttp_t* parser, const char* at, std::size_t bytes) {
    reading_of(parser).value = {at, bytes};
    return 0;
}

int on_value_complete(llhttp_t* parser) {
    Reading& reading = reading_of(parser);
    ++reading.headers;
    reading.value = trim(reading.value);
    reading.refusal = take_header(reading);
    return reading.refusal ? -1 : 0;
}

// The body, if one was announced, is refused by our own rules: llhttp is not to wait for it.
int on_headers_complete(llhttp_t*) { return HPE_PAUSED; }

llhttp_settings_t make_settings() {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_header_field = on_name;
    settings.on_header_value = on_value;
    settings.on_header_value_complete = on_value_complete;
    settings.on_headers_complete = on_headers_complete;
    return settings;
}

// llhttp knows a list of methods; ours is any token, answered with 405. So it is shown the method
// itself where the method changes how the rest is read, and POST for all others.
std::string_view method_shown(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "CONNECT"
               ? method
               : "POST";
}

std::optional<HttpRefusal> run_llhttp(std::string_view method, std::string_view rest,
                                      Reading& reading) {
    static const llhttp_settings_t settings = make_settings();
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &reading;
    const std::string_view shown = method_shown(method);
    llhttp_errno error = llhttp_execute(&parser, shown.data(), shown.size());
    if (error == HPE_OK) error = llhttp_execute(&parser, rest.data(), rest.size());
    if (reading.refusal) return reading.refusal;
    if (error == HPE_PAUSED) return std::nullopt;
    const char* const reason = llhttp_get_error_reason(&parser);  // a literal of llhttp's
    if (error == HPE_OK || reason == nullptr) return HttpRefusal{400, "Malformed request head"};
    return HttpRefusal{400, reason};
}

HttpMethod method_of(std::string_view method) {
    if (method == "GET") return HttpMethod::get;
    if (method == "HEAD") return HttpMethod::head;
    if (method == "OPTIONS") return HttpMethod::options;
    return HttpMethod::other;
}

std::optional<HttpRefusal> read_target(std::span<char> target, std::string_view method,
                                       HttpRequest& request) {
    if (method == "CONNECT") {
        if (!is_authority({target.data(), target.size()})) {
            return HttpRefusal{400, "CONNECT needs host:port"};
        }
        request.path = "/";
        // What follows may be meant for the tunnel: it must never be read as a request.
        request.keep_alive = false;
        return std::nullopt;
    }
    HttpTarget parts;
    const auto fault = parse_target(target, request.method == HttpMethod::options, parts);
    if (fault) return HttpRefusal{400, *fault};
    if (!parts.authority.empty()) {
        if (!request.host.empty() && !equals_ignoring_case(request.host, parts.authority)) {
            return HttpRefusal{400, "Host and request target name different hosts"};
        }
        request.host = parts.authority;
    }
    request.path = parts.path;
    request.query = parts.query;
    return std::nullopt;
}

}  // namespace

std::optional<HttpRefusal> read_head(std::span<char> head, const HttpGuard& guard,
                                     HttpRequest& request) {
    const std::string_view text(head.data(), head.size());
    const std::string_view method = text.substr(0, guard.method_bytes());
    Reading reading{.request = request, .refusal = std::nullopt, .name = {}, .value = {}};
    if (auto refusal = run_llhttp(method, text.substr(method.size()), reading)) return refusal;
    // Two parsers that count differently have read different heads.
    if (reading.headers != guard.headers()) return HttpRefusal{400, "Malformed request head"};

    request.method = method_of(method);
    request.minor_version = guard.minor_version();
    if (request.minor_version == 1 && !reading.has_host) return HttpRefusal{400, "Host is missing"};
    request.keep_alive =
        !reading.wants_close && (request.minor_version == 1 || reading.wants_keep_alive);
    const auto target = head.subspan(method.size() + 1, guard.target_bytes());
    if (auto refusal = read_target(target, method, request)) return refusal;
    if (reading.has_body || reading.has_expectation) {
        if (request.method == HttpMethod::other)
            return HttpRefusal{405, "Only GET, HEAD and OPTIONS are possible here"};
        if (reading.has_body) return HttpRefusal{413, "Requests carry no body here"};
        return HttpRefusal{417, "Expect is not supported"};
    }
    return std::nullopt;
}

}  // namespace logwisp
