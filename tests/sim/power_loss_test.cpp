// What a power failure leaves of the ledgers is enough for what [state] sync promises (logwisp.toml.5), and never makes an id stand for two
// entries. Method: the whole program follows files in simulated time and keeps its ledger in a real directory, which a Disk watches; it is
// killed, stopped and started in between. Then the power fails at many of its moments (writes, renames, syncs), with any choice of what was
// not synced, and the program is started on what is left. Checked are the entries that readers were given before and are given then:
//
//   always    an id is one entry; a start never fails; every line is given at least once
//   interval  no line is given again that was given longer before than it takes to sync
//   batch     a reader that comes back with its last id gets every line once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "core/ledger_file.hpp"
#include "disk.hpp"
#include "disk_calls.hpp"
#include "network.hpp"
#include "program.hpp"
#include "seeds.hpp"
#include "support/json_check.hpp"
#include "support/sse_parser.hpp"
#include "violation.hpp"

namespace logwisp::sim {
namespace {

constexpr std::uint64_t ms_ns = 1'000'000;
constexpr std::uint64_t stop_timeout_ms = 2000;
constexpr std::uint32_t sync_interval_ms = 100;
constexpr std::uint64_t sync_ns_max = 5 * ms_ns;
// A sync that is due waits for the one under way, an interval more; a ledger begun anew is synced too.
constexpr std::uint64_t given_again_ns_max =
    2 * sync_interval_ms * ms_ns + 4 * sync_ns_max + 10 * ms_ns;
// A ledger is begun anew every 64 slots.
constexpr std::uint64_t ledger_bytes_max = 8192;

struct Given {
    std::string epoch;
    std::uint64_t sequence = 0;
    std::string message;
    std::size_t moments = 0;  // of the disk, before it was given
    std::uint64_t at_ns = 0;
    StateSync sync = StateSync::none;  // what was promised then
};

// A reader of events that is always there and never behind.
class Witness {
  public:
    Witness(World& world, Network& network, const Disk& disk, StateSync sync,
            const std::string& last_id)
        : world_(world), disk_(disk), sync_(sync), connection_(network.connect(http_port)) {
        CHECK(connection_ != nullptr);
        connection_->spare();
        connection_->peer_send(
            "GET /stream HTTP/1.1\r\nHost: sim\r\nAccept: text/event-stream\r\nLast-Event-ID: " +
            last_id + "\r\n\r\n");
    }
    ~Witness() { connection_->peer_close(); }
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;

    void look(std::vector<Given>& given) {
        take(connection_->peer_receive(1 << 20));
        for (; taken_ < parser_.events().size(); ++taken_) {
            const test::SseEvent& event = parser_.events()[taken_];
            if (event.type == "connected") begun_ = true;
            if (event.type != "message") continue;
            const auto json = test::JsonReader::read(event.data);
            const std::size_t dash = event.last_event_id.rfind('-');
            if (!json || dash == std::string::npos) violation("not an entry: {}", event.data);
            world_.trace.note("given", taken_, disk_.moments());
            given.push_back({.epoch = event.last_event_id.substr(0, dash),
                             .sequence = std::stoull(event.last_event_id.substr(dash + 1)),
                             .message = json->find("message")->text,
                             .moments = disk_.moments(),
                             .at_ns = world_.now_ns(),
                             .sync = sync_});
        }
    }
    [[nodiscard]] bool begun() const { return begun_; }

  private:
    void take(const std::string& bytes) {
        if (head_done_) return parser_.feed(bytes);
        head_ += bytes;
        const std::size_t end = head_.find("\r\n\r\n");
        if (end == std::string::npos) return;
        if (!head_.starts_with("HTTP/1.1 200 ")) violation("answered {:.200}", head_);
        head_done_ = true;
        parser_.feed(std::string_view(head_).substr(end + 4));
    }

    World& world_;
    const Disk& disk_;
    StateSync sync_;
    std::shared_ptr<Connection> connection_;
    test::SseParser parser_;
    std::string head_;
    bool head_done_ = false;
    bool begun_ = false;
    std::size_t taken_ = 0;
};

class PowerLossRun {
  public:
    PowerLossRun(std::uint64_t seed, std::string directory)
        : world_(seed), directory_(std::move(directory)) {
        world_.trace.print(seeds().print);
        world_.faults.sync_ns_max = sync_ns_max;
        files_.make_directory("/logs");
        for (const char* const name : {"a", "b", "c"}) {
            Log log;
            log.name = name;
            CHECK(files_.open_writer("/logs/" + log.name + ".log", true, log.writer) == 0);
            logs_.push_back(std::move(log));
        }
        config_.name = "app";
        Target target;
        target.path = "/logs";
        target.pattern = "*.log";
        target.from = StartAt::beginning;
        config_.monitor.targets.push_back(target);
        config_.monitor.check_interval_ms = 20;
        config_.http.enabled = true;
        config_.http.port = http_port;
        // What is further back is read from the files, by what the ledger says.
        config_.http.buffer_entries = static_cast<std::uint32_t>(world_.random.between(16, 500));
        config_.tcp.enabled = false;
        state_.sync = static_cast<StateSync>(world_.random.below(3));
        state_.sync_interval_ms = sync_interval_ms;
        state_.bytes_max = ledger_bytes_max;
    }
    ~PowerLossRun() {
        for (Log& log : logs_) files_.close_writer(log.writer);
    }
    PowerLossRun(const PowerLossRun&) = delete;
    PowerLossRun& operator=(const PowerLossRun&) = delete;

    // The power failures looked at.
    std::size_t run(std::size_t failures) {
        Random& random = world_.random;
        std::vector<std::pair<std::size_t, Contents>> left;
        {
            Disk disk(world_, directory_, {});
            const StateSync last_sync = state_.sync;
            std::size_t since = 0;  // the promises are those of the last start
            for (std::uint64_t starts = random.between(1, 3); starts > 0; --starts) {
                since = disk.moments();
                state_.sync = starts == 1 || random.chance(500)
                                  ? last_sync
                                  : static_cast<StateSync>(random.below(3));
                live(disk);
                if (starts == 1 || random.chance(500)) continue;
                kill(disk, random.between(since, disk.moments()));
            }
            for (std::size_t failure = 0; failure < failures; ++failure) {
                const std::size_t moments = random.between(since + 1, disk.moments());
                left.emplace_back(moments, disk.after_power_loss(moments, random));
            }
            for (std::size_t at = 0; at < disk.moments(); ++at)
                moment_ns_.push_back(disk.moment_ns(at));
            moment_ns_.push_back(world_.now_ns());
        }
        for (const auto& [moments, contents] : left) check(moments, contents);
        return left.size();
    }

  private:
    struct Log {
        std::string name;
        Writer writer;
        std::uint32_t lines = 0;
    };

    std::shared_ptr<LedgerFile> open_ledger() {
        auto directory = StateDirectory::open(directory_);
        if (!directory) violation("no state directory: {}", directory.error().text());
        auto ledger = LedgerFile::open(*directory, "app", state_, files_.wall_us());
        if (!ledger) violation("no ledger: {}", ledger.error().text());
        return std::move(*ledger);
    }

    // Follows the files until `so`; readers come back with their last id.
    template <typename Body>
    void follow(Disk& disk, std::vector<Given>& given, const Body& body) {
        Network network(world_);
        Program program(world_, files_, network, 1, config_, open_ledger());
        const StreamInfo& info = program.info();
        std::string last = given.empty()
                               ? info.epochs.front().text + "-0"
                               : given.back().epoch + "-" + std::to_string(given.back().sequence);
        // An id that is not known any more: what has new ids is new to its reader.
        if (!given.empty() && !info.gave_out(given.back().epoch, given.back().sequence))
            last = info.epoch + "-" + std::to_string(info.first_sequence - 1);
        Witness witness(world_, network, disk, state_.sync, last);
        const auto round = [&] {
            program.round();
            witness.look(given);
        };
        for (int rounds = 0; !witness.begun(); ++rounds) {
            if (rounds == 10'000) violation("a reader was not served");
            round();
        }
        body(round);
        program.stop(stop_timeout_ms);
        while (!program.finished()) round();
        witness.look(given);
    }

    void write_some() {
        Random& random = world_.random;
        Log& log = logs_[random.below(logs_.size())];
        std::string text;
        for (std::uint64_t count = random.skewed(6); count > 0; --count) {
            const std::string message = log.name + " " + std::to_string(++log.lines);
            written_.insert(message);
            text += message + "\n";
        }
        files_.write(log.writer, text);
    }

    void live(Disk& disk) {
        Random& random = world_.random;
        follow(disk, given_, [&](const auto& round) {
            for (std::uint64_t writes = random.between(20, 120); writes > 0; --writes) {
                write_some();
                const std::uint64_t end = world_.now_ns() + random.skewed(10 * ms_ns);
                while (world_.now_ns() < end) round();
            }
            const std::uint64_t end = world_.now_ns() + random.below(3) * given_again_ns_max;
            while (world_.now_ns() < end) round();
        });
    }

    void kill(Disk& disk, std::size_t moments) {
        // Nobody syncs until the next start: that time does not count.
        if (moments != disk.moments())
            for (Given& given : given_) given.at_ns += world_.now_ns() - disk.moment_ns(moments);
        disk.kill(moments);
        std::erase_if(given_, [&](const Given& given) { return given.moments > moments; });
        if (world_.random.chance(300)) boot_again();  // shut down in order: nothing is lost
    }

    void check(std::size_t moments, const Contents& contents) {
        world_.trace.note("power lost", moments);
        boot_again();
        Disk disk(world_, directory_, contents);
        std::vector<Given> given;
        for (const Given& entry : given_)
            if (entry.moments <= moments) given.push_back(entry);
        const std::size_t before = given.size();
        std::set<std::string> missing = written_;
        for (const Given& entry : given) missing.erase(entry.message);
        std::size_t looked = before;
        follow(disk, given, [&](const auto& round) {
            const auto look = [&](std::uint64_t duration_ns) {
                const std::uint64_t end = world_.now_ns() + duration_ns;
                while (world_.now_ns() < end) {
                    round();
                    for (; looked < given.size(); ++looked) missing.erase(given[looked].message);
                    if (missing.empty()) return;
                }
            };
            look(2000 * ms_ns);
        });
        const std::string where = fmt::format("power lost at moment {} of {}, sync {}", moments,
                                              moment_ns_.size() - 1, static_cast<int>(state_.sync));
        if (!missing.empty())
            violation("{}: {} lines are lost, among them \"{}\"", where, missing.size(),
                      *missing.begin());
        std::map<std::pair<std::string, std::uint64_t>, std::string> by_id;
        std::map<std::string, const Given*> by_message;
        for (std::size_t at = 0; at < given.size(); ++at) {
            const Given& entry = given[at];
            const auto& [same, fresh] =
                by_id.try_emplace({entry.epoch, entry.sequence}, entry.message);
            if (same->second != entry.message)
                violation("{}: the id {}-{} is \"{}\" and \"{}\"", where, entry.epoch,
                          entry.sequence, same->second, entry.message);
            const auto [first, once] = by_message.try_emplace(entry.message, &entry);
            const StateSync promised = first->second->sync;
            if (once || promised == StateSync::none) continue;
            // The power fails right before what would have come next.
            const std::uint64_t age_ns = moment_ns_[moments] - first->second->at_ns;
            if (promised == StateSync::interval && age_ns <= given_again_ns_max) continue;
            violation("{}: \"{}\" is given as {}-{} and again as {}-{}, {} ms old", where,
                      entry.message, first->second->epoch, first->second->sequence, entry.epoch,
                      entry.sequence, age_ns / ms_ns);
        }
    }

    World world_;
    std::string directory_;
    SimFileSystem files_{world_};
    StreamConfig config_;
    StateConfig state_;
    std::vector<Log> logs_;
    std::set<std::string> written_;
    std::vector<Given> given_;
    std::vector<std::uint64_t> moment_ns_;  // when each was, and the end
};

TEST(PowerLoss, EveryPromiseOfSyncIsKept) {
    log_set_level(seeds().print ? LogLevel::debug : LogLevel::off);
    std::string directory = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
    directory += "/logwisp-power-XXXXXX";
    ASSERT_NE(::mkdtemp(directory.data()), nullptr);
    constexpr std::uint64_t runs_max = 100;
    constexpr std::size_t failures_per_run = 30;
    std::size_t failures = 0;
    for (std::uint64_t i = 0; i < std::min(runs_max, seeds().count); ++i) {
        const std::uint64_t seed = seeds().first + i;
        seed_begins("PowerLoss", seed);
        PowerLossRun run(seed, directory);
        failures += run.run(failures_per_run);
    }
    std::filesystem::remove_all(directory);
    std::printf("%zu power failures\n", failures);
}

}  // namespace
}  // namespace logwisp::sim
