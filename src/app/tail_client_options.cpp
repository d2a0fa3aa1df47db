#include "app/tail_client_options.hpp"

#include <getopt.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace logwisp {
namespace {

constexpr const char* help_text =
    "Usage: logwisp tail [OPTIONS] URL|HOST:PORT\n"
    "\n"
    "Prints the entries of a stream as they come.\n"
    "  http://HOST[:PORT][/PATH]  a stream over HTTP; without a path, /stream. Resumes where it "
    "was after a lost connection.\n"
    "  HOST:PORT                  a stream over raw TCP.\n"
    "\n"
    "  -n, --tail N     begin N entries back\n"
    "      --json       print every entry as the JSON it came as\n"
    "      --no-color   no colour on a terminal; so does the environment variable NO_COLOR\n"
    "      --no-reconnect  end when the connection ends\n"
    "  -h, --help       this text\n"
    "\n"
    "Gaps and lost connections are told on standard error.\n"
    "Exit status: 0 fine, 1 the server refused or could not be reached, 2 bad usage, 130 "
    "interrupted.\n";

bool is_port(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value >= 1 && value <= 65535;
}

// What a request line may carry as it is; anything else would let an argument write headers of its
// own.
bool is_request_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

tl::unexpected<Error> refuse(std::string_view text, std::string why) {
    return failure(0, std::move(why), std::string(text));
}

// Splits "host:port" and "[address]:port"; a missing port becomes `port_default`, unless that is
// empty.
Result<TailAddress> split_authority(std::string_view authority, std::string_view port_default,
                                    std::string_view whole) {
    TailAddress address;
    std::string_view rest;
    if (authority.starts_with('[')) {
        const auto bracket = authority.find(']');
        if (bracket == std::string_view::npos) return refuse(whole, "']' is missing");
        address.host = authority.substr(1, bracket - 1);
        rest = authority.substr(bracket + 1);
    } else {
        const auto colon = authority.find(':');
        address.host = authority.substr(0, colon);
        if (colon != std::string_view::npos) rest = authority.substr(colon);
        if (rest.find(':', 1) != std::string_view::npos)
            return refuse(whole, "an IPv6 address is written in brackets: [::1]:9090");
    }
    if (rest.empty() && !port_default.empty()) {
        address.port = port_default;
    } else if (rest.starts_with(':') && is_port(rest.substr(1))) {
        address.port = rest.substr(1);
    } else {
        return refuse(whole, "a port from 1 to 65535 is needed, as in 127.0.0.1:9090");
    }
    if (address.host.empty()) address.host = "localhost";
    return address;
}

std::optional<std::uint64_t> parse_count(const char* text) {
    const std::string_view view(text);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
    if (error != std::errc{} || end != view.data() + view.size()) return std::nullopt;
    return value;
}

TailCommandLine bad_usage(const char* program, const std::string& why) {
    std::fprintf(stderr, "%s: %s\nTry '%s --help'.\n", program, why.c_str(), program);
    return {.options = std::nullopt, .exit_code = 2};
}

}  // namespace

std::string TailAddress::authority() const {
    const bool brackets = host.find(':') != std::string::npos;
    return (brackets ? "[" + host + "]" : host) + ":" + port;
}

Result<TailAddress> parse_tail_address(std::string_view text) {
    if (!is_request_text(text))
        return refuse(text, "spaces and control characters must be percent-encoded");
    if (text.starts_with("https://"))
        return refuse(
            text,
            "https is not supported; LogWisp itself speaks http, use http:// inside your network");
    if (text.starts_with("tcp://") || text.find("://") == std::string_view::npos) {
        const std::string_view authority = text.starts_with("tcp://") ? text.substr(6) : text;
        auto address = split_authority(authority, "", text);
        if (address) address->protocol = TailProtocol::tcp;
        return address;
    }
    if (!text.starts_with("http://")) return refuse(text, "only http:// and tcp:// are known");

    const std::string_view whole = text;
    text.remove_prefix(7);
    text = text.substr(0, text.find('#'));
    const auto end = std::min(text.find_first_of("/?"), text.size());
    if (text.substr(0, end).find('@') != std::string_view::npos)
        return refuse(whole, "user names and passwords in a URL are not supported");
    auto address = split_authority(text.substr(0, end), "80", whole);
    if (!address) return address;
    const std::string_view target = text.substr(end);
    const auto question = target.find('?');
    address->path = target.substr(0, question);
    if (question != std::string_view::npos) address->query = target.substr(question + 1);
    if (address->path.empty() || address->path == "/") address->path = "/stream";
    return address;
}

TailCommandLine parse_tail_command_line(int argc, char** argv) {
    enum : int { option_json = 256, option_no_color, option_no_reconnect };
    static constexpr option long_options[] = {
        {"tail", required_argument, nullptr, 'n'},
        {"json", no_argument, nullptr, option_json},
        {"no-color", no_argument, nullptr, option_no_color},
        {"no-reconnect", no_argument, nullptr, option_no_reconnect},
        {"help", no_argument, nullptr, 'h'},
        {nullptr, 0, nullptr, 0}};
    const char* program = argc > 0 ? argv[0] : "logwisp tail";
    TailOptions options;
    const char* no_color = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    options.color = (no_color == nullptr || *no_color == '\0') &&
                    (terminal == nullptr || std::string_view(terminal) != "dumb");
    optind = 0;  // glibc: start afresh, whatever was parsed before
    for (int c = 0; (c = getopt_long(argc, argv, "n:h", long_options, nullptr)) != -1;) {
        switch (c) {
            case 'n':
                options.tail_entries = parse_count(optarg);
                if (!options.tail_entries)
                    return bad_usage(program,
                                     "--tail needs a number, not '" + std::string(optarg) + "'");
                break;
            case option_json:
                options.json = true;
                break;
            case option_no_color:
                options.color = false;
                break;
            case option_no_reconnect:
                options.reconnect = false;
                break;
            case 'h':
                std::fputs(help_text, stdout);
                return {.options = std::nullopt, .exit_code = 0};
            default:
                std::fprintf(stderr, "Try '%s --help'.\n", program);
                return {std::nullopt, 2};
        }
    }
    if (argc - optind != 1) return bad_usage(program, "one URL or HOST:PORT is needed");
    auto address = parse_tail_address(argv[optind]);
    if (!address) return bad_usage(program, address.error().text());
    options.address = std::move(*address);
    return {.options = std::move(options), .exit_code = 0};
}

}  // namespace logwisp
