// The two worlds a file script runs in: the simulated file system, and a temporary directory of the
// machine's own.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "file_script.hpp"
#include "file_system.hpp"

namespace logwisp::sim {

namespace {

class SimWorld : public FileWorld {
  public:
    SimWorld() { files_.make_directory(root()); }
    FileSystem& files() override { return files_; }
    std::string root() override { return "/t"; }
    int open_writer(const std::string& label, const std::string& path, bool append) override {
        return files_.open_writer(path, append, writers_[label]);
    }
    void write(const std::string& label, std::string_view bytes) override {
        files_.write(writers_.at(label), bytes);
    }
    void seek(const std::string& label, std::uint64_t offset) override {
        writers_.at(label).offset = offset;
    }
    void cut(const std::string& label, std::uint64_t bytes) override {
        files_.truncate(writers_.at(label), bytes);
    }
    void close_writer(const std::string& label) override {
        files_.close_writer(writers_.at(label));
    }
    int make_directory(const std::string& path) override { return files_.make_directory(path); }
    int make_fifo(const std::string& path) override { return files_.make_other(path); }
    int make_link(const std::string& from, const std::string& to) override {
        return files_.make_link(from, to);
    }
    int make_symlink(const std::string& target, const std::string& path) override {
        return files_.make_symlink(target, path);
    }
    int rename(const std::string& from, const std::string& to) override {
        return files_.rename(from, to);
    }
    int remove(const std::string& path) override { return files_.remove(path); }
    int truncate(const std::string& path, std::uint64_t bytes) override {
        return files_.truncate(path, bytes);
    }
    int set_mode(const std::string& path, std::uint32_t mode) override {
        return files_.set_mode(path, mode);
    }

  private:
    World world_{1};
    SimFileSystem files_{world_};
    std::map<std::string, Writer> writers_;
};

int answer(int result) { return result < 0 ? -errno : 0; }

class RealWorld : public FileWorld {
  public:
    RealWorld() : files_(make_real_file_system()) {
        std::string name = std::filesystem::temp_directory_path() / "logwisp-script-XXXXXX";
        CHECK(::mkdtemp(name.data()) != nullptr);
        root_ = name;
    }
    ~RealWorld() override {
        for (const auto& [label, file] : writers_) ::close(file);
        std::error_code ignored;  // a leftover in the temporary directory harms nobody
        std::filesystem::remove_all(root_, ignored);
    }
    RealWorld(const RealWorld&) = delete;
    RealWorld& operator=(const RealWorld&) = delete;

    FileSystem& files() override { return *files_; }
    std::string root() override { return root_; }
    int open_writer(const std::string& label, const std::string& path, bool append) override {
        const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : 0);
        const int file = ::open(path.c_str(), flags, 0644);
        if (file < 0) return -errno;
        writers_[label] = file;
        return 0;
    }
    void write(const std::string& label, std::string_view bytes) override {
        CHECK(::write(writers_.at(label), bytes.data(), bytes.size()) ==
              static_cast<ssize_t>(bytes.size()));
    }
    void seek(const std::string& label, std::uint64_t offset) override {
        CHECK(::lseek(writers_.at(label), static_cast<off_t>(offset), SEEK_SET) >= 0);
    }
    void cut(const std::string& label, std::uint64_t bytes) override {
        CHECK(::ftruncate(writers_.at(label), static_cast<off_t>(bytes)) == 0);
    }
    void close_writer(const std::string& label) override {
        ::close(writers_.at(label));
        writers_.erase(label);
    }
    int make_directory(const std::string& path) override {
        return answer(::mkdir(path.c_str(), 0755));
    }
    int make_fifo(const std::string& path) override { return answer(::mkfifo(path.c_str(), 0644)); }
    int make_link(const std::string& from, const std::string& to) override {
        return answer(::link(from.c_str(), to.c_str()));
    }
    int make_symlink(const std::string& target, const std::string& path) override {
        return answer(::symlink(target.c_str(), path.c_str()));
    }
    int rename(const std::string& from, const std::string& to) override {
        return answer(::rename(from.c_str(), to.c_str()));
    }
    int remove(const std::string& path) override { return answer(std::remove(path.c_str())); }
    int truncate(const std::string& path, std::uint64_t bytes) override {
        return answer(::truncate(path.c_str(), static_cast<off_t>(bytes)));
    }
    int set_mode(const std::string& path, std::uint32_t mode) override {
        return answer(::chmod(path.c_str(), mode));
    }

  private:
    std::unique_ptr<FileSystem> files_;
    std::string root_;
    std::map<std::string, int> writers_;
};

}  // namespace

std::string run_file_script_simulated(std::string_view script) {
    SimWorld world;
    return run_file_script(world, script);
}

std::string run_file_script_really(std::string_view script) {
    RealWorld world;
    return run_file_script(world, script);
}

}  // namespace logwisp::sim
