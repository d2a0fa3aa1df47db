#include "app/feedback.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "app/problem.hpp"
#include "base/mounts.hpp"
#include "base/path.hpp"

namespace logwisp {
namespace {

std::vector<std::string> expanded(const std::string& path) {
    std::vector<std::string> out;
    glob_t found{};
    if (::glob(path.c_str(), GLOB_NOSORT | GLOB_NOCHECK, nullptr, &found) == 0)
        out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return out;
}

std::string resolved(const std::string& path) {
    char buffer[PATH_MAX];
    return ::realpath(path.c_str(), buffer) == nullptr ? "" : buffer;
}

bool excluded(const Target& target, const std::string& base, const std::string& below) {
    return std::any_of(
        target.exclude.begin(), target.exclude.end(), [&](const std::string& pattern) {
            const std::string& name = pattern.find('/') == std::string::npos ? base : below;
            return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
        });
}

bool directory_takes(const Target& target, std::string directory, const std::string& path) {
    if (!directory.ends_with('/')) directory += '/';
    if (!path.starts_with(directory)) return false;
    std::string below = path.substr(directory.size());
    std::string base = below.substr(below.rfind('/') + 1);
    if (base != below && !target.recursive) return false;
    return ::fnmatch(target.pattern.c_str(), base.c_str(), 0) == 0 &&
           !excluded(target, base, below);
}

}  // namespace

bool target_takes(const Target& target, const std::string& path) {
    // To ask a file system that may hang is to hang with it; what it holds is ours only when our
    // output is there.
    const MountTable mounts = MountTable::now();
    const std::string fixed = target.path.substr(0, target.path.find_first_of("*?["));
    const Mount* const far = mounts.reach(absolute_path(fixed), read_real_link).hanging;
    if (far != nullptr && !lies_in(path, far->point)) return false;
    for (const std::string& match : expanded(target.path)) {
        std::string real = resolved(match);
        struct stat info {};
        if (real.empty() || ::stat(real.c_str(), &info) != 0) continue;
        if (S_ISDIR(info.st_mode) ? directory_takes(target, real, path) : real == path) return true;
    }
    return false;
}

std::string feedback_fault(const Config& config, int descriptor) {
    struct stat info {};
    if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) return {};
    std::string path = resolved(fmt::format("/proc/self/fd/{}", descriptor));
    if (path.empty()) return {};
    for (const StreamConfig& stream : config.streams)
        for (const Target& target : stream.monitor.targets)
            if (target_takes(target, path))
                return fmt::format(
                    "stream {} would follow {}, where LogWisp's own {} goes: exclude it or write "
                    "it "
                    "elsewhere",
                    in_quotes(stream.name), in_quotes(path),
                    descriptor == STDERR_FILENO ? "messages" : "output");
    return {};
}

}  // namespace logwisp
