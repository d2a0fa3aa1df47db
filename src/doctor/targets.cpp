// Every file that the targets mean now, opened as following would; and what keeps this user from those that cannot be.
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/file_mode.hpp"
#include "doctor/findings.hpp"
#include "explain/path_match.hpp"
#include "tail/targets.hpp"

namespace logwisp {

namespace {

constexpr std::size_t faults_shown_max = 5;  // of one stream

std::string group_name(gid_t group) {
    const struct group* const known = ::getgrgid(group);
    return known == nullptr ? std::to_string(group) : known->gr_name;
}

// The first directory on the way that cannot be passed, else the path itself.
std::string barrier_on(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
        std::string directory = path.substr(0, at);
        if (::faccessat(AT_FDCWD, directory.c_str(), X_OK, AT_EACCESS) != 0) return directory;
    }
    return path;
}

std::string permission_advice(const std::string& path) {
    const std::string barrier = barrier_on(path);
    struct stat found {};
    if (::stat(barrier.c_str(), &found) != 0) return {};
    const bool by_group = (found.st_mode & S_IRGRP) != 0 && found.st_gid != 0;
    const std::unique_ptr<char, decltype(&std::free)> end(::realpath(barrier.c_str(), nullptr),
                                                          &std::free);
    const std::string named =
        end == nullptr || barrier == end.get()
            ? quoted(barrier)
            : fmt::format("{} leads to {}, which", quoted(barrier), quoted(std::string(end.get())));
    const std::string is = fmt::format("{} is {}:{} {:04o}", named, user_name(found.st_uid),
                                       group_name(found.st_gid), found.st_mode & 07777);
    const std::string group = group_name(found.st_gid);
    if (found.st_uid == ::geteuid())
        return fmt::format("{}: chmod u+r{} {}", is, S_ISDIR(found.st_mode) ? "x" : "",
                           quoted(barrier));
    return by_group ? fmt::format("{}: add group {} (SupplementaryGroups={} of the unit)", is,
                                  group, group)
                    : fmt::format("{}: setfacl -m u:{}:r{} {}", is, user_name(::geteuid()),
                                  S_ISDIR(found.st_mode) ? "x" : "", quoted(barrier));
}

// Walks one target as following does, without following anything.
class Walk {
  public:
    Walk(FileSystem& files, const TargetPlan& plan, const LinkRule& rule, WatchNeed& need)
        : files_(files), plan_(plan), rule_(rule), need_(need) {}

    // A target that is all root ("/", "logs/..") has no parts: it names that directory.
    void run() { plan_.parts().empty() ? step(plan_.root(), 0) : part(plan_.root(), 0); }

    struct Fault {
        std::string path;
        Error error;
    };
    std::size_t found = 0;
    std::vector<Fault> faults;
    std::vector<std::string> polled;    // directories
    std::vector<std::string> odd;       // FIFOs, devices and sockets: left alone
    std::vector<std::string> writable;  // by others, where root reads

  private:
    void watch(const std::string& path) {
        if (need_.paths.size() < watched_paths_max) need_.paths.push_back(path);
    }

    void note_writable(const std::string& directory) {
        const auto status = files_.status(directory);
        if (!status || ::geteuid() != 0) return;
        if (others_who_write(status->mode, status->group).empty()) return;
        if (writable.empty() || writable.back() != directory) writable.push_back(directory);
    }

    // What stands in `directory` for part `index` of the target's path.
    void part(const std::string& directory, std::size_t index) {
        const std::string& wanted = plan_.parts()[index];
        const bool literal = wanted.find_first_of("*?[\\") == std::string::npos;
        if (literal) return step(join_path(directory, wanted), index);
        std::vector<std::string> names;
        list(directory, [&](std::string_view name, FileKind) {
            if (plan_.part_matches(index, name)) names.emplace_back(name);
        });
        for (const std::string& name : names) step(join_path(directory, name), index);
    }

    void step(const std::string& path, std::size_t index) {
        const auto status = files_.status_guarded(path, rule_);
        if (!status) {
            if (status.error().code != ENOENT && status.error().code != ENOTDIR)
                faults.push_back({path, status.error()});
            return;
        }
        const bool last = index + 1 >= plan_.parts().size();
        const bool directory = status->kind == FileKind::directory;
        if (!last && directory) return part(path, index + 1);
        if (!last) return;
        if (directory && plan_.may_be_directory()) return inside(path, "", 0);
        if (directory || !plan_.may_be_file()) return;
        note_writable(std::string(directory_name(path)));
        file(path);
    }

    void inside(const std::string& directory, const std::string& below, std::uint32_t depth) {
        watch(directory);
        note_writable(directory);
        if (!files_.has_events(directory)) polled.push_back(directory);
        std::vector<std::string> files;
        std::vector<std::string> directories;
        list(directory, [&](std::string_view name, FileKind kind) {
            if (kind == FileKind::directory)
                directories.emplace_back(name);
            else
                files.emplace_back(name);
        });
        for (const std::string& name : files)
            if (plan_.wants(name, below + name)) file(join_path(directory, name));
        if (!plan_.target().recursive || depth == directory_depth_max) return;
        for (const std::string& name : directories)
            if (!plan_.excludes(name, below + name))
                inside(join_path(directory, name), below + name + "/", depth + 1);
    }

    void file(const std::string& path) {
        const auto status = files_.status_guarded(path, rule_);
        if (status && status->kind != FileKind::regular) return odd.push_back(path);
        ++found;
        watch(path);
        const auto opened = files_.open_guarded(path, rule_);
        if (opened)
            files_.close(*opened);
        else if (opened.error().code != ENOENT)
            faults.push_back({path, opened.error()});
    }

    template <class Each>
    void list(const std::string& directory, Each each) {
        const auto listed = files_.list_guarded(directory, rule_, each);
        if (!listed && listed.error().code != ENOENT) faults.push_back({directory, listed.error()});
    }

    FileSystem& files_;
    const TargetPlan& plan_;
    LinkRule rule_;
    WatchNeed& need_;
};

Finding silence(const std::string& what, const std::string& suspects) {
    return {Grade::bad, "files",
            fmt::format("{} does not answer{}{}", what, suspects.empty() ? "" : ": it is on ",
                        suspects),
            "its server, or the daemon of its mount, is at fault; the stream stands still until it "
            "answers, others do not"};
}

std::string and_others(const std::vector<std::string>& paths, const char* what = "directories") {
    return paths.size() == 1 ? std::string()
                             : fmt::format(" (and {} more {})", paths.size() - 1, what);
}

// What stands for those that are not shown is as bad as the worst of them.
struct Shown {
    std::size_t faults = 0;
    Grade of_the_rest = Grade::note;
};

void tell(const StreamConfig& stream, const Walk& walk, Shown& shown, Findings& findings) {
    for (const Walk::Fault& fault : walk.faults) {
        if (++shown.faults > faults_shown_max) {
            if (fault.error.code != error_refused) shown.of_the_rest = Grade::bad;
            continue;
        }
        if (fault.error.code == error_refused) {
            findings.push_back({Grade::note, "files",
                                fmt::format("{}: {} is not followed: {}", stream.name,
                                            quoted(fault.path), fault.error.where),
                                std::string(advice_for_refused(stream.monitor.follow_symlinks,
                                                               fault.error.where))});
            continue;
        }
        const bool denied = fault.error.code == EACCES || fault.error.code == EPERM;
        findings.push_back({Grade::bad, "files",
                            fmt::format("{}: {} cannot be read: {}", stream.name,
                                        quoted(fault.path), std::strerror(fault.error.code)),
                            denied ? permission_advice(fault.path) : std::string()});
    }
    if (!walk.odd.empty())
        findings.push_back(
            {Grade::note,
             "files",
             fmt::format("{}: {}{}: not a regular file, and never followed", stream.name,
                         quoted(walk.odd.front()), and_others(walk.odd, "such")),
             {}});
    if (!walk.writable.empty())
        findings.push_back(
            {Grade::note, "files",
             fmt::format("{}: others may write to {}{}, and root reads what is there", stream.name,
                         quoted(walk.writable.front()), and_others(walk.writable)),
             first_line("/proc/sys/fs/protected_hardlinks") == "0"
                 ? "run the service as a user of its own; sysctl fs.protected_hardlinks=1"
                 : "run the service as a user of its own"});
    if (!walk.polled.empty())
        findings.push_back(
            {Grade::note, "files",
             fmt::format("{}: {}{} gives no events: its files are checked every {} ms", stream.name,
                         quoted(walk.polled.front()), and_others(walk.polled),
                         stream.monitor.check_interval_ms),
             "check_interval_ms decides between delay and load"});
}

}  // namespace

void look_at_targets(FileSystem& files, const Config& config, SilentMounts& silent, WatchNeed& need,
                     Findings& findings) {
    for (const StreamConfig& stream : config.streams) {
        std::size_t found = 0;
        std::size_t silent_targets = 0;
        Shown shown;
        for (const Target& target : stream.monitor.targets) {
            const TargetPlan plan(target);
            const auto look = [&](WatchNeed& watched) {
                Walk walk(files, plan, {stream.monitor.follow_symlinks}, watched);
                walk.run();
                return walk;
            };
            const bool answers = silent.answers(target, [&] {
                WatchNeed not_watched;
                Shown not_shown;
                Findings not_told;
                tell(stream, look(not_watched), not_shown, not_told);
            });
            if (!answers) {
                ++silent_targets;
                findings.push_back(silence(fmt::format("{}: {}", stream.name, quoted(target.path)),
                                           silent.suspects()));
                continue;
            }
            const Walk walk = look(need);
            found += walk.found;
            tell(stream, walk, shown, findings);
            if (walk.found == 0 && walk.faults.empty() && walk.odd.empty())
                findings.push_back({Grade::note,
                                    "files",
                                    fmt::format("{}: nothing matches {} yet: it is waited for",
                                                stream.name, quoted(target.path)),
                                    {}});
        }
        if (shown.faults > faults_shown_max)
            findings.push_back(
                {shown.of_the_rest,
                 "files",
                 fmt::format("{}: and {} more", stream.name, shown.faults - faults_shown_max),
                 {}});
        if (found > 0 && shown.faults == 0)
            findings.push_back({Grade::good,
                                "files",
                                fmt::format("{}: {} file{}{} can be read", stream.name, found,
                                            found == 1 ? "" : "s",
                                            silent_targets == 0 ? "" : " of its other targets"),
                                {}});
    }
}

}  // namespace logwisp
