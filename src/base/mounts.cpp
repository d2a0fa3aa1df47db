#include "base/mounts.hpp"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>

#include "base/path.hpp"

namespace logwisp {

namespace {

// As many as the kernel follows.
constexpr int links_max = 40;

std::string_view next_word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

// mountinfo writes space, tab, line feed and backslash as \040 and so on.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto octal = [&](std::size_t digit) {
            return digit < text.size() && text[digit] >= '0' && text[digit] <= '7';
        };
        if (text[at] == '\\' && octal(at + 1) && octal(at + 2) && octal(at + 3)) {
            out.push_back(static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 +
                                            (text[at + 3] - '0')));
            at += 3;
        } else {
            out.push_back(text[at]);
        }
    }
    return out;
}

// Names before `before`, in the order in which they are walked.
void put_before(std::string_view path, std::deque<std::string>& names) {
    std::vector<std::string> parts;
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        if (slash > 0 && path.substr(0, slash) != ".") parts.emplace_back(path.substr(0, slash));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    names.insert(names.begin(), parts.begin(), parts.end());
}

}  // namespace

bool may_hang(std::string_view type) {
    constexpr std::array<std::string_view, 20> far = {
        "nfs",   "nfs4",   "cifs", "smb3",    "smbfs",  "9p",    "virtiofs",
        "ceph",  "afs",    "coda", "lustre",  "gfs2",   "ocfs2", "orangefs",
        "pvfs2", "autofs", "fuse", "fuseblk", "vboxsf", "beegfs"};
    return type.starts_with("fuse.") || std::find(far.begin(), far.end(), type) != far.end();
}

MountTable::MountTable(std::string_view mountinfo) {
    while (!mountinfo.empty()) {
        std::string_view line = mountinfo.substr(0, mountinfo.find('\n'));
        mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
        // id, parent, device, root, then where it is; behind a lone dash its type.
        for (int word = 0; word < 4; ++word) static_cast<void>(next_word(line));
        Mount mount{unescaped(next_word(line)), {}};
        const std::size_t dash = line.find(" - ");
        if (mount.point.empty() || dash == line.npos) continue;
        line.remove_prefix(dash + 3);
        mount.type = next_word(line);
        if (may_hang(mount.type) && mount.point != "/") hanging_.push_back(mount);
        all_.push_back(std::move(mount));
    }
}

MountTable MountTable::now() {
    // Open for good: once the process has confined itself /proc is out of its reach.
    static const int file = ::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    std::string text;
    char bytes[16 * 1024];
    for (ssize_t got = 0;
         (got = ::pread(file, bytes, sizeof(bytes), static_cast<off_t>(text.size()))) > 0;)
        text.append(bytes, static_cast<std::size_t>(got));
    return MountTable(text);
}

// The longest mount point counts, of two at one place the one above, which comes later.
const Mount* MountTable::hanging_at(std::string_view path) const {
    const Mount* found = nullptr;
    for (const Mount& mount : all_)
        if (lies_in(path, mount.point) &&
            (found == nullptr || mount.point.size() >= found->point.size()))
            found = &mount;
    if (found == nullptr) return nullptr;
    const auto hanging = std::find(hanging_.begin(), hanging_.end(), *found);
    return hanging == hanging_.end() ? nullptr : &*hanging;
}

MountTable::Reached MountTable::reach(std::string_view path, const ReadLink& read_link) const {
    Reached reached;
    std::deque<std::string> names;
    put_before(path, names);
    for (int links = 0; !names.empty() && links <= links_max;) {
        const std::string name = names.front();
        names.pop_front();
        if (name == "..") {
            reached.path.resize(std::min(reached.path.rfind('/'), reached.path.size()));
            continue;
        }
        const std::string next = reached.path + "/" + name;
        if (reached.hanging = hanging_at(next); reached.hanging != nullptr) break;
        if (const auto link = read_link(next)) {
            ++links;
            if (link->starts_with('/')) reached.path.clear();
            put_before(*link, names);
        } else {
            reached.path = next;
        }
    }
    if (reached.path.empty()) reached.path = "/";
    return reached;
}

std::optional<std::string> read_real_link(const std::string& path) {
    char text[PATH_MAX];
    const ssize_t bytes = ::readlink(path.c_str(), text, sizeof(text));
    if (bytes < 0) return std::nullopt;
    return std::string(text, static_cast<std::size_t>(bytes));
}

}  // namespace logwisp
