#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace logwisp::bench {
namespace {

constexpr double ns_per_ms = 1e6;

double ms(const Histogram& latency, double part) {
    return static_cast<double>(latency.at_ns(part)) / ns_per_ms;
}

double growth(std::uint64_t before, std::uint64_t after) {
    return static_cast<double>(after) - static_cast<double>(before);
}

void add_server(const RunResult& result, const RunOptions& options, std::vector<Figure>& figures) {
    const ProcessSample& connected = result.connected;
    const ProcessSample& before = result.before;
    const ProcessSample& after = result.after;
    const ThreadSample spent = spent_between(before, after);
    const double cpu = spent.cpu_seconds;
    const auto add = [&](const char* name, double value, int decimals, const char* unit) {
        figures.push_back({name, value, decimals, unit});
    };
    add("server_cpu_seconds", cpu, 4, "s");
    if (cpu > 0 && result.lines > 0) {
        add("deliveries_per_server_cpu_second", static_cast<double>(result.received) / cpu, 0, "");
        add("megabytes_per_server_cpu_second", static_cast<double>(result.wire_bytes) / cpu / 1e6,
            1, "MB");
        add("server_wakeups", static_cast<double>(spent.wakeups), 0, "");
    }
    add("server_connect_cpu_seconds", spent_between(result.alone, connected).cpu_seconds, 4, "s");
    if (result.idle_seconds > 0) {
        const ThreadSample idle = spent_between(connected, before);
        add("idle_seconds", result.idle_seconds, 3, "s");
        add("idle_cpu_percent", 100 * idle.cpu_seconds / result.idle_seconds, 3, "%");
        add("idle_wakeups_per_second", static_cast<double>(idle.wakeups) / result.idle_seconds, 2,
            "/s");
    }
    add("memory_per_reader_bytes",
        growth(result.alone.rss_kib, connected.rss_kib) * 1024 /
            static_cast<double>(std::max<std::uint64_t>(result.readers, 1)),
        0, "B");
    add("server_rss_kib_alone", static_cast<double>(result.alone.rss_kib), 0, "KiB");
    add("server_rss_kib_before", static_cast<double>(before.rss_kib), 0, "KiB");
    add("server_rss_kib_after", static_cast<double>(after.rss_kib), 0, "KiB");
    add("server_descriptors_before", static_cast<double>(before.descriptors), 0, "");
    add("server_descriptors_after", static_cast<double>(after.descriptors), 0, "");
    if (options.count_file.empty()) return;
    add("server_news", static_cast<double>(result.allocations.news), 0, "");
    add("server_mallocs", static_cast<double>(result.allocations.mallocs), 0, "");
    add("server_news_in_all", static_cast<double>(result.allocations_in_all.news), 0, "");
}

}  // namespace

std::vector<Figure> figures_of(const RunResult& result, const RunOptions& options) {
    std::vector<Figure> figures;
    const auto add = [&](const char* name, double value, int decimals = 0, const char* unit = "") {
        figures.push_back({name, value, decimals, unit});
    };
    const auto count = [&](const char* name, std::uint64_t value) {
        add(name, static_cast<double>(value));
    };
    count("readers", result.readers);
    count("verified_readers", result.verified_readers);
    count("faulty_readers", result.faulty_readers);
    add("connect_seconds", result.connect_seconds, 4, "s");
    add("connects_per_second",
        static_cast<double>(result.readers) / std::max(result.connect_seconds, 1e-9));
    if (options.writer.lines > 0 || options.follow) {
        const double seconds = std::max(result.seconds, 1e-9);
        const auto received = static_cast<double>(result.received);
        count("lines", result.lines);
        count("received", result.received);
        count("dropped", result.dropped);
        count("probes", result.probes);
        count("reconnects", result.reconnects);
        count("stalled_received", result.stalled_received);
        count("stalled_dropped", result.stalled_dropped);
        add("seconds", result.seconds, 3, "s");
        add("writer_seconds", result.writer_seconds, 3, "s");
        add("deliveries_per_second", received / seconds);
        add("megabytes_per_second", static_cast<double>(result.wire_bytes) / seconds / 1e6, 1,
            "MB");
        add("wire_bytes_per_delivery",
            static_cast<double>(result.wire_bytes) / std::max(received, 1.0), 1, "B");
    }
    const Histogram& latency = result.latency;
    if (latency.count() > 0) {
        add("latency_p50_ms", ms(latency, 0.5), 3, "ms");
        add("latency_p90_ms", ms(latency, 0.9), 3, "ms");
        add("latency_p99_ms", ms(latency, 0.99), 3, "ms");
        add("latency_p999_ms", ms(latency, 0.999), 3, "ms");
        add("latency_max_ms", static_cast<double>(latency.max_ns()) / ns_per_ms, 3, "ms");
        count("latency_samples", latency.count());
    }
    if (!options.pids.empty()) add_server(result, options, figures);
    return figures;
}

std::string report_json(const std::string& name, const std::vector<Figure>& figures) {
    std::string text = name.empty() ? "" : ",\"name\":\"" + name + "\"";
    char value[64];
    for (const Figure& figure : figures) {
        std::snprintf(value, sizeof value, "%.*f", figure.decimals, figure.value);
        text += ",\"" + std::string(figure.name) + "\":" + value;
    }
    text.front() = '{';
    return text + "}\n";
}

std::string report_text(const std::string& name, const std::vector<Figure>& figures) {
    std::string text = name.empty() ? "" : name + "\n";
    for (const Figure& figure : figures) {
        std::string words = figure.name;
        std::replace(words.begin(), words.end(), '_', ' ');
        // The unit stands behind the value.
        for (const char* unit : {" ms", " seconds", " bytes", " percent"})
            if (figure.unit[0] != '\0' && words.ends_with(unit) && words != "seconds")
                words.resize(words.size() - std::strlen(unit));
        char line[128];
        std::snprintf(line, sizeof line, "%-36s %14.*f %s", words.c_str(), figure.decimals,
                      figure.value, figure.unit);
        text += line;
        while (text.ends_with(' ')) text.pop_back();
        text += '\n';
    }
    return text;
}

}  // namespace logwisp::bench
