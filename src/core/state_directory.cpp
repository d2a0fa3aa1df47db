#include "core/state_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/hash.hpp"

namespace logwisp {

namespace {

constexpr const char* lock_name = "lock";

// Who has the lock, as it says itself.
std::string holder(int lock) {
    char text[32];
    const ssize_t bytes = ::pread(lock, text, sizeof(text), 0);
    std::string_view pid(text, bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    pid = pid.substr(0, pid.find_first_not_of("0123456789"));
    return pid.empty() ? "another process" : fmt::format("process {}", pid);
}

std::uint64_t boot_now() {
    char text[64];
    const int file = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    const ssize_t bytes = ::read(file, text, sizeof(text));
    ::close(file);
    return bytes > 0 ? hash_more(hash_seed, {text, static_cast<std::size_t>(bytes)}) : 0;
}

struct Locked {
    int directory;
    int lock;
};

Result<Locked> open_locked(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return failure(error.value(), "cannot be made", path);
    const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return failure(errno, "cannot be opened", path);
    const int lock =
        ::openat(directory, lock_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (lock < 0) {
        const int code = errno;
        ::close(directory);
        return failure(code, "cannot be written", path);
    }
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        const int code = errno == EWOULDBLOCK ? 0 : errno;
        std::string who =
            code == 0 ? fmt::format("is in use by {}", holder(lock)) : "cannot be locked";
        ::close(lock);
        ::close(directory);
        return failure(code, std::move(who), path);
    }
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) < 0) {
        // The lock counts, not what it says.
    }
    return Locked{directory, lock};
}

}  // namespace

std::string state_file_name(const std::string& stream) {
    std::string name;
    for (const char byte : stream) {
        const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' ||
                           (byte == '.' && !name.empty());
        if (plain)
            name.push_back(byte);
        else
            name += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
    return name;
}

Result<std::shared_ptr<StateDirectory>> StateDirectory::open(const std::string& path) {
    const auto locked = open_locked(path);
    if (!locked) return tl::unexpected(locked.error());
    return std::shared_ptr<StateDirectory>(
        new StateDirectory(path, locked->directory, locked->lock, boot_now()));
}

Result<void> StateDirectory::make_again_if_gone() {
    const std::lock_guard guard(mutex_);
    struct stat here {};
    struct stat there {};
    const bool is_there = ::fstat(directory_, &here) == 0 && ::stat(path_.c_str(), &there) == 0 &&
                          here.st_dev == there.st_dev && here.st_ino == there.st_ino;
    if (is_there) return {};
    const auto locked = open_locked(path_);
    if (!locked) return tl::unexpected(locked.error());
    // Under their old numbers: other threads may be using them.
    const bool replaced = ::dup3(locked->directory, directory_, O_CLOEXEC) >= 0 &&
                          ::dup3(locked->lock, lock_, O_CLOEXEC) >= 0;
    const int code = errno;
    ::close(locked->directory);
    ::close(locked->lock);
    if (!replaced) return failure(code, "cannot be opened", path_);
    return {};
}

bool StateDirectory::claim(const std::string& name) {
    const std::lock_guard guard(mutex_);
    return claimed_.insert(name).second;
}

void StateDirectory::release(const std::string& name) {
    const std::lock_guard guard(mutex_);
    claimed_.erase(name);
}

void StateDirectory::unlock() {
    const std::lock_guard guard(mutex_);
    static_cast<void>(::flock(lock_, LOCK_UN));
}

StateDirectory::~StateDirectory() {
    ::close(lock_);
    ::close(directory_);
}

}  // namespace logwisp
