// logwisp-fanout: N readers of a running server, each of which checks that it gets every line of a
// numbered writer once, in order, whole, or is told exactly how many it missed; and what that cost.
// One thread reads, another one writes.
//
// Exit: 0 every reader is content, 1 at least one is not (or was never served), 2 bad usage.
#include <getopt.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "fanout_loop.hpp"

namespace logwisp::fanout {
namespace {

constexpr const char* help_text =
    "Usage: logwisp-fanout (--tcp HOST:PORT | --sse http://HOST:PORT/PATH)... --file F [OPTIONS]\n"
    "  --readers N          of each endpoint (1)\n"
    "  --file F             the followed file, appended to\n"
    "  --rate R             lines per second (0: as fast as possible)\n"
    "  --lines N | --seconds S   how many lines (S needs a rate)\n"
    "  --line-bytes B       with the LF (200)\n"
    "  --stall-reader K... --stall-seconds S   reader K reads nothing for S seconds\n"
    "                       and until all others have everything\n"
    "  --receive-buffer B   SO_RCVBUF of the stalled reader\n"
    "  --churn-readers N --churn-entries E  N readers of each endpoint leave after E entries and "
    "resume\n"
    "  --quiet-seconds S    give up when nothing arrives for so long (20)\n"
    "  --pid P              the server: its CPU time, memory and descriptors are reported\n"
    "  --count-file F --warm-up-lines N     allocations of the server after N lines, from a "
    "preloaded counter\n"
    "  --json               report as JSON\n";

struct CommandLine {
    FanoutOptions options;
    double seconds = 0;
    bool json = false;
    bool good = true;
};

bool split_host_port(const std::string& text, Endpoint& endpoint) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return false;
    endpoint.host = text.substr(0, colon);
    endpoint.port = text.substr(colon + 1);
    return !endpoint.host.empty() && !endpoint.port.empty();
}

bool parse_url(const std::string& url, Endpoint& endpoint) {
    const std::string scheme = "http://";
    if (!url.starts_with(scheme)) return false;
    const auto slash = std::min(url.find('/', scheme.size()), url.size());
    endpoint.protocol = Protocol::sse;
    endpoint.target = slash == url.size() ? "/stream" : url.substr(slash);
    return split_host_port(url.substr(scheme.size(), slash - scheme.size()), endpoint);
}

CommandLine parse(int argc, char** argv) {
    enum : int {
        tcp = 1,
        sse,
        readers,
        file,
        rate,
        lines,
        seconds,
        line_bytes,
        stall_reader,
        stall_seconds,
        receive_buffer,
        churn_readers,
        churn_entries,
        quiet,
        pid,
        count_file,
        warm_up,
        json
    };
    static const option names[] = {{"tcp", 1, nullptr, tcp},
                                   {"sse", 1, nullptr, sse},
                                   {"readers", 1, nullptr, readers},
                                   {"file", 1, nullptr, file},
                                   {"rate", 1, nullptr, rate},
                                   {"lines", 1, nullptr, lines},
                                   {"seconds", 1, nullptr, seconds},
                                   {"line-bytes", 1, nullptr, line_bytes},
                                   {"stall-reader", 1, nullptr, stall_reader},
                                   {"stall-seconds", 1, nullptr, stall_seconds},
                                   {"receive-buffer", 1, nullptr, receive_buffer},
                                   {"churn-readers", 1, nullptr, churn_readers},
                                   {"churn-entries", 1, nullptr, churn_entries},
                                   {"quiet-seconds", 1, nullptr, quiet},
                                   {"pid", 1, nullptr, pid},
                                   {"count-file", 1, nullptr, count_file},
                                   {"warm-up-lines", 1, nullptr, warm_up},
                                   {"json", 0, nullptr, json},
                                   {nullptr, 0, nullptr, 0}};
    CommandLine line;
    FanoutOptions& options = line.options;
    WriterOptions writer;
    for (int c = 0; (c = getopt_long(argc, argv, "", names, nullptr)) != -1;) {
        const auto number = [] { return std::strtoull(optarg, nullptr, 10); };
        Endpoint endpoint;
        switch (c) {
            case tcp:
                line.good = line.good && split_host_port(optarg, endpoint);
                options.endpoints.push_back(endpoint);
                break;
            case sse:
                line.good = line.good && parse_url(optarg, endpoint);
                options.endpoints.push_back(endpoint);
                break;
            case readers:
                options.readers = static_cast<std::uint32_t>(number());
                break;
            case file:
                writer.file = optarg;
                break;
            case rate:
                writer.rate = number();
                break;
            case lines:
                writer.lines = number();
                break;
            case seconds:
                line.seconds = std::strtod(optarg, nullptr);
                break;
            case line_bytes:
                writer.line_bytes = number();
                break;
            case stall_reader:
                options.stall_readers.push_back(static_cast<std::uint32_t>(number()));
                break;
            case stall_seconds:
                options.stall_seconds = std::strtod(optarg, nullptr);
                break;
            case receive_buffer:
                options.receive_buffer_bytes = static_cast<int>(number());
                break;
            case churn_readers:
                options.churn_readers = static_cast<std::uint32_t>(number());
                break;
            case churn_entries:
                options.churn_entries = std::max<std::uint64_t>(number(), 1);
                break;
            case quiet:
                options.quiet_seconds_max = std::strtod(optarg, nullptr);
                break;
            case pid:
                options.pid = static_cast<pid_t>(number());
                break;
            case count_file:
                options.count_file = optarg;
                break;
            case warm_up:
                options.warm_up_lines = number();
                break;
            case json:
                line.json = true;
                break;
            default:
                line.good = false;
        }
    }
    if (writer.lines == 0)
        writer.lines = static_cast<std::uint64_t>(line.seconds * static_cast<double>(writer.rate));
    line.good = line.good && optind == argc && !options.endpoints.empty() && options.readers > 0 &&
                !writer.file.empty() && writer.lines > 0;
    options.writer = writer;
    return line;
}

double percentile_ms(std::vector<std::uint32_t>& sorted, double part) {
    if (sorted.empty()) return 0;
    return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))] / 1000.0;
}

void report(FanoutResult& result, const CommandLine& line) {
    std::sort(result.latency_us.begin(), result.latency_us.end());
    const double seconds = std::max(result.seconds, 1e-9);
    const double cpu = result.after.cpu_seconds - result.before.cpu_seconds;
    const auto received = static_cast<double>(result.received);
    struct Figure {
        const char* name;
        double value;
        int decimals;
    };
    const Figure figures[] = {
        {"readers", static_cast<double>(result.readers), 0},
        {"lines", static_cast<double>(line.options.writer->lines), 0},
        {"probes", static_cast<double>(result.probes), 0},
        {"received", received, 0},
        {"dropped", static_cast<double>(result.dropped), 0},
        {"faulty_readers", static_cast<double>(result.faulty_readers), 0},
        {"reconnects", static_cast<double>(result.reconnects), 0},
        {"stalled_received", static_cast<double>(result.stalled_received), 0},
        {"stalled_dropped", static_cast<double>(result.stalled_dropped), 0},
        {"seconds", result.seconds, 3},
        {"writer_seconds", result.writer_seconds, 3},
        {"deliveries_per_second", received / seconds, 0},
        {"megabytes_per_second", static_cast<double>(result.entry_bytes) / seconds / 1e6, 1},
        {"latency_p50_ms", percentile_ms(result.latency_us, 0.5), 3},
        {"latency_p99_ms", percentile_ms(result.latency_us, 0.99), 3},
        {"latency_max_ms", percentile_ms(result.latency_us, 1.0), 3},
        {"server_cpu_seconds", cpu, 3},
        {"deliveries_per_server_cpu_second", cpu > 0 ? received / cpu : 0, 0},
        {"server_news", static_cast<double>(result.allocations.news), 0},
        {"server_mallocs", static_cast<double>(result.allocations.mallocs), 0},
        {"server_news_in_all", static_cast<double>(result.allocations_in_all.news), 0},
        {"server_rss_kib_before", static_cast<double>(result.before.rss_kib), 0},
        {"server_rss_kib_after", static_cast<double>(result.after.rss_kib), 0},
        {"server_descriptors_before", static_cast<double>(result.before.descriptors), 0},
        {"server_descriptors_after", static_cast<double>(result.after.descriptors), 0},
    };
    const char* separator = line.json ? "{" : "";
    for (const Figure& figure : figures) {
        if (line.json)
            std::printf("%s\"%s\":%.*f", separator, figure.name, figure.decimals, figure.value);
        else
            std::printf("%-34s %.*f\n", figure.name, figure.decimals, figure.value);
        separator = line.json ? "," : "";
    }
    if (line.json) std::printf("}\n");
    for (const std::string& fault : result.faults)
        std::fprintf(stderr, "logwisp-fanout: %s\n", fault.c_str());
}

}  // namespace
}  // namespace logwisp::fanout

int main(int argc, char** argv) {
    using namespace logwisp::fanout;
    const CommandLine line = parse(argc, argv);
    if (!line.good) {
        std::fputs(help_text, stderr);
        return 2;
    }
    FanoutLoop loop(line.options);
    FanoutResult result = loop.run();
    report(result, line);
    return result.faults.empty() ? 0 : 1;
}
