// A file system that stops answering when it is told to: what NFS without its server does. It shows a directory, read-only, through FUSE,
// spoken here directly so that nothing has to be installed for it.
//
//   hanging_fs DIRECTORY MOUNT_POINT
//
// Says "mounted" once it is there, and takes lines on stdin: "hang getattr read ..." (from then on these are received and not answered;
// "hang all": any), "go" (what was held is answered, and everything after it). Says "holds OPERATION" for each it begins to hold. A process that is killed
// meanwhile is let go (its request is answered with EINTR), as NFS lets it go. The end of stdin unmounts. Exit code 77: this machine does
// not let us.
#include <dirent.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr std::uint32_t write_bytes_max = 128 * 1024;
constexpr int skip = 77;

const std::map<std::uint32_t, std::string> operation_names = {
    {FUSE_LOOKUP, "lookup"}, {FUSE_GETATTR, "getattr"}, {FUSE_OPEN, "open"},
    {FUSE_READ, "read"},     {FUSE_OPENDIR, "opendir"}, {FUSE_READDIR, "readdir"},
    {FUSE_STATFS, "statfs"}, {FUSE_RELEASE, "release"}};

[[noreturn]] void fail(const char* what, int code) {
    std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
    std::exit(code);
}

void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

struct Request {
    std::vector<char> bytes;
    [[nodiscard]] const fuse_in_header& head() const {
        return *reinterpret_cast<const fuse_in_header*>(bytes.data());
    }
    template <class Body>
    [[nodiscard]] const Body& body() const {
        return *reinterpret_cast<const Body*>(bytes.data() + sizeof(fuse_in_header));
    }
};

class HangingFileSystem {
  public:
    HangingFileSystem(std::string directory, std::string mount_point)
        : directory_(std::move(directory)), mount_point_(std::move(mount_point)) {
        paths_[FUSE_ROOT_ID] = directory_;
        device_ = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
        if (device_ < 0) fail("/dev/fuse", skip);
        const std::string options = "fd=" + std::to_string(device_) +
                                    ",rootmode=40000,user_id=" + std::to_string(::geteuid()) +
                                    ",group_id=" + std::to_string(::getegid()) + ",allow_other";
        if (::mount("hanging", mount_point_.c_str(), "fuse", MS_NOSUID | MS_NODEV,
                    options.c_str()) != 0)
            fail("mount", skip);
    }

    void run() {
        std::string commands;
        for (;;) {
            pollfd waits[] = {{device_, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
            ::poll(waits, 2, -1);
            if (waits[0].revents != 0) receive();
            if (waits[1].revents == 0) continue;
            char text[256];
            const ssize_t bytes = ::read(STDIN_FILENO, text, sizeof text);
            if (bytes <= 0) return;
            commands.append(text, static_cast<std::size_t>(bytes));
            for (std::size_t end = 0; (end = commands.find('\n')) != commands.npos;) {
                obey(commands.substr(0, end));
                commands.erase(0, end + 1);
            }
        }
    }

    // Whoever still waits gets an error.
    void unmount() {
        ::umount2(mount_point_.c_str(), MNT_DETACH);
        ::close(device_);
    }

  private:
    void obey(const std::string& command) {
        std::istringstream words(command);
        std::string word;
        words >> word;
        held_operations_.clear();
        if (word == "hang") {
            while (words >> word) held_operations_.insert(word);
            return say("hangs");
        }
        for (const Request& request : std::exchange(held_, {})) answer(request);
        say("goes");
    }

    void receive() {
        Request request;
        request.bytes.resize(write_bytes_max + 4096);
        const ssize_t bytes = ::read(device_, request.bytes.data(), request.bytes.size());
        if (bytes < 0 && errno == ENODEV) std::exit(0);  // unmounted
        if (bytes < 0) return;
        request.bytes.resize(static_cast<std::size_t>(bytes));
        const std::uint32_t operation = request.head().opcode;
        if (operation == FUSE_INTERRUPT) return interrupt(request.body<fuse_interrupt_in>().unique);
        const auto name = operation_names.find(operation);
        if (name == operation_names.end() ||
            !(held_operations_.contains(name->second) || held_operations_.contains("all")))
            return answer(request);
        held_.push_back(std::move(request));
        say("holds " + name->second);
    }

    void interrupt(std::uint64_t unique) {
        const auto held = std::find_if(held_.begin(), held_.end(), [&](const Request& one) {
            return one.head().unique == unique;
        });
        if (held == held_.end()) return;
        reply(*held, -EINTR);
        held_.erase(held);
    }

    void answer(const Request& request) {
        const fuse_in_header& head = request.head();
        switch (head.opcode) {
            case FUSE_INIT:
                return init(request);
            case FUSE_LOOKUP:
                return lookup(request);
            case FUSE_GETATTR: {
                fuse_attr_out out{};
                return fill(path_of(head.nodeid), out.attr) ? reply(request, 0, &out, sizeof out)
                                                            : reply(request, -errno);
            }
            case FUSE_OPEN: {
                fuse_open_out out{};
                out.open_flags = FOPEN_DIRECT_IO;  // what was written since is always asked for
                const int file = ::open(path_of(head.nodeid).c_str(), O_RDONLY | O_CLOEXEC);
                if (file < 0) return reply(request, -errno);
                out.fh = static_cast<std::uint64_t>(file);
                return reply(request, 0, &out, sizeof out);
            }
            case FUSE_READ:
                return read(request);
            case FUSE_RELEASE:
                ::close(static_cast<int>(request.body<fuse_release_in>().fh));
                return reply(request, 0);
            case FUSE_OPENDIR: {
                fuse_open_out out{};
                return reply(request, 0, &out, sizeof out);
            }
            case FUSE_READDIR:
                return list(request);
            case FUSE_RELEASEDIR:
            case FUSE_FLUSH:
                return reply(request, 0);
            case FUSE_STATFS: {
                fuse_statfs_out out{};
                out.st.namelen = 255;
                out.st.bsize = 4096;
                return reply(request, 0, &out, sizeof out);
            }
            case FUSE_FORGET:
            case FUSE_BATCH_FORGET:
                return;  // nobody waits for an answer
            default:
                return reply(request, -ENOSYS);
        }
    }

    void init(const Request& request) {
        fuse_init_out out{};
        out.major = FUSE_KERNEL_VERSION;
        out.minor = FUSE_KERNEL_MINOR_VERSION;
        out.max_readahead = request.body<fuse_init_in>().max_readahead;
        out.max_write = write_bytes_max;
        reply(request, 0, &out, sizeof out);
        say("mounted");
    }

    void lookup(const Request& request) {
        const std::string path =
            path_of(request.head().nodeid) + "/" + (request.bytes.data() + sizeof(fuse_in_header));
        fuse_entry_out out{};
        if (!fill(path, out.attr)) return reply(request, -errno);
        // A file that was renamed is the same file.
        out.nodeid = out.attr.ino;
        paths_[out.nodeid] = path;
        reply(request, 0, &out, sizeof out);
    }

    void read(const Request& request) {
        const auto& wanted = request.body<fuse_read_in>();
        std::vector<char> bytes(wanted.size);
        const ssize_t got = ::pread(static_cast<int>(wanted.fh), bytes.data(), bytes.size(),
                                    static_cast<off_t>(wanted.offset));
        if (got < 0) return reply(request, -errno);
        reply(request, 0, bytes.data(), static_cast<std::size_t>(got));
    }

    void list(const Request& request) {
        const auto& wanted = request.body<fuse_read_in>();
        std::vector<char> out;
        DIR* const directory = ::opendir(path_of(request.head().nodeid).c_str());
        if (directory == nullptr) return reply(request, -errno);
        std::uint64_t at = 0;
        while (const dirent* found = ::readdir(directory)) {
            if (at++ < wanted.offset) continue;
            const std::size_t name_bytes = std::strlen(found->d_name);
            fuse_dirent entry{};
            entry.ino = found->d_ino;
            entry.off = at;
            entry.namelen = static_cast<std::uint32_t>(name_bytes);
            entry.type = found->d_type;
            const std::size_t entry_bytes = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + name_bytes);
            if (out.size() + entry_bytes > wanted.size) break;
            const std::size_t begin = out.size();
            out.resize(begin + entry_bytes);
            std::memcpy(out.data() + begin, &entry, FUSE_NAME_OFFSET);
            std::memcpy(out.data() + begin + FUSE_NAME_OFFSET, found->d_name, name_bytes);
        }
        ::closedir(directory);
        reply(request, 0, out.data(), out.size());
    }

    std::string path_of(std::uint64_t node) { return paths_[node]; }

    static bool fill(const std::string& path, fuse_attr& out) {
        struct stat found {};
        if (::lstat(path.c_str(), &found) != 0) return false;
        out.ino = found.st_ino;
        out.size = static_cast<std::uint64_t>(found.st_size);
        out.blocks = static_cast<std::uint64_t>(found.st_blocks);
        out.mtime = static_cast<std::uint64_t>(found.st_mtim.tv_sec);
        out.mtimensec = static_cast<std::uint32_t>(found.st_mtim.tv_nsec);
        out.ctime = static_cast<std::uint64_t>(found.st_ctim.tv_sec);
        out.ctimensec = static_cast<std::uint32_t>(found.st_ctim.tv_nsec);
        out.mode = found.st_mode;
        out.nlink = static_cast<std::uint32_t>(found.st_nlink);
        out.uid = found.st_uid;
        out.gid = found.st_gid;
        out.blksize = 4096;
        return true;
    }

    void reply(const Request& request, int error, const void* body = nullptr,
               std::size_t bytes = 0) const {
        fuse_out_header head{};
        head.error = error;
        head.unique = request.head().unique;
        head.len = static_cast<std::uint32_t>(sizeof head + bytes);
        std::vector<char> whole(head.len);
        std::memcpy(whole.data(), &head, sizeof head);
        if (bytes > 0) std::memcpy(whole.data() + sizeof head, body, bytes);
        // Fails when whoever asked has gone.
        static_cast<void>(!::write(device_, whole.data(), whole.size()));
    }

    std::string directory_;
    std::string mount_point_;
    int device_ = -1;
    std::map<std::uint64_t, std::string> paths_;  // by node, which is the file's inode
    std::set<std::string> held_operations_;
    std::vector<Request> held_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    HangingFileSystem hanging(argv[1], argv[2]);
    hanging.run();
    hanging.unmount();
}
