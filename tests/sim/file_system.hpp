// The simulated file system: the FileSystem seam that the program uses, and beside it what the
// world does to files (writers, logrotate, an administrator). Paths are absolute; a symbolic link
// is followed at most eight deep. Every change tells the watches that Linux would tell, unless the
// file lies on a file system without events. One thread; shares the descriptors with the simulated
// kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inode.hpp"
#include "kernel.hpp"
#include "notify.hpp"
#include "tail/file_system.hpp"
#include "world.hpp"

namespace logwisp::sim {

// A file opened by a writer. Not in the program's descriptor table.
struct Writer {
    std::shared_ptr<Dentry> name;
    bool append = true;
    std::uint64_t offset = 0;
    std::uint64_t written = 0;  // since it was opened: says whether closing it counts as a change
};

class SimFileSystem : public FileSystem {
  public:
    explicit SimFileSystem(World& world);
    ~SimFileSystem() override;

    // --- The program's side. ---
    Result<int> open(const std::string& path) override;
    void close(int file) override;
    Result<FileStatus> status(int file) override;
    Result<FileStatus> status(const std::string& path) override;
    Result<FileStatus> link_status(const std::string& path) override;
    Result<std::string> read_link(const std::string& path) override;
    std::uint64_t next_data(int file, std::uint64_t offset) override;
    Result<std::size_t> read_at(int file, std::span<char> buffer, std::uint64_t offset) override;
    std::optional<std::size_t> read_cached(int file, std::span<char> buffer,
                                           std::uint64_t offset) override;
    Result<void> list(
        const std::string& directory,
        const std::function<void(std::string_view name, FileKind kind)>& each) override;
    bool has_events(const std::string& path) override;
    Result<int> watch_open() override;
    Result<int> watch_add(int instance, const std::string& path, std::uint32_t mask) override;
    void watch_remove(int instance, int watch) override;
    bool watch_read(int instance, const std::function<void(const WatchEvent&)>& each) override;
    [[nodiscard]] std::int64_t wall_us() override;

    // --- The world's side: 0 or -errno. ---
    int make_directory(const std::string& path);
    int make_other(const std::string& path);  // a FIFO
    int make_link(const std::string& from, const std::string& to);
    int make_symlink(const std::string& target, const std::string& path);
    int rename(const std::string& from, const std::string& to);
    int remove(const std::string& path);  // file or empty directory
    int truncate(const std::string& path, std::uint64_t bytes);
    int set_mode(const std::string& path, std::uint32_t mode);
    // Nothing that happens below is seen by watches.
    void silence(const std::string& path);
    // Creates the file when it is not there.
    int open_writer(const std::string& path, bool append, Writer& writer);
    void write(Writer& writer, std::string_view bytes);
    void close_writer(Writer& writer);
    void truncate(Writer& writer, std::uint64_t bytes);
    // What the file holds now; empty when it is not there.
    [[nodiscard]] std::string content(const std::string& path);
    [[nodiscard]] bool exists(const std::string& path);
    [[nodiscard]] std::size_t watches() const;

  private:
    class OpenFile;
    struct Place {
        std::shared_ptr<Inode> parent;
        std::string name;                // of the last component
        std::shared_ptr<Dentry> dentry;  // nullptr: no such name
        int error = 0;
    };

    Place look_up(const std::string& path, bool follow_last, int depth = 0);
    std::shared_ptr<Dentry> add(const Place& place, std::shared_ptr<Inode> inode);
    int create(const std::string& path, FileKind kind, std::shared_ptr<Dentry>* made = nullptr);
    [[nodiscard]] FileStatus describe(const Inode& inode) const;
    OpenFile& open_file(int file);
    NotifyInstance& instance(int descriptor);
    void drop_name(const Place& place);
    void release(const std::shared_ptr<Inode>& inode);
    void touched(Inode& inode);
    // To the inode's own watch and to its directory's.
    void tell(const Dentry& dentry, std::uint32_t mask);
    void tell_entry(const Inode& directory, const std::string& name, std::uint32_t mask,
                    const Inode& subject, std::uint32_t cookie = 0);
    void tell_self(const Inode& inode, std::uint32_t mask);

    World& world_;
    InodeNumbers numbers_;
    std::shared_ptr<Inode> root_;
    std::vector<std::weak_ptr<NotifyInstance>> instances_;
    std::uint32_t cookies_ = 0;
    std::int64_t wall_offset_us_ = 0;
};

}  // namespace logwisp::sim
