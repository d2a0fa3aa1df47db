#include "serve/metrics.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "logwisp/version.hpp"

namespace logwisp {

namespace {

using Streams = std::vector<std::shared_ptr<StreamInfo>>;

const std::array<std::string, Histogram::bounds_ns.size()>& bucket_bounds() {
    static const auto texts = [] {
        std::array<std::string, Histogram::bounds_ns.size()> out;
        std::transform(Histogram::bounds_ns.begin(), Histogram::bounds_ns.end(), out.begin(),
                       bound_seconds);
        return out;
    }();
    return texts;
}

class Page {
  public:
    Page(const Streams& streams, MetricsFormat format) : streams_(streams), text_(format) {}

    std::string run(const MetricsFacts& facts) {
        service(facts);
        following();
        reading();
        delivery();
        return std::move(text_).finish();
    }

  private:
    void service(const MetricsFacts& facts) {
        text_.family({"logwisp_build", MetricKind::info, "", "What runs here"});
        text_.sample({{"version", version}, {"backend", facts.status.backend}}, 1);
        gauge("logwisp_cores", "Threads that serve", facts.status.cores);
        gauge("logwisp_ready",
              "1 once every stream follows its targets, 0 before and while stopping",
              facts.ready ? 1 : 0);
        text_.family({"logwisp_accept_failures", MetricKind::counter, "",
                      "Clients that could not be taken when they came, mostly at the limit of open "
                      "files; they waited"});
        text_.sample({}, facts.status.accept_failures);
        text_.family({"logwisp_refused_connections", MetricKind::counter, "",
                      "Connections closed at once because as many as may be were open at their "
                      "port"});
        text_.sample({}, facts.status.refused_connections);
        text_.family({"process_start_time_seconds", MetricKind::gauge, "seconds",
                      "When the process started, since 1970"});
        text_.seconds({}, facts.started_ns);
        text_.family({"process_cpu_seconds", MetricKind::counter, "seconds",
                      "User and system time of the process"});
        text_.seconds({}, facts.cpu_ns);
    }

    void following() {
        per_stream({"logwisp_stream_ready", MetricKind::gauge, "",
                    "1 once the stream follows its targets"},
                   [](const StreamInfo& stream) {
                       return stream.monitor.ready.load(std::memory_order_relaxed) ? 1 : 0;
                   });
        per_stream({"logwisp_stream_stalled", MetricKind::gauge, "",
                    "1 while the file system of the stream's files does not answer, so that it "
                    "stands still"},
                   [](const StreamInfo& stream) { return stream.stalled() ? 1 : 0; });
        monitor({"logwisp_followed_files", MetricKind::gauge, "", "Files that are followed now"},
                &MonitorCounters::watchers);
        monitor({"logwisp_entries", MetricKind::counter, "", "Entries made of lines and rotations"},
                &MonitorCounters::entries);
        monitor({"logwisp_read_bytes", MetricKind::counter, "bytes", "Read from files"},
                &MonitorCounters::bytes);
        text_.family({"logwisp_rotations", MetricKind::counter, "",
                      "Files that were rotated: inode_change, another file took the name (create, "
                      "rename); size_decrease, time_reset and beyond_size, it was truncated "
                      "(copytruncate) and is seen to be smaller, younger than what was read, or to "
                      "hold something else"});
        for (const auto& stream : streams_)
            for (std::size_t reason = 0; reason < rotation_reason_names.size(); ++reason)
                text_.sample(
                    {{"stream", stream->config.name}, {"reason", rotation_reason_names[reason]}},
                    stream->monitor.rotations.get(reason));
        monitor({"logwisp_lost_bytes", MetricKind::counter, "bytes",
                 "Bytes of files that were destroyed before they could be read"},
                &MonitorCounters::lost_bytes);
        monitor({"logwisp_unknown_losses", MetricKind::counter, "",
                 "Times a file was truncated or removed, which may have destroyed what was written "
                 "right before"},
                &MonitorCounters::unknown_losses);
        monitor({"logwisp_skipped_nul_bytes", MetricKind::counter, "bytes",
                 "NULs that were passed over, as a truncation leaves them"},
                &MonitorCounters::skipped_nul_bytes);
        monitor({"logwisp_truncated_lines", MetricKind::counter, "",
                 "Lines longer than max_line_bytes, which were cut"},
                &MonitorCounters::truncated_lines);
        monitor({"logwisp_read_errors", MetricKind::counter, "",
                 "Attempts to open or read a file that failed"},
                &MonitorCounters::read_errors);
        monitor({"logwisp_refused_links", MetricKind::counter, "",
                 "Symbolic and hard links that were not followed, by follow_symlinks"},
                &MonitorCounters::refused_links);
    }

    void reading() {
        per_server({"logwisp_readers", MetricKind::gauge, "", "Readers connected now"},
                   [](const StreamInfo& stream, Server server) {
                       return std::uint64_t{
                           (server == Server::http ? stream.http_readers : stream.tcp_readers)
                               .load(std::memory_order_relaxed)};
                   });
        per_server(
            {"logwisp_readers_limit", MetricKind::gauge, "", "Readers that may be connected"},
            [](const StreamInfo& stream, Server server) {
                return std::uint64_t{config_of(stream, server).clients_max};
            });
        per_server({"logwisp_readers_connected", MetricKind::counter, "", "Readers that came"},
                   [](const StreamInfo& stream, Server server) {
                       return stream.sum([server](const CoreStreamCounters& core) {
                           return core.readers[index_of(server)].get();
                       });
                   });
        per_server({"logwisp_readers_refused", MetricKind::counter, "",
                    "Readers that were sent away because max_clients were connected"},
                   [](const StreamInfo& stream, Server server) {
                       return stream.sum([server](const CoreStreamCounters& core) {
                           return core.refused[index_of(server)].get();
                       });
                   });
        per_reason({"logwisp_readers_ended", MetricKind::counter, "",
                    "Readers that went: client, it closed or had all it asked for; stalled, it "
                    "took nothing for "
                    "too long; stream, the stream was changed, removed or stopped; talk, it sent "
                    "too much"},
                   end_names, &CoreStreamCounters::ended);
        per_reason({"logwisp_dropped_entries", MetricKind::counter, "",
                    "Entries a reader was told it does not get: behind, it read too slowly; gone, "
                    "it asked for what is not there any more"},
                   drop_names, &CoreStreamCounters::dropped);
        monitor({"logwisp_unposted_entries", MetricKind::counter, "",
                 "Entries that did not reach a core which was too busy; its readers were told"},
                &MonitorCounters::unposted_entries);
        per_stream({"logwisp_past_entries", MetricKind::counter, "",
                    "Entries read from the files again for a reader"},
                   [](const StreamInfo& stream) { return stream.past_entries(); });
        per_stream({"logwisp_sent_bytes", MetricKind::counter, "bytes", "Sent to readers"},
                   [](const StreamInfo& stream) { return stream.sent_bytes(); });
    }

    void delivery() {
        text_.family({"logwisp_delivery_seconds", MetricKind::histogram, "seconds",
                      "From seeing that a file has changed to the kernel's having its entry for a "
                      "reader: one observation per send, of its oldest entry"});
        for (const auto& stream : streams_) {
            const std::string_view name = stream->config.name;
            std::uint64_t below = 0;
            for (std::size_t range = 0; range < Histogram::ranges; ++range) {
                below += stream->sum(
                    [range](const CoreStreamCounters& core) { return core.delivery.count(range); });
                const bool last = range == Histogram::bounds_ns.size();
                text_.part("_bucket",
                           {{"stream", name},
                            {"le", last ? std::string_view("+Inf") : bucket_bounds()[range]}},
                           below);
            }
            text_.part_seconds(
                "_sum", {{"stream", name}},
                stream->sum([](const CoreStreamCounters& core) { return core.delivery.sum_ns(); }));
            text_.part("_count", {{"stream", name}}, below);
        }
    }

    static std::size_t index_of(Server server) { return static_cast<std::size_t>(server); }
    static const ServerConfig& config_of(const StreamInfo& stream, Server server) {
        if (server == Server::http) return stream.config.http;
        return stream.config.tcp;
    }

    void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
        text_.family({name, MetricKind::gauge, "", help});
        text_.sample({}, value);
    }

    template <class Value>
    void per_stream(const MetricFamily& family, Value value) {
        text_.family(family);
        for (const auto& stream : streams_)
            text_.sample({{"stream", stream->config.name}},
                         static_cast<std::uint64_t>(value(*stream)));
    }

    void monitor(const MetricFamily& family, Counter MonitorCounters::*counter) {
        per_stream(family,
                   [counter](const StreamInfo& stream) { return (stream.monitor.*counter).get(); });
    }

    template <class Value>
    void per_server(const MetricFamily& family, Value value) {
        text_.family(family);
        for (const auto& stream : streams_)
            for (const Server server : {Server::http, Server::tcp})
                if (config_of(*stream, server).enabled)
                    text_.sample({{"stream", stream->config.name},
                                  {"server", server == Server::http ? "http" : "tcp"}},
                                 value(*stream, server));
    }

    template <std::size_t count>
    void per_reason(const MetricFamily& family, const std::array<std::string_view, count>& names,
                    std::array<Counter, count> CoreStreamCounters::*counters) {
        text_.family(family);
        for (const auto& stream : streams_)
            for (std::size_t reason = 0; reason < count; ++reason)
                text_.sample({{"stream", stream->config.name}, {"reason", names[reason]}},
                             stream->sum([&](const CoreStreamCounters& core) {
                                 return (core.*counters)[reason].get();
                             }));
    }

    const Streams& streams_;
    MetricsText text_;
};

}  // namespace

std::string metrics_page(const Streams& streams, const MetricsFacts& facts, MetricsFormat format) {
    return Page(streams, format).run(facts);
}

}  // namespace logwisp
