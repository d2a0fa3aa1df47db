#include "scenario.hpp"

#include <memory>
#include <string>
#include <vector>

#include "book.hpp"
#include "program.hpp"
#include "published.hpp"
#include "reader.hpp"
#include "violation.hpp"
#include "writer.hpp"

namespace logwisp::sim {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
// With the faults over, everything pending arrives within this.
constexpr std::uint64_t recovery_ns = 60 * second_ns;
constexpr std::uint64_t stop_timeout_ms = 2000;
// The last lines come within this, around the stop.
constexpr std::uint64_t last_lines_ns_max = 2'000'000;
constexpr std::size_t descriptors_max = 1024;

StreamConfig choose_config(Random& random) {
    StreamConfig config;
    config.name = "app";
    Target target;
    target.path = "/logs";
    target.pattern = random.chance(300) ? "*.log*" : "*.log";
    target.from = random.chance(500) ? StartAt::beginning : StartAt::end;
    target.recursive = random.chance(300);
    config.monitor.targets.push_back(target);
    config.monitor.check_interval_ms = static_cast<std::uint32_t>(random.between(10, 500));
    config.monitor.line_bytes_max =
        random.chance(300) ? static_cast<std::uint32_t>(random.between(256, 2048)) : 1024 * 1024;
    config.http.enabled = true;
    config.http.port = http_port;
    config.http.buffer_entries = static_cast<std::uint32_t>(random.between(16, 300));
    config.http.heartbeat.interval_seconds = static_cast<std::uint32_t>(random.between(1, 5));
    config.http.heartbeat.include_stats = random.chance(500);
    if (random.chance(500)) config.http.heartbeat.format = HeartbeatFormat::json;
    config.tcp.enabled = true;
    config.tcp.port = tcp_port;
    config.tcp.buffer_entries = static_cast<std::uint32_t>(random.between(16, 300));
    config.tcp.heartbeat.interval_seconds = static_cast<std::uint32_t>(random.between(1, 5));
    return config;
}

class Scenario {
  public:
    Scenario(std::uint64_t seed, bool print) : world_(seed), faults_(choose_faults(world_.random)) {
        world_.trace.print(print);
        config_ = choose_config(world_.random);
        squeezed_ = world_.random.chance(200);
        reloaded_ = world_.random.chance(250);
        if (reloaded_) choose_buffers();
        const bool trouble = faults_.open_error != 0 || faults_.read_error != 0 || squeezed_;
        book_ = std::make_unique<Book>(BookOptions{.files_in_order = !trouble});
        make_writers(trouble);
        if (print) describe();
    }

    ScenarioResult run() {
        begin();
        program_->run_until([this] { return everything().begun(); }, 10 * second_ns);
        if (!everything().begun()) violation("a reader was not served within 10 s");
        world_.faults = faults_;
        for (const auto& writer : writers_) writer->start();
        for (std::size_t i = 1; i < readers_.size(); ++i) readers_[i]->start();
        if (squeezed_) squeeze_descriptors();
        if (reloaded_) reload();
        while (world_.now_ns() < end_ns_) program_->round();
        recover();
        stop();
        return result();
    }

  private:
    // For people who replay a seed.
    void describe() const {
        const auto& target = config_.monitor.targets[0];
        fmt::print(
            stderr,
            "pattern {} from {} check {} ms, line_bytes_max {}, buffers http {} tcp {}\n"
            "faults: delay {} reorder {} end_multishot {} per_turn {} short_send {} again {} "
            "late_send {} short_recv {} accept {} emfile {} window {} short_read {} "
            "read_error {} open_error {} queue {} watches {} reuse {} wall {} pause {}\n",
            target.pattern, target.from == StartAt::end ? "end" : "beginning",
            config_.monitor.check_interval_ms, config_.monitor.line_bytes_max,
            config_.http.buffer_entries, config_.tcp.buffer_entries, faults_.delay, faults_.reorder,
            faults_.end_multishot, faults_.outcomes_per_turn, faults_.short_send,
            faults_.send_again, faults_.late_send, faults_.short_recv, faults_.accept_error,
            faults_.eager_emfile, faults_.window_bytes_max, faults_.short_read, faults_.read_error,
            faults_.open_error, faults_.notify_queue_max, faults_.watches_max,
            faults_.notify_reuses_numbers, faults_.wall_step, faults_.pause);
    }
    void make_writers(bool trouble) {
        Random& random = world_.random;
        files_.make_directory("/logs");
        end_ns_ = world_.now_ns() + random.between(3, 20) * second_ns;
        // What exists before the start must still be in the buffer when the first reader comes.
        constexpr std::uint32_t lines_before_max = 10;
        const std::uint64_t count = random.between(1, 3);
        const bool late = random.chance(400);
        for (std::uint32_t index = 0; index < count; ++index) {
            WriterOptions options;
            options.index = index;
            options.path = "/logs/w" + std::to_string(index) + ".log";
            options.rotation = static_cast<Rotation>(random.below(late ? 6 : 2) + 0);
            if (!late && options.rotation == Rotation::rename_late)
                options.rotation = Rotation::rename_create;
            options.pause_ns_max = random.between(1, 500) * 1'000'000;
            options.dwell_ns_min = random.between(2000, 6000) * 1'000'000;
            options.end_ns = end_ns_;
            options.line_bytes_max = config_.monitor.line_bytes_max;
            options.burst_max = static_cast<std::uint32_t>(random.skewed(60));
            options.strange_lines = random.chance(700);
            options.trouble = trouble;
            writers_.push_back(std::make_unique<LogWriter>(world_, files_, *book_, options));
            if (!random.chance(500)) continue;
            const bool read = config_.monitor.targets[0].from == StartAt::beginning;
            writers_.back()->write_before_start(
                static_cast<std::uint32_t>(random.between(1, lines_before_max / 3)),
                read ? Due::must : Due::never);
        }
    }

    void begin() {
        Random& random = world_.random;
        const std::size_t cores = random.chance(600) ? 1 : random.between(2, 3);
        world_.trace.note("cores", cores);
        program_ = std::make_unique<Program>(world_, files_, network_, cores, config_);
        ReaderOptions everything;
        everything.events = true;
        everything.everything = true;
        everything.on_entry = [this](std::uint64_t sequence, const std::string& json) {
            published_.add(sequence, json);
            book_->on_entry(json);
        };
        readers_.push_back(std::make_unique<Reader>(world_, network_, published_, everything));
        readers_[0]->start();
        const std::uint64_t count = random.skewed(20);
        for (std::uint64_t i = 0; i < count; ++i) {
            ReaderOptions options;
            options.events = random.chance(500);
            options.manner = static_cast<Manner>(random.below(8));
            readers_.push_back(std::make_unique<Reader>(world_, network_, published_, options));
        }
    }

    // Somebody lowers the limit of descriptors to what is in use, for a while.
    void squeeze_descriptors() {
        world_.after(world_.random.below(4 * second_ns), [this] {
            if (recovering_) return;
            world_.descriptors.limit = world_.descriptors.count();
            world_.trace.note("squeeze", world_.descriptors.limit);
            world_.after(world_.random.between(1, 20) * 100'000'000, [this] {
                world_.descriptors.limit = descriptors_max;
                squeeze_descriptors();
            });
        });
    }

    // Readers have to come back: what is published until then must still be there.
    void choose_buffers() {
        config_.http.buffer_entries = static_cast<std::uint32_t>(world_.random.between(3000, 5000));
        config_.tcp.buffer_entries = static_cast<std::uint32_t>(world_.random.between(3000, 5000));
    }

    // The operator changes the stream, sometimes again before the last change is through.
    void reload() {
        world_.after(world_.random.skewed(4 * second_ns), [this] {
            if (recovering_) return;
            choose_buffers();
            config_.monitor.check_interval_ms =
                static_cast<std::uint32_t>(world_.random.between(10, 500));
            config_.http.heartbeat.interval_seconds =
                static_cast<std::uint32_t>(world_.random.between(1, 5));
            world_.trace.note("reload", config_.http.buffer_entries);
            program_->reload(config_);
            reload();
        });
    }

    void recover() {
        recovering_ = true;
        world_.descriptors.limit = descriptors_max;
        world_.faults.calm();
        for (const auto& writer : writers_) writer->finish();
        for (const auto& reader : readers_) reader->calm();
        if (!program_->run_until([this] { return book_->complete(); }, recovery_ns))
            violation("not published {} s after the faults ended: {}", recovery_ns / second_ns,
                      book_->missing());
        // Whatever else might come twice has time to do so.
        program_->run_for(8 * second_ns);
        const auto all_complete = [this] {
            for (const auto& reader : readers_)
                if (!reader->complete()) return false;
            return true;
        };
        if (program_->run_until(all_complete, recovery_ns)) return check_counters();
        for (const auto& reader : readers_)
            if (!reader->complete())
                violation("not complete {} s after the faults ended: {}; published {}",
                          recovery_ns / second_ns, reader->state(), published_.last());
    }

    void check_counters() const {
        const std::uint64_t counted = program_->info().monitor.entries.get();
        if (counted != published_.last())
            violation("{} entries counted, {} published", counted, published_.last());
    }

    void stop() {
        // What is published in the very last moment belongs to everybody who is told goodbye: also while some cores know already that they
        // are to stop.
        if (world_.random.chance(500)) {
            for (std::uint64_t bursts = world_.random.between(1, 5); bursts > 0; --bursts)
                world_.after(world_.random.below(last_lines_ns_max), [this] {
                    writers_[0]->write_last(
                        static_cast<std::uint32_t>(world_.random.between(1, 50)));
                });
            program_->run_for(world_.random.skewed(1'000'000));
        }
        for (const auto& reader : readers_) reader->stay_away();
        program_->stop(stop_timeout_ms);
        if (!program_->run_until([this] { return program_->finished(); }, 20 * second_ns))
            violation("not stopped: {} sessions left", program_->sessions());
        const std::uint64_t next_sequence = program_->info().monitor.next_sequence.get();
        for (const auto& reader : readers_) reader->check_end(next_sequence);
        rounds_ = program_->rounds();
        program_.reset();
        if (world_.descriptors.count() != 0)
            violation("{} descriptors left open", world_.descriptors.count());
    }

    ScenarioResult result() const {
        ScenarioResult result;
        result.trace = world_.trace.hash();
        result.rounds = rounds_;
        result.lines = book_->lines();
        result.entries = book_->entries();
        result.excused = book_->excused();
        for (const auto& reader : readers_) {
            result.gaps += reader->gaps();
            result.received += reader->received();
        }
        result.virtual_ns = world_.now_ns();
        return result;
    }

    [[nodiscard]] const Reader& everything() const { return *readers_[0]; }

    World world_;
    Faults faults_;
    SimFileSystem files_{world_};
    Network network_{world_};
    StreamConfig config_;
    Published published_;
    std::unique_ptr<Book> book_;
    std::vector<std::unique_ptr<LogWriter>> writers_;
    std::vector<std::unique_ptr<Reader>> readers_;
    std::unique_ptr<Program> program_;
    std::uint64_t end_ns_ = 0;
    std::uint64_t rounds_ = 0;
    bool squeezed_ = false;
    bool reloaded_ = false;
    bool recovering_ = false;
};

}  // namespace

ScenarioResult run_scenario(std::uint64_t seed, bool print) { return Scenario(seed, print).run(); }

}  // namespace logwisp::sim
