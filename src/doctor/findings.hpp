// What was found out, each with what can be done about it. Values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "explain/silent_mounts.hpp"
#include "logwisp/config.hpp"
#include "tail/file_system.hpp"

namespace logwisp {

enum class Grade : std::uint8_t {
    good,
    note,  // works, but not as well as it could, or not yet
    bad,   // the service does not start, or does not do what it was asked to
};

struct Finding {
    Grade grade = Grade::good;
    std::string topic;   // "io_uring", "inotify", "files", ...
    std::string text;    // a sentence without its full stop
    std::string advice;  // the same; empty: nothing is to be done
};
using Findings = std::vector<Finding>;

// How many files and directories following would watch.
struct WatchNeed {
    std::vector<std::string> paths;  // at most watched_paths_max
};
inline constexpr std::size_t watched_paths_max = 100'000;

// Each looks at one thing (doctor_*.cpp, named alike).
void look_at_kernel(const Config& config, Findings& findings);
// What the service could give up here.
void look_at_sandbox(const Config& config, Findings& findings);
void look_at_clock(Findings& findings);
// Adds what it would watch to `need`.
void look_at_targets(FileSystem& files, const Config& config, SilentMounts& silent, WatchNeed& need,
                     Findings& findings);
void look_at_watches(FileSystem& files, const Config& config, const WatchNeed& need,
                     Findings& findings);
void look_at_descriptors(const Config& config, const WatchNeed& need, Findings& findings);
void look_at_state(const Config& config, SilentMounts& silent, Findings& findings);
void look_at_ports(const Config& config, Findings& findings);

std::string findings_text(const std::string& heading, const Findings& findings);
std::string findings_json(const std::string& file, const std::string& user,
                          const Findings& findings);

// As many threads as the service would run.
std::size_t cores_wanted(const Config& config);
// The first line of a small file, empty when it cannot be read.
std::string first_line(const std::string& path);
// By name where it has one.
std::string user_name(uid_t user);

}  // namespace logwisp
