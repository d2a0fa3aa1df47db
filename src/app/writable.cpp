#include "app/writable.hpp"

#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "base/file_mode.hpp"

namespace logwisp {
namespace {

// Where files of the target are looked for, as far as they are there.
std::set<std::string> directories_of(const Target& target) {
    std::set<std::string> out;
    glob_t found{};
    if (::glob(target.path.c_str(), GLOB_NOSORT, nullptr, &found) == 0)
        for (std::size_t index = 0; index < found.gl_pathc; ++index) {
            const std::string path = found.gl_pathv[index];
            struct stat info {};
            if (::stat(path.c_str(), &info) != 0) continue;
            const std::size_t slash = path.find_last_of('/');
            if (S_ISDIR(info.st_mode))
                out.insert(path);
            else
                out.insert(slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash));
        }
    ::globfree(&found);
    return out;
}

}  // namespace

Problems writable_directories(const Loaded& loaded) {
    Problems out;
    if (::geteuid() != 0) return out;
    std::set<std::string> told;
    for (std::size_t index = 0; index < loaded.config.streams.size(); ++index) {
        const auto& targets = loaded.config.streams[index].monitor.targets;
        for (std::size_t number = 0; number < targets.size(); ++number)
            for (const std::string& directory : directories_of(targets[number])) {
                struct stat info {};
                if (::stat(directory.c_str(), &info) != 0) continue;
                const std::string_view who = others_who_write(info.st_mode, info.st_gid);
                if (who.empty() || !told.insert(directory).second) continue;
                out.push_back({loaded.origins.of(
                                   stream_key(index, fmt::format("monitor.targets.{}", number))),
                               fmt::format("{} may write to {}, and root would read what is there",
                                           who, in_quotes(directory))});
            }
    }
    return out;
}

}  // namespace logwisp
