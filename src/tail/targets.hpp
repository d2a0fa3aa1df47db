// What a target asks for, as pure decisions over names: which directories to look into and which
// names in them are wanted. No I/O.
//
// `path` is cut into a root (its beginning without globs, less the last component) and parts, each
// a name or a glob. The last part names a file, or a directory whose files are chosen by `pattern`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "logwisp/config.hpp"

namespace logwisp {

// Deeper directories are not looked into: loops through bind mounts end here, and so do paths that
// no call takes.
inline constexpr std::uint32_t directory_depth_max = 128;

// What keeps a path from being what a target asks for, from the farthest to the nearest.
enum class Mismatch : std::uint8_t {
    elsewhere,        // not below `wanted`, the target's directory
    other_name,       // `wanted` is a name or glob of the target's path, `found` stands there
    names_directory,  // is_file = false, and the path is what the target calls a directory
    names_file,       // is_file = true, and the path lies below `wanted`
    not_recursive,    // in `found`, below the target's directory
    pattern,          // `wanted` does not match the base name
    excluded,         // `wanted` matches `found`
    none,             // it is wanted
};

struct TargetMatch {
    Mismatch mismatch = Mismatch::none;
    std::string wanted;
    std::string found;
};

class TargetPlan {
  public:
    explicit TargetPlan(const Target& target);

    // All of it but `from`, so that two targets can be compared across a restart.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] const Target& target() const { return target_; }
    [[nodiscard]] const std::string& root() const { return root_; }
    [[nodiscard]] const std::vector<std::string>& parts() const { return parts_; }

    // The one path a target without globs names, as following would name it; empty: there are globs.
    [[nodiscard]] std::string fixed_path() const;
    [[nodiscard]] bool part_matches(std::size_t part, std::string_view name) const;
    // For files in a directory that the target names (or below it): `below` is the path from that
    // directory, name included.
    [[nodiscard]] bool wants(const std::string& name, std::string_view below) const;
    [[nodiscard]] bool excludes(const std::string& name, std::string_view below) const {
        return excluded_by(name, below) != nullptr;
    }
    // `path` as following would name it, found or not.
    [[nodiscard]] TargetMatch match(std::string_view path) const;
    [[nodiscard]] bool wants_path(std::string_view path) const {
        return match(path).mismatch == Mismatch::none;
    }
    [[nodiscard]] bool may_be_file() const { return target_.is_file.value_or(true); }
    [[nodiscard]] bool may_be_directory() const { return !target_.is_file.value_or(false); }

  private:
    [[nodiscard]] const std::string* excluded_by(const std::string& name,
                                                 std::string_view below) const;
    [[nodiscard]] TargetMatch match_below(std::string_view below, const std::string& base) const;

    Target target_;
    std::string root_;
    std::vector<std::string> parts_;
};

// "dir/name"; just the name in ".".
std::string join_path(std::string_view directory, std::string_view name);
std::string_view base_name(std::string_view path);
std::string_view directory_name(std::string_view path);

// The last `components` components of `path`.
std::string_view path_tail(std::string_view path, std::size_t components);

// True when `name` is what a rotation makes of `original`: app.log.1, app.log-20240131,
// app.log.2024-01-31, app-20240131.log.
bool is_rotated_name(std::string_view original, std::string_view name);
// What it has put into the name, without separators around it: 1, 20240131; empty: nothing.
std::string_view rotation_stamp(std::string_view original, std::string_view name);
// gzip leaves the name and appends its own.
bool is_packed_name(std::string_view name);
std::string_view unpacked_name(std::string_view name);
// The name without an ending of what is packed and cannot be unpacked here; empty: it has none.
std::string_view name_before_unknown_packing(std::string_view name);
// The names that `name` may be a rotated copy of.
std::vector<std::string> original_names(std::string_view name);
// gzip, zstd, xz, bzip2, by their first bytes.
bool is_compressed(std::string_view head);

}  // namespace logwisp
