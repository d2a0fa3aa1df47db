// The program's side of the simulated file system: what the FileSystem seam promises, with the
// misfortunes of the run.
#include "file_system.hpp"

#include <poll.h>
#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "open_file.hpp"

namespace logwisp::sim {

namespace {
constexpr std::int64_t wall_epoch_us = 1'700'000'000'000'000;
constexpr std::uint64_t device = 7;
}  // namespace

int SimFileSystem::OpenFile::read_at(char* buffer, std::size_t bytes, std::uint64_t offset) {
    if (inode_->kind == FileKind::directory) return -EISDIR;
    if (world_.random.chance(world_.faults.read_error)) return -EIO;
    if (offset >= inode_->data.size()) return 0;
    std::size_t count = std::min<std::size_t>(bytes, inode_->data.size() - offset);
    if (count > 1 && world_.random.chance(world_.faults.short_read))
        count = world_.random.skewed(count);
    std::memcpy(buffer, inode_->data.data() + offset, count);
    return static_cast<int>(count);
}

int SimFileSystem::OpenFile::sync() {
    return world_.random.chance(world_.faults.sync_error) ? -EIO : 0;
}

SimFileSystem::OpenFile& SimFileSystem::open_file(int file) {
    auto* const open = dynamic_cast<OpenFile*>(world_.descriptors.get(file).get());
    CHECK(open != nullptr);
    return *open;
}

Result<int> SimFileSystem::open(const std::string& path) {
    if (world_.random.chance(world_.faults.open_error)) {
        static constexpr int errors[] = {EMFILE, ENFILE, EACCES, EIO, ENOMEM};
        return failure(errors[world_.random.below(std::size(errors))], "open", path);
    }
    const Place place = look_up(path, true);
    if (place.error != 0) return failure(-place.error, "open", path);
    if (place.dentry == nullptr) return failure(ENOENT, "open", path);
    const auto& inode = place.dentry->inode;
    if ((inode->mode & 0444) == 0) return failure(EACCES, "open", path);
    const auto file = std::make_shared<OpenFile>(world_, *this, inode);
    const int descriptor = world_.descriptors.take(file);
    if (descriptor < 0) return failure(EMFILE, "open", path);
    file->hold();
    world_.trace.note("open", inode->number, inode->generation);
    return descriptor;
}

void SimFileSystem::close(int file) {
    // Files and inotify instances; a socket is closed through the backend.
    CHECK(dynamic_cast<Connection*>(world_.descriptors.get(file).get()) == nullptr);
    world_.descriptors.close(file);
}

FileStatus SimFileSystem::describe(const Inode& inode) const {
    FileStatus status;
    status.kind = inode.kind;
    status.identity = {.device = device, .inode = inode.number, .generation = inode.generation};
    status.size_bytes = inode.data.size();
    status.modified_ns = inode.modified_ns;
    status.born_ns = inode.born_ns;
    status.links = inode.links;
    return status;
}

Result<FileStatus> SimFileSystem::status(int file) { return describe(open_file(file).inode()); }

Result<FileStatus> SimFileSystem::status(const std::string& path) {
    const Place place = look_up(path, true);
    if (place.error != 0) return failure(-place.error, "stat", path);
    if (place.dentry == nullptr) return failure(ENOENT, "stat", path);
    return describe(*place.dentry->inode);
}

Result<FileStatus> SimFileSystem::link_status(const std::string& path) {
    const Place place = look_up(path, false);
    if (place.error != 0) return failure(-place.error, "lstat", path);
    if (place.dentry == nullptr) return failure(ENOENT, "lstat", path);
    return describe(*place.dentry->inode);
}

Result<std::string> SimFileSystem::read_link(const std::string& path) {
    const Place place = look_up(path, false);
    if (place.error != 0) return failure(-place.error, "readlink", path);
    if (place.dentry == nullptr) return failure(ENOENT, "readlink", path);
    if (place.dentry->inode->kind != FileKind::symlink) return failure(EINVAL, "readlink", path);
    return place.dentry->inode->target;
}

std::uint64_t SimFileSystem::next_data(int file, std::uint64_t offset) {
    return open_file(file).inode().next_data(offset);
}

Result<std::size_t> SimFileSystem::read_at(int file, std::span<char> buffer, std::uint64_t offset) {
    const Faults faults = world_.faults;
    world_.faults.short_read = 0;  // the seam promises it
    if (!faults.looks_fail) world_.faults.read_error = 0;
    const int result = open_file(file).read_at(buffer.data(), buffer.size(), offset);
    world_.faults = faults;
    if (result < 0) return failure(-result, "pread");
    return static_cast<std::size_t>(result);
}

// Half of the time it is not in memory.
std::optional<std::size_t> SimFileSystem::read_cached(int file, std::span<char> buffer,
                                                      std::uint64_t offset) {
    if (world_.random.chance(500)) return std::nullopt;
    const int result = open_file(file).read_at(buffer.data(), buffer.size(), offset);
    if (result < 0) return std::nullopt;
    return static_cast<std::size_t>(result);
}

Result<void> SimFileSystem::list(
    const std::string& directory,
    const std::function<void(std::string_view name, FileKind kind)>& each) {
    const Place place = look_up(directory, true);
    if (place.error != 0) return failure(-place.error, "opendir", directory);
    if (place.dentry == nullptr) return failure(ENOENT, "opendir", directory);
    const auto inode = place.dentry->inode;
    if (inode->kind != FileKind::directory) return failure(ENOTDIR, "opendir", directory);
    if ((inode->mode & 0444) == 0) return failure(EACCES, "opendir", directory);
    std::vector<std::pair<std::string, FileKind>> names;
    for (const auto& [name, dentry] : inode->entries) names.emplace_back(name, dentry->inode->kind);
    if (world_.faults.reorder) std::reverse(names.begin(), names.end());
    for (const auto& [name, kind] : names) each(name, kind);
    return {};
}

bool SimFileSystem::has_events(const std::string& path) {
    const Place place = look_up(path, true);
    const auto& inode = place.dentry != nullptr ? place.dentry->inode : place.parent;
    return inode == nullptr || !inode->silent;
}

Result<int> SimFileSystem::watch_open() {
    const auto instance = std::make_shared<NotifyInstance>(world_);
    const int descriptor = world_.descriptors.take(instance);
    if (descriptor < 0) return failure(EMFILE, "inotify_init1");
    instances_.push_back(instance);
    return descriptor;
}

NotifyInstance& SimFileSystem::instance(int descriptor) {
    auto* const found = dynamic_cast<NotifyInstance*>(world_.descriptors.get(descriptor).get());
    CHECK(found != nullptr);
    return *found;
}

Result<int> SimFileSystem::watch_add(int descriptor, const std::string& path, std::uint32_t mask) {
    const Place place = look_up(path, (mask & IN_DONT_FOLLOW) == 0);
    if (place.error != 0) return failure(-place.error, "inotify_add_watch", path);
    if (place.dentry == nullptr) return failure(ENOENT, "inotify_add_watch", path);
    const auto& inode = place.dentry->inode;
    if ((mask & IN_ONLYDIR) != 0 && inode->kind != FileKind::directory)
        return failure(ENOTDIR, "inotify_add_watch", path);
    if ((inode->mode & 0444) == 0) return failure(EACCES, "inotify_add_watch", path);
    auto watch = instance(descriptor).add(inode, mask);
    world_.trace.note("watch", inode->number, watch ? static_cast<std::uint64_t>(*watch) : 0);
    return watch;
}

void SimFileSystem::watch_remove(int descriptor, int watch) { instance(descriptor).remove(watch); }

bool SimFileSystem::watch_read(int descriptor, const std::function<void(const WatchEvent&)>& each) {
    bool complete = true;
    for (const NotifyEvent& event : instance(descriptor).take()) {
        world_.trace.note("notify", event.mask, static_cast<std::uint64_t>(event.watch));
        if ((event.mask & IN_Q_OVERFLOW) != 0) {
            complete = false;
            continue;
        }
        each({.watch = event.watch, .mask = event.mask, .name = event.name});
    }
    return complete;
}

std::int64_t SimFileSystem::wall_us() {
    if (world_.random.chance(world_.faults.wall_step))
        wall_offset_us_ =
            static_cast<std::int64_t>(world_.random.below(7'200'000'000)) - 3'600'000'000;
    return wall_epoch_us + wall_offset_us_ + static_cast<std::int64_t>(world_.now_ns() / 1000);
}

std::size_t SimFileSystem::watches() const {
    std::size_t count = 0;
    for (const auto& held : instances_)
        if (const auto instance = held.lock()) count += instance->watches();
    return count;
}

}  // namespace logwisp::sim
