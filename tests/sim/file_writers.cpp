// How the world writes: through a writer that stays with its file whatever that is called, or by
// truncating a path.
#include <sys/inotify.h>

#include <cerrno>

#include "file_system.hpp"

namespace logwisp::sim {

int SimFileSystem::open_writer(const std::string& path, bool append, Writer& writer) {
    Place place = look_up(path, true);
    if (place.error != 0) return place.error;
    if (place.dentry == nullptr) {
        if (const int error = create(path, FileKind::regular, &place.dentry); error != 0)
            return error;
    }
    if (place.dentry->inode->kind != FileKind::regular) return -EISDIR;
    writer = Writer{.name = place.dentry, .append = append, .offset = 0, .written = 0};
    ++place.dentry->inode->opens;
    return 0;
}

void SimFileSystem::write(Writer& writer, std::string_view bytes) {
    CHECK(writer.name != nullptr);
    if (bytes.empty()) return;
    Inode& inode = *writer.name->inode;
    const std::uint64_t offset = writer.append ? inode.data.size() : writer.offset;
    inode.write_at(offset, bytes);
    writer.offset = offset + bytes.size();
    writer.written += bytes.size();
    touched(inode);
    world_.trace.note("write", inode.number, inode.data.size());
    tell(*writer.name, IN_MODIFY);
}

void SimFileSystem::truncate(Writer& writer, std::uint64_t bytes) {
    writer.name->inode->truncate(bytes);
    touched(*writer.name->inode);
    tell(*writer.name, IN_MODIFY);
}

int SimFileSystem::truncate(const std::string& path, std::uint64_t bytes) {
    const Place place = look_up(path, true);
    if (place.error != 0) return place.error;
    if (place.dentry == nullptr) return -ENOENT;
    if (place.dentry->inode->kind != FileKind::regular) return -EISDIR;
    world_.trace.note("truncate", place.dentry->inode->number, bytes);
    place.dentry->inode->truncate(bytes);
    touched(*place.dentry->inode);
    tell(*place.dentry, IN_MODIFY);
    return 0;
}

void SimFileSystem::close_writer(Writer& writer) {
    CHECK(writer.name != nullptr);
    const auto name = std::exchange(writer.name, nullptr);
    --name->inode->opens;
    tell(*name, IN_CLOSE_WRITE);
    release(name->inode);
}

std::string SimFileSystem::content(const std::string& path) {
    const Place place = look_up(path, true);
    return place.dentry == nullptr ? std::string() : place.dentry->inode->data;
}

bool SimFileSystem::exists(const std::string& path) {
    return look_up(path, true).dentry != nullptr;
}

}  // namespace logwisp::sim
