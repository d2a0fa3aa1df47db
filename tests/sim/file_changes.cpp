// The world's side of the simulated file system: names and contents change, and the watches hear of
// it in the order Linux tells them.
#include <sys/inotify.h>

#include <cerrno>
#include <utility>

#include "file_system.hpp"

namespace logwisp::sim {

namespace {
constexpr int links_followed_max = 8;
}

SimFileSystem::SimFileSystem(World& world) : world_(world), root_(std::make_shared<Inode>()) {
    root_->kind = FileKind::directory;
    root_->links = 2;
    root_->mode = 0755;
    numbers_.give(*root_);
}

// A directory and the names in it hold each other.
SimFileSystem::~SimFileSystem() {
    std::vector<std::shared_ptr<Inode>> directories{root_};
    while (!directories.empty()) {
        const std::shared_ptr<Inode> directory = directories.back();
        directories.pop_back();
        for (const auto& [name, dentry] : directory->entries)
            if (dentry->inode) directories.push_back(dentry->inode);
        directory->entries.clear();
    }
}

SimFileSystem::Place SimFileSystem::look_up(const std::string& path, bool follow_last, int depth) {
    Place place;
    if (depth > links_followed_max) {
        place.error = -ELOOP;
        return place;
    }
    if (path.empty() || path.front() != '/') {
        place.error = -ENOENT;
        return place;
    }
    auto here = std::make_shared<Dentry>();
    here->inode = root_;
    place.dentry = here;
    std::size_t begin = 0;
    std::string prefix;
    while (begin < path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string name = path.substr(begin, end - begin);
        begin = end + 1;
        if (name.empty() || name == ".") continue;
        if (place.dentry == nullptr) {
            place.error = -ENOENT;
            return place;
        }
        const auto directory = place.dentry->inode;
        if (directory->kind != FileKind::directory) {
            place.error = -ENOTDIR;
            place.dentry = nullptr;
            return place;
        }
        if ((directory->mode & 0111) == 0) {
            place.error = -EACCES;
            place.dentry = nullptr;
            return place;
        }
        place.parent = directory;
        place.name = name;
        const auto found = directory->entries.find(name);
        place.dentry = found == directory->entries.end() ? nullptr : found->second;
        const bool last = path.find_first_not_of('/', end) == std::string::npos;
        if (place.dentry != nullptr && place.dentry->inode->kind == FileKind::symlink &&
            (!last || follow_last)) {
            const std::string& target = place.dentry->inode->target;
            const std::string whole = target.front() == '/' ? target : prefix + "/" + target;
            place = look_up(whole, true, depth + 1);
            if (place.error != 0) return place;
        }
        prefix += "/" + name;
    }
    return place;
}

std::shared_ptr<Dentry> SimFileSystem::add(const Place& place, std::shared_ptr<Inode> inode) {
    auto dentry = std::make_shared<Dentry>();
    dentry->inode = std::move(inode);
    dentry->parent = place.parent;
    dentry->name = place.name;
    ++dentry->inode->links;
    place.parent->entries[place.name] = dentry;
    touched(*place.parent);
    return dentry;
}

int SimFileSystem::create(const std::string& path, FileKind kind, std::shared_ptr<Dentry>* made) {
    const Place place = look_up(path, false);
    if (place.error != 0) return place.error;
    if (place.dentry != nullptr) return -EEXIST;
    auto inode = std::make_shared<Inode>();
    inode->kind = kind;
    inode->silent = place.parent->silent;
    if (kind == FileKind::directory) {
        inode->mode = 0755;
        inode->links = 1;
    }
    numbers_.give(*inode);
    touched(*inode);
    inode->born_ns = inode->modified_ns;
    const auto dentry = add(place, inode);
    world_.trace.note("create", inode->number, inode->generation);
    tell_entry(*place.parent, place.name, IN_CREATE, *inode);
    if (made != nullptr) *made = dentry;
    return 0;
}

int SimFileSystem::make_directory(const std::string& path) {
    return create(path, FileKind::directory);
}

int SimFileSystem::make_other(const std::string& path) { return create(path, FileKind::other); }

int SimFileSystem::make_symlink(const std::string& target, const std::string& path) {
    std::shared_ptr<Dentry> made;
    const int error = create(path, FileKind::symlink, &made);
    if (error == 0) {
        made->inode->target = target;
        made->inode->data = target;
    }
    return error;
}

int SimFileSystem::make_link(const std::string& from, const std::string& to) {
    const Place source = look_up(from, false);
    if (source.error != 0) return source.error;
    if (source.dentry == nullptr) return -ENOENT;
    if (source.dentry->inode->kind == FileKind::directory) return -EPERM;
    const Place place = look_up(to, false);
    if (place.error != 0) return place.error;
    if (place.dentry != nullptr) return -EEXIST;
    add(place, source.dentry->inode);
    tell_self(*source.dentry->inode, IN_ATTRIB);
    tell_entry(*place.parent, place.name, IN_CREATE, *source.dentry->inode);
    return 0;
}

int SimFileSystem::rename(const std::string& from, const std::string& to) {
    const Place source = look_up(from, false);
    if (source.error != 0) return source.error;
    if (source.dentry == nullptr || source.parent == nullptr) return -ENOENT;
    Place place = look_up(to, false);
    if (place.error != 0) return place.error;
    const auto moved = source.dentry;
    const auto victim = place.dentry;
    if (victim != nullptr && victim->inode == moved->inode) return 0;
    const bool directory = moved->inode->kind == FileKind::directory;
    if (victim != nullptr && victim->inode->kind == FileKind::directory) {
        if (!directory) return -EISDIR;
        if (!victim->inode->entries.empty()) return -ENOTEMPTY;
    } else if (victim != nullptr && directory) {
        return -ENOTDIR;
    }
    world_.trace.note("rename", moved->inode->number, moved->inode->generation);
    source.parent->entries.erase(source.name);
    place.parent->entries[place.name] = moved;
    moved->parent = place.parent;
    moved->name = place.name;
    touched(*source.parent);
    touched(*place.parent);
    const std::uint32_t cookie = ++cookies_;
    tell_entry(*source.parent, source.name, IN_MOVED_FROM, *moved->inode, cookie);
    tell_entry(*place.parent, place.name, IN_MOVED_TO, *moved->inode, cookie);
    if (victim != nullptr) {
        victim->inode->links -= victim->inode->kind == FileKind::directory ? 2 : 1;
        tell_self(*victim->inode, IN_ATTRIB);
    }
    tell_self(*moved->inode, IN_MOVE_SELF);
    if (victim != nullptr) release(victim->inode);
    return 0;
}

int SimFileSystem::remove(const std::string& path) {
    const Place place = look_up(path, false);
    if (place.error != 0) return place.error;
    if (place.dentry == nullptr || place.parent == nullptr) return -ENOENT;
    const auto inode = place.dentry->inode;
    const bool directory = inode->kind == FileKind::directory;
    if (directory && !inode->entries.empty()) return -ENOTEMPTY;
    world_.trace.note("remove", inode->number, inode->generation);
    place.parent->entries.erase(place.name);
    inode->links -= directory ? 2 : 1;
    touched(*place.parent);
    if (!directory) tell_self(*inode, IN_ATTRIB);
    // Either order exists, depending on the kernel's version.
    const bool last_words_first = world_.faults.reorder && world_.random.chance(500);
    if (last_words_first) release(inode);
    tell_entry(*place.parent, place.name, IN_DELETE, *inode);
    if (!last_words_first) release(inode);
    return 0;
}

int SimFileSystem::set_mode(const std::string& path, std::uint32_t mode) {
    const Place place = look_up(path, true);
    if (place.error != 0) return place.error;
    if (place.dentry == nullptr) return -ENOENT;
    place.dentry->inode->mode = mode;
    tell(*place.dentry, IN_ATTRIB);
    return 0;
}

void SimFileSystem::silence(const std::string& path) {
    const Place place = look_up(path, true);
    CHECK(place.dentry != nullptr);
    place.dentry->inode->silent = true;
}

// A file that is gone for good gives its number back, and whoever watched it hears the last of it.
void SimFileSystem::release(const std::shared_ptr<Inode>& inode) {
    if (!inode->gone()) return;
    numbers_.take_back(*inode);
    if (inode->silent) return;
    for (const auto& held : instances_)
        if (const auto instance = held.lock()) instance->forget(*inode);
}

void SimFileSystem::touched(Inode& inode) {
    inode.modified_ns = static_cast<std::int64_t>(world_.now_ns());
}

void SimFileSystem::tell_self(const Inode& inode, std::uint32_t mask) {
    if (inode.silent) return;
    for (const auto& held : instances_)
        if (const auto instance = held.lock()) instance->happened(inode, mask, {}, 0);
}

void SimFileSystem::tell_entry(const Inode& directory, const std::string& name, std::uint32_t mask,
                               const Inode& subject, std::uint32_t cookie) {
    if (directory.silent) return;
    if (subject.kind == FileKind::directory) mask |= IN_ISDIR;
    for (const auto& held : instances_)
        if (const auto instance = held.lock()) instance->happened(directory, mask, name, cookie);
}

void SimFileSystem::tell(const Dentry& dentry, std::uint32_t mask) {
    if (dentry.parent != nullptr) tell_entry(*dentry.parent, dentry.name, mask, *dentry.inode);
    tell_self(*dentry.inode, mask);
}

}  // namespace logwisp::sim
