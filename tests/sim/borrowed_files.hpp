// Each core owns its FileSystem; in a simulation all of them look at the same one.
#pragma once

#include <string>

#include "file_system.hpp"

namespace logwisp::sim {

class BorrowedFiles : public FileSystem {
  public:
    explicit BorrowedFiles(SimFileSystem& files) : files_(files) {}

    Result<int> open(const std::string& path) override { return files_.open(path); }
    void close(int file) override { files_.close(file); }
    Result<FileStatus> status(int file) override { return files_.status(file); }
    Result<FileStatus> status(const std::string& path) override { return files_.status(path); }
    Result<FileStatus> link_status(const std::string& path) override {
        return files_.link_status(path);
    }
    Result<std::string> read_link(const std::string& path) override {
        return files_.read_link(path);
    }
    std::uint64_t next_data(int file, std::uint64_t offset) override {
        return files_.next_data(file, offset);
    }
    Result<std::size_t> read_at(int file, std::span<char> buffer, std::uint64_t offset) override {
        return files_.read_at(file, buffer, offset);
    }
    std::optional<std::size_t> read_cached(int file, std::span<char> buffer,
                                           std::uint64_t offset) override {
        return files_.read_cached(file, buffer, offset);
    }
    Result<void> list(
        const std::string& directory,
        const std::function<void(std::string_view name, FileKind kind)>& each) override {
        return files_.list(directory, each);
    }
    bool has_events(const std::string& path) override { return files_.has_events(path); }
    Result<int> watch_open() override { return files_.watch_open(); }
    Result<int> watch_add(int instance, const std::string& path, std::uint32_t mask) override {
        return files_.watch_add(instance, path, mask);
    }
    void watch_remove(int instance, int watch) override { files_.watch_remove(instance, watch); }
    bool watch_read(int instance, const std::function<void(const WatchEvent&)>& each) override {
        return files_.watch_read(instance, each);
    }
    [[nodiscard]] std::int64_t wall_us() override { return files_.wall_us(); }

  private:
    SimFileSystem& files_;
};

}  // namespace logwisp::sim
