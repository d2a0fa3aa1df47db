// What the whole process knows of one stream: its configuration, when it began, and counters. One
// object for all cores, made by the control thread, kept alive by whoever still serves it.
// Everything but the counters is constant.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.hpp"
#include "base/histogram.hpp"
#include "logwisp/config.hpp"
#include "stream/ledger_state.hpp"
#include "stream/past.hpp"
#include "wire/sse.hpp"

namespace logwisp {

class LedgerFile;

enum class Server : std::uint8_t { http, tcp };

// Why a reader does not get an entry: it fell behind the buffer, or it asked for what is not there any more.
enum class Drop : std::uint8_t { behind, gone };
inline constexpr std::array<std::string_view, 2> drop_names{"behind", "gone"};

// Why a reader went: by itself, or because it took nothing, its stream ended, or it sent too much.
enum class End : std::uint8_t { client, stalled, stream, talk };
inline constexpr std::array<std::string_view, 4> end_names{"client", "stalled", "stream", "talk"};

// Written by the core whose index it stands under.
struct alignas(64) CoreStreamCounters {
    std::array<Counter, drop_names.size()> dropped;  // entries, each reader counted; by Drop
    std::array<Counter, end_names.size()> ended;     // readers; by End
    std::array<Counter, 2> readers;                  // that came; by Server
    std::array<Counter, 2> refused;                  // max_clients were there; by Server
    Counter past_entries;  // read from the files again, each reader counted
    Counter sent_bytes;
    Histogram delivery;  // from seeing a change to the kernel's having its oldest entry, per send
};

// How the ledger is written, where one is kept.
enum class Recording : std::uint8_t {
    works,
    fails,          // tried again and again
    needs_restart,  // its directory was removed, and this process may not make another one
};

// Written by the home core once per turn in which something changed.
struct MonitorCounters {
    Counter watchers;
    Counter entries;
    Counter bytes;
    RotationCounters rotations;
    Counter lost_bytes;
    Counter unknown_losses;
    Counter skipped_nul_bytes;
    Counter truncated_lines;
    Counter read_errors;
    Counter refused_links;
    Counter
        unposted_entries;   // lost by the ring before a slow core had room; its readers were told
    Counter next_sequence;  // the next entry's on the home core: how far behind is a replica?
    std::atomic<bool> ready{false};
    std::atomic<Recording> recording{Recording::works};
    // Since when its file system has not answered, UTC; 0: it does. Written by the control thread.
    std::atomic<std::int64_t> stalled_since_us{0};
};

struct StreamInfo {
    StreamInfo(StreamConfig stream_config, std::size_t cores, std::size_t home)
        : config(std::move(stream_config)), home_core(home), per_core(cores) {
        monitor.next_sequence.set(first_sequence);
    }

    std::uint32_t id = 0;  // unique in this process, also across reloads
    // The stream of the same name whose place this one takes at a reload: it goes on with that one's
    // ids, positions and history. 0: none.
    std::uint32_t before_id = 0;
    const StreamConfig config;
    // One of the cores that serve, or, where the file system may hang, one of those behind them,
    // which serve nobody.
    const std::size_t home_core;
    std::string file_systems;  // which may hang: "/mnt/logs (nfs4)"; empty: none
    std::string epoch;         // see StreamOptions
    // What ids begin with now and began with before, oldest first. Empty: only `epoch`.
    std::vector<LedgerEpoch> epochs;
    std::uint64_t first_sequence = 1;  // of the first entry that is published
    // Open; taken by the home core when it begins. nullptr: none is kept.
    std::shared_ptr<LedgerFile> ledger;
    PastSource past;               // where entries that the ring has lost are found
    std::uint64_t started_ms = 0;  // monotonic, as Reactor::now_ms()
    std::vector<CoreStreamCounters> per_core;
    MonitorCounters monitor;

    // Readers connected now, over all cores: compared with max_clients when one comes.
    std::atomic<std::uint32_t> http_readers{0};
    std::atomic<std::uint32_t> tcp_readers{0};

    // An id that was given out for an entry of this stream, by this run or an earlier one.
    [[nodiscard]] bool gave_out(std::string_view id_epoch, std::uint64_t sequence) const {
        for (std::size_t at = 0; at + 1 < epochs.size(); ++at)
            if (epochs[at].text == id_epoch) return sequence < epochs[at + 1].first_sequence;
        const bool now = epochs.empty() ? id_epoch == epoch : id_epoch == epochs.back().text;
        return now && sequence < monitor.next_sequence.get();
    }
    // The sequence of such an id; nothing: it is none, whatever it looks like.
    [[nodiscard]] std::optional<std::uint64_t> sequence_of(std::string_view text) const {
        EventId said;
        if (!parse_event_id(text, said) || !gave_out(said.epoch, said.sequence))
            return std::nullopt;
        return said.sequence;
    }

    // The core apart on which it is followed, and on which alone its files are touched.
    [[nodiscard]] std::optional<std::size_t> home_apart() const {
        if (home_core < per_core.size()) return std::nullopt;
        return home_core;
    }
    // Its file system does not answer: nothing can be said of its files, or read from them.
    [[nodiscard]] bool stalled() const {
        return monitor.stalled_since_us.load(std::memory_order_relaxed) != 0;
    }

    [[nodiscard]] std::uint64_t uptime_seconds(std::uint64_t now_ms) const {
        // A core's time is taken once per turn, which may be before the stream began.
        return now_ms > started_ms ? (now_ms - started_ms) / 1000 : 0;
    }
    [[nodiscard]] std::uint64_t dropped_entries() const {
        return sum([](const CoreStreamCounters& core) {
            std::uint64_t all = 0;
            for (const Counter& counter : core.dropped) all += counter.get();
            return all;
        });
    }
    [[nodiscard]] std::uint64_t past_entries() const {
        return sum([](const CoreStreamCounters& core) { return core.past_entries.get(); });
    }
    [[nodiscard]] std::uint64_t sent_bytes() const {
        return sum([](const CoreStreamCounters& core) { return core.sent_bytes.get(); });
    }
    // Of what `value` gives for each core.
    template <class Value>
    [[nodiscard]] std::uint64_t sum(Value value) const {
        std::uint64_t all = 0;
        for (const CoreStreamCounters& core : per_core) all += value(core);
        return all;
    }
};

}  // namespace logwisp
