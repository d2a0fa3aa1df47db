// The limits that following and serving run into: watches, open files. Watches are added for what is there now, so that what others have
// added counts.
#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

#include "doctor/findings.hpp"
#include "logwisp/limits.hpp"

namespace logwisp {

namespace {

constexpr const char* watches_key = "fs.inotify.max_user_watches";
constexpr const char* instances_key = "fs.inotify.max_user_instances";

std::string setting(const char* key) {
    std::string path(key);
    std::replace(path.begin(), path.end(), '.', '/');
    return first_line("/proc/sys/" + path);
}

// 0: all were added.
int add_watches(FileSystem& files, int instance, const WatchNeed& need, std::size_t& added) {
    for (const std::string& path : need.paths) {
        const auto watch = files.watch_add(instance, path, IN_MODIFY);
        if (watch)
            ++added;
        else if (watch.error().code == ENOSPC || watch.error().code == ENOMEM)
            return watch.error().code;
    }
    return 0;
}

}  // namespace

void look_at_watches(FileSystem& files, const Config& config, const WatchNeed& need,
                     Findings& findings) {
    const std::size_t cores = cores_wanted(config);
    std::vector<int> instances;
    int error = 0;
    while (instances.size() < cores && error == 0) {
        const auto opened = files.watch_open();
        if (opened)
            instances.push_back(*opened);
        else
            error = opened.error().code;
    }
    std::size_t added = 0;
    if (error != 0)
        findings.push_back(
            {Grade::bad, "inotify",
             fmt::format("{} of {} instances can be had; {} is {} for all of this user's programs",
                         instances.size(), cores, instances_key, setting(instances_key)),
             fmt::format(
                 "sysctl {}={}, or fewer cores: the files of the others are checked instead",
                 instances_key, 1024)});
    else if (add_watches(files, instances.front(), need, added) != 0)
        findings.push_back(
            {Grade::bad, "inotify",
             fmt::format("{} of {} watches can be had; {} is {} for all of this user's programs",
                         added, need.paths.size(), watches_key, setting(watches_key)),
             fmt::format("sysctl {}={}: what is not watched is checked every now and then",
                         watches_key, std::max<std::size_t>(65'536, 4 * need.paths.size()))});
    else
        findings.push_back(
            {Grade::good,
             "inotify",
             fmt::format("{} watch{} of {}", added, added == 1 ? "" : "es", setting(watches_key)),
             {}});
    for (const int instance : instances) files.close(instance);
}

void look_at_descriptors(const Config& config, const WatchNeed& need, Findings& findings) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    std::uint64_t clients = 0;
    for (const StreamConfig& stream : config.streams)
        clients += (stream.http.enabled ? stream.http.clients_max + spare_connections : 0) +
                   (stream.tcp.enabled ? stream.tcp.clients_max : 0);
    const std::uint64_t wanted = clients + need.paths.size() + 64;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
        findings.push_back(
            {Grade::note, "limits",
             fmt::format("{} open files are allowed; max_clients and the files that are followed "
                         "come to {}",
                         limit.rlim_max, wanted),
             "LimitNOFILE of the unit, ulimit -Hn; beyond it clients wait, and files are opened "
             "in turn"});
    else
        findings.push_back({Grade::good,
                            "limits",
                            limit.rlim_max == RLIM_INFINITY
                                ? std::string("as many open files as one likes")
                                : fmt::format("{} open files are allowed", limit.rlim_max),
                            {}});
}

}  // namespace logwisp
