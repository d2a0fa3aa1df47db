#include "explain/path_facts.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "base/path.hpp"
#include "tail/targets.hpp"

namespace logwisp {
namespace {

std::string kind_of(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return {};
    switch (found.st_mode & S_IFMT) {
        case S_IFREG:
            return "regular file";
        case S_IFDIR:
            return "directory";
        case S_IFIFO:
            return "FIFO";
        case S_IFSOCK:
            return "socket";
        case S_IFCHR:
        case S_IFBLK:
            return "device";
        default:
            return "special file";
    }
}

void look_inside(FileSystem& files, PathFacts& facts) {
    const auto file = files.open_guarded(facts.absolute, {FollowSymlinks::all});
    if (!file) {
        facts.open_error = file.error().code;
        return;
    }
    char head[8];
    if (const auto read = files.read_at(*file, head, 0))
        facts.compressed = is_compressed({head, *read});
    else
        facts.open_error = read.error().code;
    files.close(*file);
}

}  // namespace

std::string real_path(const std::string& path) {
    char real[PATH_MAX];
    return ::realpath(path.c_str(), real) == nullptr ? std::string() : real;
}

std::string present_user() {
    const uid_t user = ::geteuid();
    const passwd* const known = ::getpwuid(user);
    return known == nullptr ? fmt::format("user {}", user)
                            : fmt::format("{} (user {})", known->pw_name, user);
}

PathFacts silent_facts(const std::string& path, const std::string& suspects) {
    PathFacts facts;
    facts.given = path;
    facts.absolute = absolute_path(path);
    facts.silent = true;
    facts.suspects = suspects;
    facts.status =
        failure(0, "its file system does not answer" + (suspects.empty() ? "" : ": " + suspects));
    return facts;
}

PathFacts facts_of(FileSystem& files, const std::string& path) {
    PathFacts facts;
    facts.given = path;
    facts.absolute = absolute_path(path);
    const std::string directory = real_path(std::string(directory_name(facts.absolute)));
    if (!directory.empty())
        facts.resolved =
            facts.absolute == "/" ? "/" : join_path(directory, base_name(facts.absolute));
    if (const auto link = files.read_link(facts.absolute)) {
        facts.link_to = real_path(facts.absolute);
        if (facts.link_to.empty()) facts.link_to = *link;
    }
    facts.status = files.status(facts.absolute);
    if (!facts.status) return facts;
    facts.kind = kind_of(facts.absolute);
    facts.polled = !files.has_events(facts.absolute);
    if (facts.status->kind == FileKind::regular) look_inside(files, facts);
    return facts;
}

}  // namespace logwisp
