// The calls of the program on a directory that a Disk watches: the linker gives them to these functions (tests/CMakeLists.txt, --wrap).
// Everything else goes to the kernel as it is, but for the machine's boot id: a power failure begins another.
#include "disk_calls.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdarg>
#include <string>

#include "disk.hpp"

namespace logwisp::sim {

namespace {
std::uint64_t boot = 1;
}

void boot_again() { ++boot; }

namespace {

// The name in the directory that is watched; empty: elsewhere, or the lock, which says nothing.
std::string name_in(int directory, const char* path) {
    const Disk* const disk = Disk::in_use();
    const std::string name = path;
    return disk != nullptr && disk->is_directory(directory) && name != "lock" ? name : "";
}

}  // namespace

}  // namespace logwisp::sim

using logwisp::sim::Disk;
using logwisp::sim::name_in;

// NOLINTBEGIN: the linker chooses these names.
extern "C" {

int __real_open(const char* path, int flags, ...);
int __real_openat(int directory, const char* path, int flags, ...);
int __real_close(int file);
ssize_t __real_pwrite(int file, const void* bytes, size_t count, off_t offset);
int __real_ftruncate(int file, off_t bytes);
int __real_renameat(int from_directory, const char* from, int to_directory, const char* to);
int __real_linkat(int from_directory, const char* from, int to_directory, const char* to,
                  int flags);
int __real_unlinkat(int directory, const char* name, int flags);
int __real_fdatasync(int file);
int __real_fsync(int file);

int __wrap_open(const char* path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    Disk* const disk = Disk::in_use();
    if (disk == nullptr) return __real_open(path, flags, mode);
    if (std::string_view(path) == "/proc/sys/kernel/random/boot_id") {
        const int file = ::memfd_create("boot", MFD_CLOEXEC);
        const std::string text = std::to_string(logwisp::sim::boot);
        CHECK(__real_pwrite(file, text.data(), text.size(), 0) > 0);
        return file;
    }
    const int file = __real_open(path, flags, mode);
    return file >= 0 && path == disk->directory() ? disk->opened_directory(file) : file;
}

int __wrap_openat(int directory, const char* path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    const int file = __real_openat(directory, path, flags, mode);
    const std::string name = file >= 0 ? name_in(directory, path) : "";
    return name.empty() ? file : Disk::in_use()->opened(file, name, (flags & O_TRUNC) != 0);
}

int __wrap_close(int file) {
    if (Disk::in_use() != nullptr && Disk::in_use()->knows(file)) Disk::in_use()->closed(file);
    return __real_close(file);
}

ssize_t __wrap_pwrite(int file, const void* bytes, size_t count, off_t offset) {
    const ssize_t written = __real_pwrite(file, bytes, count, offset);
    if (written > 0 && Disk::in_use() != nullptr && Disk::in_use()->knows(file))
        Disk::in_use()->written(
            file, static_cast<std::uint64_t>(offset),
            {static_cast<const char*>(bytes), static_cast<std::size_t>(written)});
    return written;
}

int __wrap_ftruncate(int file, off_t bytes) {
    const int result = __real_ftruncate(file, bytes);
    if (result == 0 && Disk::in_use() != nullptr && Disk::in_use()->knows(file))
        Disk::in_use()->cut(file, static_cast<std::uint64_t>(bytes));
    return result;
}

int __wrap_renameat(int from_directory, const char* from, int to_directory, const char* to) {
    const int result = __real_renameat(from_directory, from, to_directory, to);
    if (result == 0 && !name_in(from_directory, from).empty()) Disk::in_use()->renamed(from, to);
    return result;
}

int __wrap_linkat(int from_directory, const char* from, int to_directory, const char* to,
                  int flags) {
    const int result = __real_linkat(from_directory, from, to_directory, to, flags);
    if (result == 0 && !name_in(from_directory, from).empty()) Disk::in_use()->linked(from, to);
    return result;
}

int __wrap_unlinkat(int directory, const char* name, int flags) {
    const int result = __real_unlinkat(directory, name, flags);
    if (result == 0 && !name_in(directory, name).empty()) Disk::in_use()->removed(name);
    return result;
}

int __wrap_fdatasync(int file) {
    if (Disk::in_use() == nullptr || !Disk::in_use()->knows(file)) return __real_fdatasync(file);
    Disk::in_use()->synced(file);
    return 0;
}

int __wrap_fsync(int file) {
    if (Disk::in_use() == nullptr || !Disk::in_use()->knows(file)) return __real_fsync(file);
    Disk::in_use()->synced(file);
    return 0;
}

}  // extern "C"
// NOLINTEND
