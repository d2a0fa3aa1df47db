#include "tail/identity.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstring>

#include "base/hash.hpp"

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200  // kernel 6.5; not in Debian 12's headers
#endif

namespace logwisp {

namespace {

struct Handle {
    alignas(file_handle) char bytes[sizeof(file_handle) + MAX_HANDLE_SZ];
};

// 0 when the file system gives no handle.
std::uint64_t handle_hash(int directory, const char* path, int flags) {
    Handle storage{};
    auto* handle = reinterpret_cast<file_handle*>(storage.bytes);
    for (const int extra : {0, AT_HANDLE_FID}) {
        handle->handle_bytes = MAX_HANDLE_SZ;
        int mount = 0;
        if (::name_to_handle_at(directory, path, handle, &mount, flags | extra) != 0) continue;
        const std::string_view bytes(storage.bytes + sizeof(file_handle), handle->handle_bytes);
        // Never 0, which stands for "none".
        return hash_more(hash_seed, bytes) | 1;
    }
    return 0;
}

Result<FileStatus> status_without_identity_at(int directory, const char* path, int flags) {
    struct statx found {};
    if (::statx(directory, path, flags, STATX_BASIC_STATS | STATX_BTIME, &found) != 0)
        return failure(errno, "stat", path);
    const auto nanoseconds = [](const statx_timestamp& time) {
        return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_nsec};
    };
    FileStatus status;
    status.kind = kind_of_mode(found.stx_mode);
    status.identity.device = makedev(found.stx_dev_major, found.stx_dev_minor);
    status.identity.inode = found.stx_ino;
    status.size_bytes = found.stx_size;
    status.modified_ns = nanoseconds(found.stx_mtime);
    status.born_ns = (found.stx_mask & STATX_BTIME) != 0 ? nanoseconds(found.stx_btime) : 0;
    status.links = found.stx_nlink;
    status.owner = found.stx_uid;
    status.group = found.stx_gid;
    status.mode = found.stx_mode & 07777U;
    return status;
}

Result<FileStatus> status_at(int directory, const char* path, int stat_flags, int handle_flags) {
    auto status = status_without_identity_at(directory, path, stat_flags);
    if (!status) return status;
    const std::uint64_t handle = handle_hash(directory, path, handle_flags);
    status->identity.generation =
        handle != 0 ? handle : static_cast<std::uint64_t>(status->born_ns) & ~std::uint64_t{1};
    return status;
}

}  // namespace

FileKind kind_of_mode(unsigned mode) {
    if (S_ISREG(mode)) return FileKind::regular;
    if (S_ISDIR(mode)) return FileKind::directory;
    if (S_ISLNK(mode)) return FileKind::symlink;
    return FileKind::other;
}

Result<FileStatus> real_status(int file) {
    return status_at(file, "", AT_EMPTY_PATH, AT_EMPTY_PATH);
}

Result<FileStatus> real_status_without_identity(int file) {
    auto status = status_without_identity_at(file, "", AT_EMPTY_PATH);
    if (status) status->identity = {};  // half of one would be taken for another file
    return status;
}

Result<FileStatus> real_status(const std::string& path) {
    return status_at(AT_FDCWD, path.c_str(), 0, AT_SYMLINK_FOLLOW);
}

Result<FileStatus> real_link_status(const std::string& path) {
    return status_at(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, 0);
}

FileIdentity packed_identity(const FileIdentity& file) {
    constexpr std::uint64_t packed_generation = 0x64656B636170;  // "packed"
    FileIdentity text = file;
    text.generation ^= packed_generation;
    return text;
}

}  // namespace logwisp
