#include "tail/path_walk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tail/targets.hpp"

namespace logwisp {

namespace {

// As many symbolic links as the kernel follows.
constexpr int link_hops_max = 40;
constexpr int steps_max = 4096;
// What was judged and what is opened then differ when somebody changes names all the time.
constexpr int openings_max = 16;
constexpr int reading_flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

// Where the kernel shows itself: reading there does things, and shows what nobody logged.
bool is_kernels_own(int file) {
    constexpr std::array<std::uint32_t, 13> magics = {
        PROC_SUPER_MAGIC,   SYSFS_MAGIC,         DEBUGFS_MAGIC,     TRACEFS_MAGIC, SECURITYFS_MAGIC,
        CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, BPF_FS_MAGIC,      SELINUX_MAGIC, SMACK_MAGIC,
        EFIVARFS_MAGIC,     BINFMTFS_MAGIC,      DEVPTS_SUPER_MAGIC};
    struct statfs found {};
    return ::fstatfs(file, &found) == 0 &&
           std::find(magics.begin(), magics.end(), static_cast<std::uint32_t>(found.f_type)) !=
               magics.end();
}

tl::unexpected<Error> refused(std::string why, const std::string& path) {
    return failure(error_refused, std::move(why), path);
}

tl::unexpected<Error> refused_kernels_own(const std::string& path) {
    return refused("leads to where the kernel shows itself, which holds no logs", path);
}

bool is_trusted(uid_t user) { return user == 0 || user == ::geteuid(); }

// Somebody else than `owner` and those who are trusted.
bool others_may_name(const struct stat& directory, uid_t owner) {
    if (!is_trusted(directory.st_uid) && directory.st_uid != owner) return true;
    return (directory.st_mode & S_IWOTH) != 0 ||
           ((directory.st_mode & S_IWGRP) != 0 && directory.st_gid != 0 &&
            directory.st_gid != ::getegid());
}

// By all that is known of it; an empty reason: yes.
std::string why_not_link(const struct stat& directory, const struct stat& link,
                         const std::string& path, const LinkRule& rule,
                         const std::optional<std::uint32_t>& owner) {
    if (rule.follow == FollowSymlinks::all) return {};
    if (rule.follow == FollowSymlinks::none) return fmt::format("symbolic link {}", path);
    if (is_trusted(link.st_uid)) {
        if (link.st_nlink < 2 || !others_may_name(directory, link.st_uid)) return {};
        return fmt::format(
            "symbolic link {} has several names, and others than its owner may have put it there",
            path);
    }
    if (link.st_uid != directory.st_uid)
        return fmt::format("symbolic link {} belongs to user {}, its directory to user {}", path,
                           link.st_uid, directory.st_uid);
    if (owner && *owner != link.st_uid)
        return fmt::format(
            "symbolic link {} belongs to user {}, the one that leads to it to user {}", path,
            link.st_uid, *owner);
    return {};
}

std::string why_not_end(const struct stat& found, const LinkRule& rule,
                        const std::optional<std::uint32_t>& owner) {
    for (const auto& wanted : {owner, rule.owner})
        if (wanted && found.st_uid != *wanted && rule.follow != FollowSymlinks::all)
            return fmt::format("a symbolic link of user {} leads to what belongs to user {}",
                               *wanted, found.st_uid);
    return {};
}

std::string why_not_name(const struct stat& directory, const struct stat& found,
                         const LinkRule& rule) {
    if (rule.follow == FollowSymlinks::all || !S_ISREG(found.st_mode) || found.st_nlink < 2)
        return {};
    if (!others_may_name(directory, found.st_uid)) return {};
    return fmt::format(
        "a hard link: the file has {} names, belongs to user {}, and others may have put this name "
        "into its directory",
        found.st_nlink, found.st_uid);
}

// The last one comes first.
void push_components(std::string_view path, std::vector<std::string>& pending) {
    const std::size_t before = pending.size();
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, slash);
        if (!name.empty() && name != ".") pending.emplace_back(name);
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    std::reverse(pending.begin() + static_cast<std::ptrdiff_t>(before), pending.end());
}

Descriptor open_start(bool absolute) {
    return Descriptor(::open(absolute ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

Result<std::string> text_of_link(const Descriptor& link, const std::string& path) {
    char text[PATH_MAX];
    const ssize_t bytes = ::readlinkat(link.number(), "", text, sizeof(text));
    if (bytes < 0) return failure(errno, "readlink", path);
    if (bytes == 0) return failure(ENOENT, "readlink", path);
    return std::string(text, static_cast<std::size_t>(bytes));
}

class Walk {
  public:
    Walk(const std::string& path, const LinkRule& rule) : path_(path), rule_(rule) {}

    Result<WalkEnd> run() {
        end_.name = ".";
        text_of_last_ = path_;
        if (auto begun = begin(path_); !begun) return tl::make_unexpected(begun.error());
        while (!pending_.empty()) {
            const std::string name = std::move(pending_.back());
            pending_.pop_back();
            auto stepped = step(name);
            if (!stepped) return tl::make_unexpected(stepped.error());
        }
        if (!end_.parent && !missing_) {  // "/", "."
            end_.found = Descriptor(::openat(at_.number(), ".", O_PATH | O_CLOEXEC));
            if (!end_.found || ::fstat(end_.found.number(), &end_.status) != 0)
                return failure(errno, "open", path_);
            end_.parent = std::move(at_);
        }
        return std::move(end_);
    }

  private:
    Result<void> begin(std::string_view text) {
        if (text.starts_with('/') || !at_) {
            at_ = open_start(text.starts_with('/'));
            so_far_ = text.starts_with('/') ? "/" : ".";
        }
        if (!at_) return failure(errno, "open", path_);
        push_components(text, pending_);
        return {};
    }

    Result<void> step(const std::string& name) {
        // So that no chain of links costs more than a look may.
        if (++steps_ > steps_max) return failure(ELOOP, "open", path_);
        if (so_far_.size() > PATH_MAX || text_of_last_.size() > PATH_MAX)
            return failure(ENAMETOOLONG, "open", path_);
        const bool last = pending_.empty();
        const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
        // O_DIRECTORY makes an automounter mount.
        Descriptor next(::openat(at_.number(), name.c_str(), last ? flags : flags | O_DIRECTORY));
        if (!next && !last && errno == ENOTDIR)
            next = Descriptor(::openat(at_.number(), name.c_str(), flags));
        if (!next && last && errno == ENOENT) {
            missing_ = true;
            return arrive(name, std::move(next));
        }
        if (!next) return failure(errno, "open", path_);
        struct stat found {};
        if (::fstat(next.number(), &found) != 0) return failure(errno, "stat", path_);
        if (S_ISLNK(found.st_mode)) return follow(next, found, join_path(so_far_, name));
        if (last) {
            end_.status = found;
            return arrive(name, std::move(next));
        }
        if (!S_ISDIR(found.st_mode)) return failure(ENOTDIR, "open", path_);
        at_ = std::move(next);
        so_far_ = join_path(so_far_, name);
        return {};
    }

    Result<void> arrive(const std::string& name, Descriptor found) {
        end_.parent = std::move(at_);
        end_.name = name;
        end_.found = std::move(found);
        return {};
    }

    Result<void> follow(const Descriptor& link, const struct stat& found, const std::string& path) {
        if (++hops_ > link_hops_max) return failure(ELOOP, "open", path_);
        // Among them are links that are no text: they lead to what a process has open.
        if (is_kernels_own(link.number())) return refused_kernels_own(path_);
        struct stat directory {};
        if (::fstat(at_.number(), &directory) != 0) return failure(errno, "stat", path_);
        if (std::string why = why_not_link(directory, found, path, rule_, end_.owner); !why.empty())
            return refused(std::move(why), path_);
        if (rule_.follow == FollowSymlinks::owned && !is_trusted(found.st_uid))
            end_.owner = found.st_uid;
        const auto text = text_of_link(link, path_);
        if (!text) return tl::make_unexpected(text.error());
        if (pending_.empty()) {
            text_of_last_ =
                text->starts_with('/') ? *text : join_path(directory_name(text_of_last_), *text);
            end_.far_end = text_of_last_;
        }
        return begin(*text);
    }

    const std::string& path_;
    const LinkRule& rule_;
    WalkEnd end_;
    Descriptor at_;
    std::vector<std::string> pending_;  // components, the last one first
    std::string so_far_;                // a name of at_
    std::string text_of_last_;
    int hops_ = 0;
    int steps_ = 0;
    bool missing_ = false;
};

int open_without_links(const std::string& path, std::uint64_t flags, std::uint64_t resolve) {
    open_how how{};
    how.flags = flags;
    how.resolve = resolve;
    return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how)));
}

}  // namespace

Result<WalkEnd> walk_path(const std::string& path, const LinkRule& rule) {
    auto end = Walk(path, rule).run();
    if (!end || !end->found) return end;
    if (is_kernels_own(end->found.number())) return refused_kernels_own(path);
    if (std::string why = why_not_end(end->status, rule, end->owner); !why.empty())
        return refused(std::move(why), path);
    if (S_ISREG(end->status.st_mode) && end->status.st_nlink > 1) {
        struct stat directory {};
        if (::fstat(end->parent.number(), &directory) != 0) return failure(errno, "stat", path);
        if (std::string why = why_not_name(directory, end->status, rule); !why.empty())
            return refused(std::move(why), path);
    }
    return end;
}

namespace {

// What was judged, opened. -1: something else has the name by now.
Result<int> open_end(const WalkEnd& end, const std::string& path, int flags) {
    // Opening a device does things.
    if (!S_ISREG(end.status.st_mode) && !S_ISDIR(end.status.st_mode))
        return failure(ENXIO, "open", path);
    Descriptor opened(
        ::openat(end.parent.number(), end.name.c_str(), reading_flags | O_NOFOLLOW | flags));
    if (!opened && (errno == ELOOP || errno == ENOENT || errno == ENOTDIR)) return -1;
    if (!opened) return failure(errno, "open", path);
    struct stat now {};
    if (::fstat(opened.number(), &now) != 0) return failure(errno, "stat", path);
    const bool same = now.st_dev == end.status.st_dev && now.st_ino == end.status.st_ino &&
                      now.st_uid == end.status.st_uid;
    return same ? opened.release() : -1;
}

}  // namespace

Result<int> open_by_rule(const std::string& path, const LinkRule& rule, int flags) {
    const bool names_only = (flags & O_PATH) != 0;
    const auto kernel_flags =
        static_cast<std::uint64_t>(names_only ? O_PATH | O_CLOEXEC | flags : reading_flags | flags);
    const bool all = rule.follow == FollowSymlinks::all;
    Descriptor direct(
        open_without_links(path, kernel_flags, all ? RESOLVE_NO_MAGICLINKS : RESOLVE_NO_SYMLINKS));
    // ENOSYS, EPERM: an old kernel, or a filter that does not know the call.
    if (!direct && errno != ELOOP && errno != ENOSYS && errno != EPERM)
        return failure(errno, "open", path);
    if (direct) {
        struct stat found {};
        if (::fstat(direct.number(), &found) != 0) return failure(errno, "stat", path);
        if (is_kernels_own(direct.number())) return refused_kernels_own(path);
        if (std::string why = why_not_end(found, rule, std::nullopt); !why.empty())
            return refused(std::move(why), path);
        const bool one_name = !S_ISREG(found.st_mode) || found.st_nlink < 2;
        if (one_name || all) return direct.release();
        direct = Descriptor();  // its directory decides
    }
    for (int opening = 0; opening < openings_max; ++opening) {
        auto end = walk_path(path, rule);
        if (!end) return tl::make_unexpected(end.error());
        if (!end->found) return failure(ENOENT, "open", path);
        if (names_only) return end->found.release();
        auto opened = open_end(*end, path, flags);
        if (!opened || *opened >= 0) return opened;
    }
    return refused("what it leads to is exchanged all the time", path);
}

}  // namespace logwisp
