#include "tail/targets.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "base/path.hpp"

namespace logwisp {

namespace {

constexpr std::string_view rotation_words[] = {"backup", "bak",  "copy", "old",
                                               "orig",   "prev", "save"};

// A hidden file is matched only by a pattern that begins with a dot, as in a shell.
bool glob_matches(const std::string& pattern, const std::string& name) {
    return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

std::vector<std::string> components_of(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view part = path.substr(0, slash);
        if (!part.empty() && part != ".") parts.emplace_back(part);
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return parts;
}

// What a rotation appends, without the separator: digits, dates, times, and the words that people
// and scripts use.
bool is_rotation_stamp(std::string_view stamp) {
    const auto digit = [](char one) { return one >= '0' && one <= '9'; };
    if (stamp.empty()) return false;
    while (!stamp.empty()) {
        const std::size_t end = std::min(stamp.find_first_of("._-"), stamp.size());
        const std::string_view part = stamp.substr(0, end);
        const bool word = std::find(std::begin(rotation_words), std::end(rotation_words), part) !=
                          std::end(rotation_words);
        const bool date = !part.empty() && digit(part.front()) &&
                          std::all_of(part.begin(), part.end(), [&](char one) {
                              return digit(one) || one == ':' || one == 'T';
                          });
        if (!word && !date) return false;
        stamp.remove_prefix(std::min(end + 1, stamp.size()));
    }
    return true;
}

bool is_separator(char one) { return one == '.' || one == '-' || one == '_'; }

}  // namespace

TargetPlan::TargetPlan(const Target& target) : target_(target) {
    const bool absolute = target.path.starts_with('/');
    auto parts = components_of(target.path);
    // ".." as the last part cannot be found in a listing: such a path is all root.
    const bool all_root = parts.empty() || parts.back() == "..";
    std::size_t fixed = 0;
    while (fixed < parts.size() && !has_glob(parts[fixed])) ++fixed;
    if (fixed == parts.size() && !all_root) --fixed;
    root_.assign(1, absolute ? '/' : '.');
    for (std::size_t index = 0; index < fixed; ++index) root_ = join_path(root_, parts[index]);
    parts_.assign(parts.begin() + static_cast<std::ptrdiff_t>(fixed), parts.end());
}

std::string TargetPlan::fixed_path() const {
    if (std::any_of(parts_.begin(), parts_.end(), has_glob)) return {};
    std::string path = root_;
    for (const std::string& part : parts_) path = join_path(path, part);
    return path;
}

bool TargetPlan::part_matches(std::size_t part, std::string_view name) const {
    const std::string& wanted = parts_[part];
    return wanted == name || (has_glob(wanted) && glob_matches(wanted, std::string(name)));
}

bool TargetPlan::wants(const std::string& name, std::string_view below) const {
    return glob_matches(target_.pattern, name) && !excludes(name, below);
}

const std::string* TargetPlan::excluded_by(const std::string& name, std::string_view below) const {
    const std::string path(below);
    const auto found =
        std::find_if(target_.exclude.begin(), target_.exclude.end(), [&](const auto& pattern) {
            const std::string& excluded = pattern.find('/') == pattern.npos ? name : path;
            return ::fnmatch(pattern.c_str(), excluded.c_str(), 0) == 0;
        });
    return found == target_.exclude.end() ? nullptr : &*found;
}

std::string TargetPlan::text() const {
    std::string text = target_.path;
    text.push_back('\0');
    text.append(target_.pattern).push_back('\0');
    text.append(target_.recursive ? "recursive " : "");
    if (target_.is_file) text.append(*target_.is_file ? "file" : "directory");
    for (const std::string& pattern : target_.exclude) text.append(1, '\0').append(pattern);
    return text;
}

TargetMatch TargetPlan::match(std::string_view path) const {
    const std::string root = join_path(root_, "");
    if (!path.starts_with(root)) return {Mismatch::elsewhere, root_, {}};
    std::string_view rest = path.substr(root.size());
    for (std::size_t part = 0; part < parts_.size(); ++part) {
        const std::size_t slash = rest.find('/');
        const std::string_view name = rest.substr(0, slash);
        if (!part_matches(part, name))
            return {Mismatch::other_name, parts_[part], std::string(name)};
        if (slash == rest.npos && part + 1 < parts_.size())
            return {Mismatch::elsewhere, target_.path, {}};
        if (slash == rest.npos && !may_be_file())
            return {Mismatch::names_directory, target_.path, {}};
        if (slash == rest.npos) return {};
        rest.remove_prefix(slash + 1);
    }
    if (!may_be_directory()) return {Mismatch::names_file, target_.path, {}};
    return match_below(rest, std::string(base_name(path)));
}

// In a directory that the target names.
TargetMatch TargetPlan::match_below(std::string_view below, const std::string& base) const {
    for (std::size_t slash = below.find('/'); slash != below.npos;
         slash = below.find('/', slash + 1)) {
        const std::string directory(below.substr(0, slash));
        if (!target_.recursive) return {Mismatch::not_recursive, target_.path, directory};
        if (const auto* by = excluded_by(std::string(base_name(directory)), directory))
            return {Mismatch::excluded, *by, directory};
    }
    if (!glob_matches(target_.pattern, base)) return {Mismatch::pattern, target_.pattern, base};
    if (const auto* by = excluded_by(base, below)) return {Mismatch::excluded, *by, base};
    return {};
}

std::string join_path(std::string_view directory, std::string_view name) {
    std::string path;
    if (directory != ".") path.append(directory);
    if (!path.empty() && path.back() != '/') path.push_back('/');
    path.append(name);
    return path;
}

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 == 0
}

std::string_view directory_name(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == path.npos) return ".";
    return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::string_view path_tail(std::string_view path, std::size_t components) {
    std::size_t begin = path.size();
    for (; components > 0 && begin != 0; --components) {
        const std::size_t slash = begin == 1 ? path.npos : path.rfind('/', begin - 2);
        begin = slash == path.npos ? 0 : slash + 1;
    }
    return path.substr(begin);
}

bool is_rotated_name(std::string_view original, std::string_view name) {
    const auto originals = original_names(name);
    return std::find(originals.begin(), originals.end(), original) != originals.end();
}

std::vector<std::string> original_names(std::string_view name) {
    std::vector<std::string> originals;
    for (std::size_t at = 1; at + 1 < name.size(); ++at) {
        if (!is_separator(name[at])) continue;
        const std::string_view rest = name.substr(at + 1);
        if (is_rotation_stamp(rest)) originals.emplace_back(name.substr(0, at));
        // logrotate's "extension": the stamp goes before ".log".
        const std::size_t dot = rest.rfind('.');
        if (dot != rest.npos && is_rotation_stamp(rest.substr(0, dot)))
            originals.push_back(std::string(name.substr(0, at)).append(rest.substr(dot)));
    }
    return originals;
}

std::string_view rotation_stamp(std::string_view original, std::string_view name) {
    for (std::size_t at = 1; at + 1 < name.size(); ++at) {
        if (!is_separator(name[at])) continue;
        const std::string_view rest = name.substr(at + 1);
        if (name.substr(0, at) == original && is_rotation_stamp(rest)) return rest;
        const std::size_t dot = rest.rfind('.');
        if (dot == rest.npos || !is_rotation_stamp(rest.substr(0, dot))) continue;
        if (std::string(name.substr(0, at)).append(rest.substr(dot)) == original)
            return rest.substr(0, dot);
    }
    return {};
}

bool is_packed_name(std::string_view name) { return name.ends_with(".gz"); }

std::string_view unpacked_name(std::string_view name) {
    return is_packed_name(name) ? name.substr(0, name.size() - 3) : name;
}

std::string_view name_before_unknown_packing(std::string_view name) {
    for (const std::string_view ending : {".xz", ".zst", ".bz2"})
        if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
    return {};
}

bool is_compressed(std::string_view head) {
    using namespace std::string_view_literals;
    for (const std::string_view magic :
         {"\x1F\x8B"sv, "\x28\xB5\x2F\xFD"sv, "\xFD\x37zXZ\x00"sv, "BZh"sv})
        if (head.starts_with(magic))
            return magic != "BZh"sv || (head.size() > 3 && head[3] >= '1' && head[3] <= '9');
    return false;
}

}  // namespace logwisp
