// The real files, until it is said that they hang: then a call does not return before it is said that they answer again. Any thread says
// it; one core's thread calls.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "tail/file_system.hpp"

namespace logwisp::test {

class HangingFiles final : public FileSystem {
  public:
    class Switch {
      public:
        void hang() { set(true); }
        void go() { set(false); }
        // Somebody is in a call that does not return.
        bool somebody_hangs() {
            std::unique_lock lock(mutex_);
            return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return inside_; });
        }
        void pass() {
            std::unique_lock lock(mutex_);
            if (!hangs_) return;
            inside_ = true;
            changed_.notify_all();
            changed_.wait(lock, [this] { return !hangs_; });
            inside_ = false;
        }

      private:
        void set(bool hangs) {
            const std::lock_guard lock(mutex_);
            hangs_ = hangs;
            changed_.notify_all();
        }
        std::mutex mutex_;
        std::condition_variable changed_;
        bool hangs_ = false;
        bool inside_ = false;
    };

    explicit HangingFiles(Switch& gate) : gate_(gate), files_(make_real_file_system()) {}

    Result<int> open(const std::string& path) override { return real().open(path); }
    void close(int file) override { real().close(file); }
    Result<FileStatus> status(int file) override { return real().status(file); }
    Result<FileStatus> status(const std::string& path) override { return real().status(path); }
    Result<FileStatus> link_status(const std::string& path) override {
        return real().link_status(path);
    }
    Result<std::string> read_link(const std::string& path) override {
        return real().read_link(path);
    }
    std::uint64_t next_data(int file, std::uint64_t offset) override {
        return real().next_data(file, offset);
    }
    Result<std::size_t> read_at(int file, std::span<char> buffer, std::uint64_t offset) override {
        return real().read_at(file, buffer, offset);
    }
    Result<void> list(
        const std::string& directory,
        const std::function<void(std::string_view name, FileKind kind)>& each) override {
        return real().list(directory, each);
    }
    bool has_events(const std::string&) override { return false; }
    Result<int> watch_open() override { return files_->watch_open(); }
    Result<int> watch_add(int instance, const std::string& path, std::uint32_t mask) override {
        return real().watch_add(instance, path, mask);
    }
    void watch_remove(int instance, int watch) override { files_->watch_remove(instance, watch); }
    bool watch_read(int instance, const std::function<void(const WatchEvent&)>& each) override {
        return files_->watch_read(instance, each);
    }
    [[nodiscard]] std::int64_t wall_us() override { return files_->wall_us(); }

  private:
    FileSystem& real() {
        gate_.pass();
        return *files_;
    }

    Switch& gate_;
    std::unique_ptr<FileSystem> files_;
};

}  // namespace logwisp::test
