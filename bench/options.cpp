#include "options.hpp"

#include <getopt.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace logwisp::bench {
namespace {

constexpr std::uint64_t readers_max = 60'000;         // ports on one address, and some left over
constexpr std::uint64_t lines_max = 999'999'999'999;  // as many digits as a line has for its number
constexpr std::uint64_t line_bytes_max = 1 << 20;

std::string whole_number(std::string_view text, std::uint64_t least, std::uint64_t most, auto& to) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
        return "must be a whole number from " + std::to_string(least) + " to " +
               std::to_string(most);
    to = static_cast<std::remove_reference_t<decltype(to)>>(value);
    return {};
}

std::string seconds_of(std::string_view text, double& to) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value > 0 && value <= 1e6))
        return "must be a number of seconds above 0";
    to = value;
    return {};
}

std::string add_endpoint(CommandLine& line, Protocol protocol, std::string_view text) {
    Endpoint endpoint{.protocol = protocol, .host = {}, .port = {}, .target = {}};
    const bool http = protocol == Protocol::sse || protocol == Protocol::nchan;
    const std::string wanted =
        http ? "must be like http://127.0.0.1:8080/stream" : "must be like 127.0.0.1:9090";
    constexpr std::string_view scheme = "http://";
    if (http) {
        if (!text.starts_with(scheme)) return wanted;
        text.remove_prefix(scheme.size());
        const auto slash = std::min(text.find('/'), text.size());
        endpoint.target = slash == text.size() ? "/stream" : text.substr(slash);
        text = text.substr(0, slash);
    }
    const auto colon = text.rfind(':');
    unsigned port = 0;
    if (colon == std::string_view::npos || colon == 0 ||
        !whole_number(text.substr(colon + 1), 1, 65535, port).empty())
        return wanted;
    endpoint.host = text.substr(0, colon);
    endpoint.port = text.substr(colon + 1);
    if (endpoint.host.starts_with('[') && endpoint.host.ends_with(']'))
        endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
    line.run.endpoints.push_back(endpoint);
    return {};
}

std::string set_text(std::string_view text, std::string& to) {
    if (text.empty()) return "must not be empty";
    to = text;
    return {};
}

std::string set_name(std::string_view text, std::string& to) {
    if (std::any_of(text.begin(), text.end(),
                    [](unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }))
        return "must not hold quotes, backslashes and control characters";
    return set_text(text, to);
}

using Line = CommandLine;
using Text = std::string_view;

}  // namespace

const std::vector<BenchOption>& bench_options() {
    static const std::vector<BenchOption> all = {
        {"sse", "URL", "Read server-sent events of LogWisp's here; may be given again",
         [](Line& line, Text text) { return add_endpoint(line, Protocol::sse, text); }},
        {"tcp", "HOST:PORT", "Read LogWisp's raw TCP here; may be given again",
         [](Line& line, Text text) { return add_endpoint(line, Protocol::tcp, text); }},
        {"raw", "HOST:PORT", "Read the lines themselves here, as tail -F and nc give them",
         [](Line& line, Text text) { return add_endpoint(line, Protocol::raw, text); }},
        {"nats", "HOST:PORT", "Publish to this nats-server and subscribe there",
         [](Line& line, Text text) { return add_endpoint(line, Protocol::nats, text); }},
        {"redis", "HOST:PORT", "Publish to this redis-server and subscribe there",
         [](Line& line, Text text) { return add_endpoint(line, Protocol::redis, text); }},
        {"nchan", "URL", "Publish to /pub of this nginx with nchan and read events here",
         [](Line& line, Text text) { return add_endpoint(line, Protocol::nchan, text); }},
        {"file", "FILE", "The followed file: lines are appended to it",
         [](Line& line, Text text) { return set_text(text, line.run.file); }},
        {"follow", "", "Somebody else writes the file; count for --seconds what comes of it",
         [](Line& line, Text) { return line.run.follow = true, std::string(); }},
        {"readers", "N", "Readers of each endpoint (1)",
         [](Line& line, Text text) {
             return whole_number(text, 1, readers_max, line.run.readers);
         }},
        {"verify", "N",
         "Look at every byte of N readers of each endpoint, count those of the others (all)",
         [](Line& line, Text text) {
             std::uint32_t count = 0;
             std::string error = whole_number(text, 1, readers_max, count);
             line.run.verified = count;
             return error;
         }},
        {"connecting", "N", "Connect at most N readers at once (128)",
         [](Line& line, Text text) {
             return whole_number(text, 1, readers_max, line.run.connecting_max);
         }},
        {"rate", "R", "Lines per second (0: as fast as possible)",
         [](Line& line, Text text) {
             return whole_number(text, 0, 100'000'000, line.run.writer.rate);
         }},
        {"window", "N", "Without a rate: at most N lines ahead of the slowest reader (0: no bound)",
         [](Line& line, Text text) {
             return whole_number(text, 0, lines_max, line.run.writer.window);
         }},
        {"lines", "N", "How many lines",
         [](Line& line, Text text) {
             return whole_number(text, 1, lines_max, line.run.writer.lines);
         }},
        {"seconds", "S", "For how long, with --rate or --follow",
         [](Line& line, Text text) { return seconds_of(text, line.seconds); }},
        {"line-bytes", "B", "Length of a line with its LF (200)",
         [](Line& line, Text text) {
             return whole_number(text, 1, line_bytes_max, line.run.writer.line_bytes);
         }},
        {"line-kind", "KIND", "Lines as plain text or json (plain)",
         [](Line& line, Text text) {
             if (text != "plain" && text != "json") return std::string("must be plain or json");
             line.run.writer.line_kind = text == "json" ? LineKind::json : LineKind::plain;
             return std::string();
         }},
        {"idle", "S", "Look for S seconds at what the server costs when nothing is written",
         [](Line& line, Text text) { return seconds_of(text, line.run.idle_seconds); }},
        {"pid", "PID",
         "The server: report its CPU time, memory, wake-ups; may be given again: added up",
         [](Line& line, Text text) {
             return whole_number(text, 1, 1 << 22, line.run.pids.emplace_back());
         }},
        {"stall-reader", "K", "Reader K, from 0, reads nothing for a while; may be given again",
         [](Line& line, Text text) {
             return whole_number(text, 0, readers_max, line.run.stall_readers.emplace_back());
         }},
        {"stall-seconds", "S", "For how long, and until all others have everything",
         [](Line& line, Text text) { return seconds_of(text, line.run.stall_seconds); }},
        {"receive-buffer", "B", "SO_RCVBUF of a stalled reader (0: the system's)",
         [](Line& line, Text text) {
             return whole_number(text, 0, 1 << 30, line.run.receive_buffer_bytes);
         }},
        {"churn-readers", "N", "N readers of each endpoint leave now and then, and resume",
         [](Line& line, Text text) {
             return whole_number(text, 0, readers_max, line.run.churn_readers);
         }},
        {"churn-entries", "E", "After so many entries (1000)",
         [](Line& line, Text text) {
             return whole_number(text, 1, lines_max, line.run.churn_entries);
         }},
        {"quiet-seconds", "S", "Give up when no line arrives for so long (20)",
         [](Line& line, Text text) { return seconds_of(text, line.run.quiet_seconds_max); }},
        {"name", "NAME", "What the run is called in reports and charts",
         [](Line& line, Text text) { return set_name(text, line.name); }},
        {"json", "", "Report as one line of JSON",
         [](Line& line, Text) { return line.json = true, std::string(); }},
        {"percentiles", "FILE", "Write the distribution of latencies as HdrHistogram does",
         [](Line& line, Text text) { return set_text(text, line.percentiles_file); }},
        {"chart", "FILE", "Draw the distribution of latencies as SVG",
         [](Line& line, Text text) { return set_text(text, line.chart_file); }},
        {"beside", "NAME=FILE",
         "Draw also a percentile file, without a server only such; may be given again",
         [](Line& line, Text text) {
             const auto equals = text.find('=');
             if (equals == Text::npos || equals == 0 || equals + 1 == text.size())
                 return std::string("must be like before=before.hgrm");
             line.beside.emplace_back(text.substr(0, equals), text.substr(equals + 1));
             return std::string();
         }},
        {"count-file", "FILE", "Of an allocation counter that was preloaded into the server",
         [](Line& line, Text text) { return set_text(text, line.run.count_file); }},
        {"warm-up-lines", "N", "Report the allocations after N lines (0)",
         [](Line& line, Text text) {
             return whole_number(text, 0, lines_max, line.run.warm_up_lines);
         }},
        {"version", "", "Print the version and exit",
         [](Line& line, Text) { return line.version = true, std::string(); }},
        {"help", "", "Print this help and exit",
         [](Line& line, Text) { return line.help = true, std::string(); }},
    };
    return all;
}

namespace {

std::string what_is_wrong_with_endpoints(const RunOptions& run) {
    if (run.endpoints.empty())
        return "one of --sse, --tcp, --raw, --nats, --redis, --nchan is needed";
    const bool peers = fed_over_a_connection(run.endpoints.front().protocol);
    for (const Endpoint& endpoint : run.endpoints)
        if (fed_over_a_connection(endpoint.protocol) && run.endpoints.size() > 1)
            return "--" + std::string(protocol_name(endpoint.protocol)) +
                   " cannot be combined with another endpoint";
    if (peers && !run.file.empty()) return "a peer is fed over a connection, not by --file";
    if (!peers && run.file.empty()) return "--file is needed";
    if (run.readers * run.endpoints.size() > readers_max)
        return "more than " + std::to_string(readers_max) + " readers";
    return {};
}

std::string what_is_wrong(const CommandLine& line) {
    const RunOptions& run = line.run;
    if (line.draws_only()) return {};
    if (!line.beside.empty() && line.chart_file.empty()) return "--beside needs --chart";
    if (std::string error = what_is_wrong_with_endpoints(run); !error.empty()) return error;
    const bool drains = run.verified && *run.verified < run.readers;
    if (run.follow) {
        if (line.seconds == 0) return "--follow needs --seconds";
        if (run.writer.lines > 0 || run.writer.rate > 0 || run.writer.window > 0)
            return "with --follow nothing is written: --lines, --rate and --window mean nothing";
        if (drains) return "with --follow every reader is verified: --verify means nothing";
        if (run.endpoints.front().protocol > Protocol::sse) return "--follow needs --sse or --tcp";
        if (!line.percentiles_file.empty() || !line.chart_file.empty())
            return "with --follow there are no latencies: --percentiles and --chart mean nothing";
        if (!run.stall_readers.empty() || run.churn_readers > 0)
            return "with --follow no reader stalls or churns";
    } else if (line.seconds > 0 && (run.writer.rate == 0 || run.writer.lines > 0)) {
        return "--seconds needs a --rate and no --lines";
    } else if (line.seconds * static_cast<double>(run.writer.rate) >
               static_cast<double>(lines_max)) {
        return "--rate and --seconds are more than " + std::to_string(lines_max) + " lines";
    } else if (line.seconds == 0 && run.writer.lines == 0 && run.idle_seconds == 0) {
        return "how much? --lines, or --rate and --seconds, or --idle";
    }
    if (run.writer.line_kind == LineKind::json && run.endpoints.front().protocol > Protocol::sse)
        return "--line-kind json is for servers that read it: --sse or --tcp";
    if (run.writer.rate > 0 && run.writer.window > 0) return "--window means nothing at a --rate";
    const bool odd = !run.stall_readers.empty() || run.churn_readers > 0;
    if (odd && (drains || run.writer.window > 0))
        return "readers that stall or churn need all others verified, and no --window";
    if (run.churn_readers > run.readers) return "--churn-readers is more than --readers";
    for (const std::uint32_t index : run.stall_readers)
        if (index >= run.readers * run.endpoints.size())
            return "--stall-reader " + std::to_string(index) + ": there is no such reader";
    if (!run.stall_readers.empty() && run.stall_seconds == 0)
        return "--stall-reader needs --stall-seconds";
    return {};
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
    const auto& options = bench_options();
    std::vector<option> names;
    for (const BenchOption& each : options)
        names.push_back({each.name, each.metavar[0] != '\0' ? required_argument : no_argument,
                         nullptr, static_cast<int>(names.size()) + 256});
    names.push_back({});
    CommandLine line;
    line.run.connecting_max = 128;  // a listen backlog of the usual length is enough for these
    line.run.churn_entries = 1000;
    line.run.quiet_seconds_max = 20;
    opterr = 0;
    for (int c = 0; (c = getopt_long(argc, argv, ":h", names.data(), nullptr)) != -1;) {
        if (c == 'h') {
            line.help = true;
        } else if (c >= 256) {
            const BenchOption& each = options[static_cast<std::size_t>(c) - 256];
            const std::string_view value = optarg == nullptr ? "" : optarg;
            const std::string error = each.take(line, value);
            if (!error.empty() && line.error.empty())
                line.error =
                    "--" + std::string(each.name) + " " + std::string(value) + ": " + error;
        } else if (line.error.empty()) {
            line.error =
                std::string(argv[optind - 1]) +
                (c == ':' ? ": needs a value" : ": no such option, or not with this value");
        }
    }
    if (line.error.empty() && optind < argc)
        line.error = std::string(argv[optind]) + ": an option is expected";
    if (line.help || line.version || !line.error.empty()) return line;
    line.error = what_is_wrong(line);
    line.run.follow_seconds = line.seconds;
    if (line.seconds > 0 && !line.run.follow)
        line.run.writer.lines = std::max<std::uint64_t>(
            1,
            static_cast<std::uint64_t>(line.seconds * static_cast<double>(line.run.writer.rate)));
    return line;
}

std::string help_text() {
    std::string text =
        "Usage: logwisp-bench ENDPOINT... --file FILE [OPTIONS]\n"
        "\n"
        "Feeds a followed file and reads what the server makes of it, as many readers; says what\n"
        "was delivered, whether all of it, how fast, and what it cost.\n"
        "\n";
    constexpr std::size_t column = 26;
    for (const BenchOption& each : bench_options()) {
        std::string left = "  --" + std::string(each.name);
        if (each.metavar[0] != '\0') left += " " + std::string(each.metavar);
        if (left.size() + 2 > column)
            left += "\n" + std::string(column, ' ');
        else
            left.resize(column, ' ');
        text += left + each.help + "\n";
    }
    return text +
           "\n"
           "Exit status: 0 every reader is content, 1 one is not, 2 bad usage.\n";
}

}  // namespace logwisp::bench
