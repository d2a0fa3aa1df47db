#include "tail/file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <type_traits>
#include <vector>

#include "tail/identity.hpp"
#include "tail/links.hpp"
#include "tail/path_walk.hpp"

namespace logwisp {

namespace {

// One read of the inotify queue; the queue itself is bounded by fs.inotify.max_queued_events.
constexpr std::size_t watch_buffer_bytes = 64 * 1024;

bool magic_has_events(long magic) {
    constexpr std::array<std::uint32_t, 12> silent = {
        NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,  0xff534d42 /* CIFS */, 0xfe534d42 /* SMB2 */,
        FUSE_SUPER_MAGIC, V9FS_MAGIC,       PROC_SUPER_MAGIC,      SYSFS_MAGIC,
        AFS_SUPER_MAGIC,  CODA_SUPER_MAGIC, CEPH_SUPER_MAGIC,      0x0bd00bd0 /* Lustre */};
    for (const std::uint32_t one : silent)
        if (static_cast<std::uint32_t>(magic) == one) return false;
    return true;
}

// Kept by each core for its files, so that clients who take every other descriptor keep no new file
// from being read: with these it is opened, and idle files are closed then.
constexpr std::size_t spare_descriptors_max = 4;

class RealFileSystem final : public FileSystem {
  public:
    RealFileSystem() {
        // Open for good: a reload may need another one when /dev is out of reach.
        static const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        nothing_ = nothing < 0 ? -1 : ::fcntl(nothing, F_DUPFD_CLOEXEC, 0);
        while (nothing_ >= 0 && spares_.size() < spare_descriptors_max) {
            const int spare = ::fcntl(nothing_, F_DUPFD_CLOEXEC, 0);
            if (spare < 0) break;
            spares_.push_back(spare);
        }
    }
    ~RealFileSystem() override {
        for (const int spare : spares_) ::close(spare);
        if (nothing_ >= 0) ::close(nothing_);
    }
    RealFileSystem(const RealFileSystem&) = delete;
    RealFileSystem& operator=(const RealFileSystem&) = delete;

    Result<int> open(const std::string& path) override {
        int file = open_plain(path);
        while (file < 0 && errno == EMFILE && give_up_spare()) file = open_plain(path);
        if (file < 0) return failure(errno, "open", path);
        return made_to_wait(file);
    }

    Result<int> open_guarded(const std::string& path, const LinkRule& rule) override {
        auto file = with_spares([&] { return open_by_rule(path, rule, 0); });
        if (!file) return file;
        return made_to_wait(*file);
    }

    Result<FileStatus> status_guarded(const std::string& path, const LinkRule& rule) override {
        const auto file = with_spares([&] { return open_by_rule(path, rule, O_PATH); });
        if (!file) return tl::make_unexpected(file.error());
        auto status = real_status(*file);
        close(*file);
        return status;
    }

    Result<void> list_guarded(
        const std::string& directory, const LinkRule& rule,
        const std::function<void(std::string_view name, FileKind kind)>& each) override {
        const auto file = with_spares([&] { return open_by_rule(directory, rule, O_DIRECTORY); });
        if (!file) return tl::make_unexpected(file.error());
        DIR* const opened = ::fdopendir(*file);
        if (opened == nullptr) {
            const int error = errno;
            close(*file);
            return failure(error, "opendir", directory);
        }
        list_opened(opened, each);
        ::closedir(opened);
        return {};
    }

    Result<FarEnd> far_end(const std::string& path, const LinkRule& rule) override {
        auto end = with_spares([&] { return walk_path(path, rule); });
        if (!end) return tl::make_unexpected(end.error());
        return FarEnd{std::move(end->far_end), end->owner};
    }

    void close(int file) override {
        // Its number never is free in between: a client would have it at once.
        if (spares_.size() < spare_descriptors_max && nothing_ >= 0 &&
            ::dup3(nothing_, file, O_CLOEXEC) == file)
            spares_.push_back(file);
        else
            ::close(file);
    }

    Result<FileStatus> status(int file) override { return real_status(file); }
    Result<FileStatus> status_without_identity(int file) override {
        return real_status_without_identity(file);
    }
    Result<FileStatus> status(const std::string& path) override { return real_status(path); }
    Result<FileStatus> link_status(const std::string& path) override {
        return real_link_status(path);
    }

    Result<std::string> read_link(const std::string& path) override {
        char text[PATH_MAX];
        const ssize_t bytes = ::readlinkat(AT_FDCWD, path.c_str(), text, sizeof(text));
        if (bytes < 0) return failure(errno, "readlink", path);
        return std::string(text, static_cast<std::size_t>(bytes));
    }

    std::uint64_t next_data(int file, std::uint64_t offset) override {
        const off_t data = ::lseek(file, static_cast<off_t>(offset), SEEK_DATA);
        if (data >= 0) return static_cast<std::uint64_t>(data);
        if (errno != ENXIO) return offset;  // no SEEK_DATA here: all is data
        const auto found = real_status(file);
        return found && found->size_bytes > offset ? found->size_bytes : offset;
    }

    Result<std::size_t> read_at(int file, std::span<char> buffer, std::uint64_t offset) override {
        std::size_t got = 0;
        while (got < buffer.size()) {
            const ssize_t bytes = ::pread(file, buffer.data() + got, buffer.size() - got,
                                          static_cast<off_t>(offset + got));
            if (bytes < 0 && errno == EINTR) continue;
            if (bytes < 0) return failure(errno, "read");
            if (bytes == 0) break;
            got += static_cast<std::size_t>(bytes);
        }
        return got;
    }

    std::optional<std::size_t> read_cached(int file, std::span<char> buffer,
                                           std::uint64_t offset) override {
        const iovec into{.iov_base = buffer.data(), .iov_len = buffer.size()};
        const ssize_t got = ::preadv2(file, &into, 1, static_cast<off_t>(offset), RWF_NOWAIT);
        if (got < 0) return std::nullopt;
        return static_cast<std::size_t>(got);
    }

    Result<int> open_unnamed() override {
        const int file = ::memfd_create("logwisp", MFD_CLOEXEC);
        if (file < 0) return failure(errno, "memfd_create");
        return file;
    }

    Result<void> write_at(int file, std::string_view bytes, std::uint64_t offset) override {
        while (!bytes.empty()) {
            const ssize_t written =
                ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return failure(written < 0 ? errno : EIO, "write");
            bytes.remove_prefix(static_cast<std::size_t>(written));
            offset += static_cast<std::uint64_t>(written);
        }
        return {};
    }

    void free_bytes(int file, std::uint64_t begin, std::uint64_t end) override {
        // Where that is refused the bytes stay until the file is closed.
        static_cast<void>(::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                      static_cast<off_t>(begin), static_cast<off_t>(end - begin)));
    }

    Result<void> list(
        const std::string& directory,
        const std::function<void(std::string_view name, FileKind kind)>& each) override {
        DIR* opened = ::opendir(directory.c_str());
        while (opened == nullptr && errno == EMFILE && give_up_spare())
            opened = ::opendir(directory.c_str());
        if (opened == nullptr) return failure(errno, "opendir", directory);
        list_opened(opened, each);
        ::closedir(opened);
        return {};
    }

    bool has_events(const std::string& path) override {
        struct statfs found {};
        return ::statfs(path.c_str(), &found) != 0 || magic_has_events(found.f_type);
    }

    Result<int> watch_open() override {
        const int instance = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (instance < 0) return failure(errno, "inotify_init");
        return instance;
    }

    Result<int> watch_add(int instance, const std::string& path, std::uint32_t mask) override {
        const int watch = ::inotify_add_watch(instance, path.c_str(), mask);
        if (watch < 0) return failure(errno, "inotify_add_watch", path);
        return watch;
    }

    void watch_remove(int instance, int watch) override {
        // Fails when the kernel has dropped the watch by itself: then there is nothing to remove.
        static_cast<void>(::inotify_rm_watch(instance, watch));
    }

    bool watch_read(int instance, const std::function<void(const WatchEvent&)>& each) override {
        alignas(inotify_event) static thread_local char buffer[watch_buffer_bytes];
        // A read that leaves room for any event has brought all there were.
        constexpr std::size_t event_bytes_max = sizeof(inotify_event) + NAME_MAX + 1;
        bool complete = true;
        bool more = true;
        while (more) {
            const ssize_t bytes = ::read(instance, buffer, sizeof(buffer));
            if (bytes < 0 && errno == EINTR) continue;
            if (bytes <= 0) return complete;
            more = static_cast<std::size_t>(bytes) + event_bytes_max > sizeof(buffer);
            for (ssize_t at = 0; at < bytes;) {
                const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
                at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
                if ((event->mask & IN_Q_OVERFLOW) != 0) {
                    complete = false;
                    continue;
                }
                // The name is padded with NULs.
                each(WatchEvent{.watch = event->wd,
                                .mask = event->mask,
                                .name = event->len == 0 ? std::string_view{} : event->name});
            }
        }
        return complete;
    }

    std::int64_t wall_us() override {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
    }

  private:
    // O_NONBLOCK was for FIFOs. Left on, io_uring answers EAGAIN for what is not in the page cache.
    // O_NOATIME: the time of the last access is a write to the file's inode with every line that is
    // read, where the file is ours.
    static int made_to_wait(int file) {
        if (::fcntl(file, F_SETFL, O_NOATIME) != 0) static_cast<void>(::fcntl(file, F_SETFL, 0));
        return file;
    }

    // A walk needs several at a time.
    template <class Call>
    std::invoke_result_t<Call> with_spares(Call&& call) {
        auto done = call();
        if (done || done.error().code != EMFILE) return done;
        while (!done && done.error().code == EMFILE && give_up_spare()) done = call();
        while (spares_.size() < spare_descriptors_max && nothing_ >= 0) {
            const int spare = ::fcntl(nothing_, F_DUPFD_CLOEXEC, 0);
            if (spare < 0) break;
            spares_.push_back(spare);
        }
        return done;
    }

    static void list_opened(DIR* opened,
                            const std::function<void(std::string_view name, FileKind kind)>& each) {
        while (const dirent* found = ::readdir(opened)) {
            const std::string_view name = found->d_name;
            if (name == "." || name == "..") continue;
            each(name, kind_of(::dirfd(opened), *found));
        }
    }

    static FileKind kind_of(int directory, const dirent& found) {
        switch (found.d_type) {
            case DT_REG:
                return FileKind::regular;
            case DT_DIR:
                return FileKind::directory;
            case DT_LNK:
                return FileKind::symlink;
            case DT_UNKNOWN: {
                struct stat status {};
                if (::fstatat(directory, found.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
                    return FileKind::other;
                return kind_of_mode(status.st_mode);
            }
            default:
                return FileKind::other;
        }
    }

    static int open_plain(const std::string& path) {
        return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    bool give_up_spare() {
        if (spares_.empty()) return false;
        ::close(spares_.back());
        spares_.pop_back();
        return true;
    }

    int nothing_ = -1;
    std::vector<int> spares_;
};

}  // namespace

Result<FarEnd> FileSystem::far_end(const std::string& path, const LinkRule&) {
    const auto steps = links_of(*this, path);
    return FarEnd{steps.empty() ? std::string() : steps.back(), std::nullopt};
}

std::unique_ptr<FileSystem> make_real_file_system() { return std::make_unique<RealFileSystem>(); }

}  // namespace logwisp
