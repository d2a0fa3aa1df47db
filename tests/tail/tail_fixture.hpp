// A Tail over real files in a directory of its own, with a sink that keeps what it is given.
// `messages()` are the texts in the order they were published; numbered lines and `expect_numbers`
// find what is missing, doubled or out of order.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "entry/encode.hpp"
#include "support/backends.hpp"
#include "tail/tail.hpp"
#include "tail/watches.hpp"

namespace logwisp::test {

// A file system in which one call can be made to fail or to lie; everything else is real.
class FaultyFileSystem : public FileSystem {
  public:
    std::function<int(const std::string& path)> open_error;  // errno, 0 for none
    std::function<int(const std::string& path)> status_error;
    std::function<int(const std::string& path)> watch_error;
    std::function<int()> look_error;                      // of reads that only compare
    std::function<bool(const std::string& path)> silent;  // no events for it
    // Called after what they are named for: something happens right then.
    std::function<void(const std::string& path)> on_opened;
    std::function<void()> on_listed;
    std::int64_t born_ns = 0;  // of every file, when set
    bool lose_events = false;  // every read reports an overflow
    bool no_instance = false;
    // Reads of this path fail with EIO, and nothing else of it does.
    std::string broken;
    std::size_t not_in_memory = 0;  // so many of the next reads have to wait for a disk
    std::uint64_t memory_ends = ~std::uint64_t{0};  // what a file has from here on is on the disk
    std::size_t calls = 0;
    std::size_t open_now = 0;

    Result<int> open(const std::string& path) override {
        return opened(path, [&] { return real_->open(path); });
    }
    Result<int> open_guarded(const std::string& path, const LinkRule& rule) override {
        return opened(path, [&] { return real_->open_guarded(path, rule); });
    }
    template <class Open>
    Result<int> opened(const std::string& path, Open really) {
        ++calls;
        if (const int error = open_error ? open_error(path) : 0)
            return failure(error, "open", path);
        auto file = path != broken ? really() : open_broken(path);
        if (file) ++open_now;
        if (on_opened) on_opened(path);
        return file;
    }
    Result<int> open_broken(const std::string& path) {
        // The first byte of this address space is never mapped: reading it is an input/output
        // error.
        auto opened = real_->open("/proc/self/mem");
        if (opened) broken_files_.insert_or_assign(*opened, path);
        return opened;
    }
    void close(int file) override {
        broken_files_.erase(file);
        --open_now;
        real_->close(file);
    }
    Result<FileStatus> status(int file) override {
        ++calls;
        const auto pretended = broken_files_.find(file);
        if (pretended != broken_files_.end()) {
            return born(real_->status(pretended->second));
        }
        return born(real_->status(file));
    }
    // None at all, so that whoever looks at it is found.
    Result<FileStatus> status_without_identity(int file) override {
        auto found = status(file);
        if (found) found->identity = {};
        return found;
    }
    Result<FileStatus> status(const std::string& path) override {
        ++calls;
        if (const int error = status_error ? status_error(path) : 0)
            return failure(error, "stat", path);
        return born(real_->status(path));
    }
    Result<FileStatus> status_guarded(const std::string& path, const LinkRule& rule) override {
        ++calls;
        if (const int error = status_error ? status_error(path) : 0)
            return failure(error, "stat", path);
        return born(real_->status_guarded(path, rule));
    }
    Result<FarEnd> far_end(const std::string& path, const LinkRule& rule) override {
        return real_->far_end(path, rule);
    }
    Result<FileStatus> link_status(const std::string& path) override {
        return real_->link_status(path);
    }
    Result<std::string> read_link(const std::string& path) override {
        return real_->read_link(path);
    }
    std::uint64_t next_data(int file, std::uint64_t offset) override {
        return real_->next_data(file, offset);
    }
    Result<std::size_t> read_at(int file, std::span<char> buffer, std::uint64_t offset) override {
        if (const int error = look_error ? look_error() : 0) return failure(error, "read");
        return real_->read_at(file, buffer, offset);
    }
    std::optional<std::size_t> read_cached(int file, std::span<char> buffer,
                                           std::uint64_t offset) override {
        if (broken_files_.contains(file)) return std::nullopt;
        if (not_in_memory != 0) {
            --not_in_memory;
            return std::nullopt;
        }
        if (offset >= memory_ends) return std::nullopt;
        const std::uint64_t bytes = std::min<std::uint64_t>(buffer.size(), memory_ends - offset);
        return real_->read_cached(file, buffer.first(bytes), offset);
    }
    Result<int> open_unnamed() override {
        auto file = real_->open_unnamed();
        if (file) ++open_now;
        return file;
    }
    Result<void> write_at(int file, std::string_view bytes, std::uint64_t offset) override {
        return real_->write_at(file, bytes, offset);
    }
    void free_bytes(int file, std::uint64_t begin, std::uint64_t end) override {
        real_->free_bytes(file, begin, end);
    }
    Result<void> list(
        const std::string& directory,
        const std::function<void(std::string_view name, FileKind kind)>& each) override {
        ++calls;
        auto done = real_->list(directory, each);
        if (on_listed) on_listed();
        return done;
    }
    Result<void> list_guarded(
        const std::string& directory, const LinkRule& rule,
        const std::function<void(std::string_view name, FileKind kind)>& each) override {
        ++calls;
        auto done = real_->list_guarded(directory, rule, each);
        if (on_listed) on_listed();
        return done;
    }
    bool has_events(const std::string& path) override {
        return !(silent && silent(path)) && real_->has_events(path);
    }
    Result<int> watch_open() override {
        if (no_instance) return failure(EMFILE, "inotify_init");
        return real_->watch_open();
    }
    Result<int> watch_add(int instance, const std::string& path, std::uint32_t mask) override {
        if (const int error = watch_error ? watch_error(path) : 0)
            return failure(error, "inotify_add_watch", path);
        return real_->watch_add(instance, path, mask);
    }
    void watch_remove(int instance, int watch) override { real_->watch_remove(instance, watch); }
    bool watch_read(int instance, const std::function<void(const WatchEvent&)>& each) override {
        if (!lose_events) return real_->watch_read(instance, each);
        real_->watch_read(instance, [](const WatchEvent&) {});
        return false;
    }
    std::int64_t wall_us() override { return real_->wall_us(); }

    // The files that are open as broken can be read from now on.
    void mend() {
        for (const auto& [file, path] : broken_files_) {
            const int whole = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
            CHECK(::dup3(whole, file, O_CLOEXEC) == file);
            ::close(whole);
        }
        broken_files_.clear();
        broken.clear();
    }

  private:
    [[nodiscard]] Result<FileStatus> born(Result<FileStatus> status) const {
        if (status && born_ns != 0) status->born_ns = born_ns;
        return status;
    }

    std::unique_ptr<FileSystem> real_ = make_real_file_system();
    std::map<int, std::string> broken_files_;
};

struct Published {
    std::string json;
    std::string source;
    std::string message;
    [[nodiscard]] bool has(std::string_view text) const {
        return json.find(text) != std::string::npos;
    }
};

// Takes everything; when `per_turn_max` is set only so many entries at a time.
class KeepingSink final : public EntrySink {
  public:
    std::size_t per_turn_max = 0;
    bool keep = true;
    bool takes_nothing = false;

    Batch* batch() override {
        if (takes_nothing) {
            refused_ = true;
            return nullptr;
        }
        if (per_turn_max != 0 && batch_.entries() >= per_turn_max) {
            refused_ = true;
            return nullptr;
        }
        if (batch_.full()) collect();
        return &batch_;
    }
    // The end of a turn. True when the tail is to be told that there is room again.
    bool collect() {
        for (std::uint32_t index = 0; index < batch_.entries(); ++index) {
            ++count;
            if (keep) add(batch_.entry(index));
        }
        batch_.clear();
        return std::exchange(refused_, false);
    }

    std::vector<Published> published;
    std::size_t count = 0;

  private:
    static std::string text_of(std::string_view json, std::string_view key) {
        const std::string begin = "\"" + std::string(key) + "\":\"";
        const std::size_t at = json.find(begin);
        if (at == json.npos) return {};
        const std::size_t from = at + begin.size();
        std::size_t end = from;
        while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
        return std::string(json.substr(from, end - from));
    }
    void add(std::string_view json) {
        json.remove_suffix(1);
        published.push_back({std::string(json), text_of(json, "source"), text_of(json, "message")});
    }

    Batch batch_;
    bool refused_ = false;
};

class TailTest : public BackendTest {
  protected:
    void SetUp() override {
        char pattern[] = "/tmp/logwisp-tail-XXXXXX";
        directory_ = ::mkdtemp(pattern);
        config.check_interval_ms = 10;
        config.drain_idle_ms = 200;
        encoder_ = std::make_unique<Encoder>();
    }

    void TearDown() override {
        stop();
        std::filesystem::remove_all(directory_);
    }

    [[nodiscard]] std::string path(std::string_view name) const {
        return directory_ + "/" + std::string(name);
    }

    // Follows `config.targets`; without any: the directory, "*.log", from the beginning.
    void start(std::unique_ptr<TailPositions> positions = nullptr) {
        if (config.targets.empty()) config.targets.push_back(target("", "*.log"));
        watches_ = std::make_unique<Watches>(reactor(), files);
        if (descriptors == nullptr) descriptors = std::make_unique<DescriptorBudget>();
        tail_ = std::make_unique<Tail>(parts(), "test", config, sink);
        tail_->start(std::move(positions));
        if (!tail_->ready()) {
            EXPECT_TRUE(until([&] { return tail_->ready(); }));
        }
    }

    Confinement confinement;

    [[nodiscard]] TailParts parts() {
        return {reactor(), files, *watches_, *encoder_, *descriptors, confinement};
    }

    [[nodiscard]] Target target(std::string_view below, std::string_view pattern) const {
        Target made;
        made.path = below.empty() ? directory_ : path(below);
        made.pattern = pattern;
        made.from = StartAt::beginning;
        return made;
    }

    void stop() {
        if (tail_ == nullptr) return;
        tail_->close();
        EXPECT_TRUE(BackendTest::turn_until([&] { return tail_->closed(); }));
        sink.collect();
        stopped_at = tail_->take_positions();
        tail_.reset();
        watches_->close();
        EXPECT_TRUE(BackendTest::turn_until([&] { return watches_->closed(); }));
        watches_.reset();
    }

    void turn() {
        reactor().run_turn(sink_was_full_ ? 0 : 10'000'000);
        sink_was_full_ = sink.collect();
        if (sink_was_full_ && tail_ != nullptr) tail_->on_sink_ready();
    }

    template <class Done>
    bool until(Done&& done, int seconds = 30) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) return false;
            turn();
        }
        return true;
    }
    bool until_count(std::size_t count) {
        const bool reached = until([&] { return sink.count >= count; });
        EXPECT_EQ(sink.count, count);
        return reached && sink.count == count;
    }
    void turns_for(int milliseconds) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
        while (std::chrono::steady_clock::now() < end) turn();
    }

    // --- Files ---
    void write(std::string_view name, std::string_view bytes) const {
        const int file = open_for_append(name);
        write_to(file, bytes);
        ::close(file);
    }
    [[nodiscard]] int open_for_append(std::string_view name) const {
        const int file =
            ::open(path(name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        CHECK(file >= 0);
        return file;
    }
    static void write_to(int file, std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t written = ::write(file, bytes.data(), bytes.size());
            CHECK(written > 0);
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    void rename(std::string_view from, std::string_view to) const {
        CHECK(::rename(path(from).c_str(), path(to).c_str()) == 0);
    }
    void remove(std::string_view name) const { CHECK(::unlink(path(name).c_str()) == 0); }
    void make_directory(std::string_view name) const {
        std::filesystem::create_directories(path(name));
    }
    void copy(std::string_view from, std::string_view to) const {
        std::filesystem::copy_file(path(from), path(to));
    }
    void truncate(std::string_view name, off_t bytes) const {
        CHECK(::truncate(path(name).c_str(), bytes) == 0);
    }

    // "n <number>\n" for each.
    static std::string numbers(std::size_t first, std::size_t last) {
        std::string text;
        for (std::size_t number = first; number <= last; ++number)
            text.append("n ").append(std::to_string(number)).push_back('\n');
        return text;
    }
    // Numbered lines of all sources: each number from first to last exactly once; in order when
    // `ordered`.
    void expect_numbers(std::size_t first, std::size_t last, bool ordered = true) const {
        std::map<std::size_t, std::size_t> seen;
        std::size_t before = 0;
        std::size_t disordered = 0;
        for (const Published& entry : sink.published) {
            if (!entry.message.starts_with("n ")) continue;
            const std::size_t number = std::stoul(entry.message.substr(2));
            if (++seen[number] > 1) continue;
            disordered += number < before ? 1 : 0;
            before = number;
        }
        std::size_t missing = 0;
        std::size_t doubled = 0;
        for (std::size_t number = first; number <= last; ++number) {
            const auto found = seen.find(number);
            if (found == seen.end())
                ++missing;
            else
                doubled += found->second > 1 ? 1 : 0;
        }
        EXPECT_EQ(missing, 0u);
        EXPECT_EQ(doubled, 0u);
        if (ordered) {
            EXPECT_EQ(disordered, 0u);
        }
        EXPECT_EQ(seen.size(), last - first + 1);
    }
    [[nodiscard]] std::size_t number_count() const {
        std::size_t found = 0;
        for (const Published& entry : sink.published) found += entry.message.starts_with("n ");
        return found;
    }
    [[nodiscard]] std::vector<std::string> messages() const {
        std::vector<std::string> all;
        for (const Published& entry : sink.published) all.push_back(entry.message);
        return all;
    }
    [[nodiscard]] const TailCounters& counters() const { return tail_->counters(); }
    [[nodiscard]] Tail& tail() { return *tail_; }

    FaultyFileSystem files;
    MonitorConfig config;
    KeepingSink sink;
    std::unique_ptr<TailPositions> stopped_at;      // by the last stop()
    std::unique_ptr<DescriptorBudget> descriptors;  // as the limit is in start(), unless set before

  private:
    std::string directory_;
    bool sink_was_full_ = false;
    std::unique_ptr<Encoder> encoder_;
    std::unique_ptr<Watches> watches_;
    std::unique_ptr<Tail> tail_;
};

}  // namespace logwisp::test
