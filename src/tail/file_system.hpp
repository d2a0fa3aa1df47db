// The files as following sees them: the real ones, or a simulated file system in tests. Every call
// answers at once. One thread.
#pragma once

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "tail/link_rule.hpp"

namespace logwisp {

// Which file this is, whatever it is called now: file handle (inode and generation) where the file
// system gives one, else device, inode and birth time. Two different files never compare equal
// while one of them is open.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t generation = 0;  // hash of the file handle, or the birth time
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

enum class FileKind : std::uint8_t { regular, directory, symlink, other };

struct FileStatus {
    FileKind kind = FileKind::other;
    FileIdentity identity;
    std::uint64_t size_bytes = 0;
    std::int64_t modified_ns = 0;
    std::int64_t born_ns = 0;  // 0: the file system does not say
    std::uint32_t links = 1;   // 0: deleted
    std::uint32_t owner = 0;
    std::uint32_t group = 0;
    std::uint32_t mode = 0;  // permission bits
};

// Where the symbolic links lead that a path ends in.
struct FarEnd {
    std::string path;  // empty: it ends in none
    // Whoever made a link on the way, and is not trusted: only files of the same user may be read
    // there.
    std::optional<std::uint32_t> owner;
};

// inotify's event, with its masks (IN_CREATE, IN_MODIFY, ...).
struct WatchEvent {
    int watch = -1;
    std::uint32_t mask = 0;
    std::string_view name;  // of the directory entry, or empty
};

class FileSystem {
  public:
    virtual ~FileSystem() = default;

    // Read-only, never blocks on a FIFO, never becomes a controlling terminal, close-on-exec;
    // follows symbolic links.
    virtual Result<int> open(const std::string& path) = 0;
    virtual void close(int file) = 0;
    virtual Result<FileStatus> status(int file) = 0;
    // Size, times and the like, for one that is known: the identity may be empty. It is a system
    // call less, and this is asked after every read.
    virtual Result<FileStatus> status_without_identity(int file) { return status(file); }
    virtual Result<FileStatus> status(const std::string& path) = 0;       // follows links
    virtual Result<FileStatus> link_status(const std::string& path) = 0;  // does not
    // The same, but symbolic links are followed, and names believed, only as the rule allows
    // (link_rule.hpp); else the error is error_refused. Who changes the path meanwhile gains nothing:
    // what is opened is what was judged. A file system where everything belongs to one user need
    // not judge.
    virtual Result<int> open_guarded(const std::string& path, const LinkRule&) {
        return open(path);
    }
    virtual Result<FileStatus> status_guarded(const std::string& path, const LinkRule&) {
        return status(path);
    }
    virtual Result<void> list_guarded(
        const std::string& directory, const LinkRule&,
        const std::function<void(std::string_view name, FileKind kind)>& each) {
        return list(directory, each);
    }
    // Also when there is no file any more. By default as the links read.
    virtual Result<FarEnd> far_end(const std::string& path, const LinkRule& rule);

    // Where a symbolic link points, as written in it. A file system without links need not know.
    virtual Result<std::string> read_link(const std::string& path) {
        return failure(EINVAL, "readlink", path);
    }
    // Offset of the first byte at or after `offset` that is not in a hole; the size of the file
    // when only holes follow.
    virtual std::uint64_t next_data(int file, std::uint64_t offset) = 0;
    // A small synchronous read (the last line's start, a marker); the stream's bytes go through
    // Reactor::read.
    // Less than asked for only at the end of the file.
    virtual Result<std::size_t> read_at(int file, std::span<char> buffer, std::uint64_t offset) = 0;
    // The stream's bytes as far as they are in memory, without waiting for a disk; less than asked
    // for need not be the end. Nothing: only Reactor::read can tell.
    virtual std::optional<std::size_t> read_cached(int file, std::span<char> buffer,
                                                   std::uint64_t offset) {
        static_cast<void>(file);
        static_cast<void>(buffer);
        static_cast<void>(offset);
        return std::nullopt;
    }
    // A file without a name, in memory, to read and write; gone when it is closed. Not every file
    // system has to know such files: what is only in a packed file cannot be had then.
    virtual Result<int> open_unnamed() { return failure(ENOTSUP, "memfd_create"); }
    // REQUIRES: the file is from open_unnamed(). All of the bytes, or an error.
    virtual Result<void> write_at(int file, std::string_view bytes, std::uint64_t offset) {
        static_cast<void>(file);
        static_cast<void>(offset);
        return failure(ENOTSUP, "write", std::to_string(bytes.size()));
    }
    // Nobody reads [begin, end) any more: a hole from now on. REQUIRES: as for write_at().
    virtual void free_bytes(int file, std::uint64_t begin, std::uint64_t end) {
        static_cast<void>(file);
        static_cast<void>(begin);
        static_cast<void>(end);
    }
    // Calls with every name but "." and "..", in any order.
    virtual Result<void> list(
        const std::string& directory,
        const std::function<void(std::string_view name, FileKind kind)>& each) = 0;
    // False for file systems whose changes inotify does not see (NFS, SMB, FUSE, 9p, procfs, ...).
    virtual bool has_events(const std::string& path) = 0;

    // One inotify instance; its descriptor is polled through the reactor.
    virtual Result<int> watch_open() = 0;
    virtual Result<int> watch_add(int instance, const std::string& path, std::uint32_t mask) = 0;
    virtual void watch_remove(int instance, int watch) = 0;
    // Reads what is queued, without waiting, and calls with each event. False when the queue had
    // overflowed: everything may have changed.
    virtual bool watch_read(int instance, const std::function<void(const WatchEvent&)>& each) = 0;

    // UTC, microseconds: what entries without a time of their own are stamped with.
    [[nodiscard]] virtual std::int64_t wall_us() = 0;
};

std::unique_ptr<FileSystem> make_real_file_system();

}  // namespace logwisp
