#include "explain/path_match.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/path.hpp"
#include "explain/path_facts.hpp"

namespace logwisp {
namespace {

// The same place by its real names. A fixed beginning of the target may lead through symbolic links,
// its last part included.
Target resolved(const Target& target, const TargetPlan& plan) {
    Target real = target;
    std::string path = real_path(plan.root());
    if (path.empty()) return real;
    bool fixed = true;
    for (const std::string& part : plan.parts()) {
        path = join_path(path, part);
        const std::string end = fixed ? real_path(path) : std::string();
        fixed = fixed && !end.empty();
        if (fixed) path = end;
    }
    real.path = path;
    return real;
}

// A target from the root, as it is written and by its real names.
struct Plans {
    Plans(const Target& target, Names names)
        : written(from_root(target)),
          real(names == Names::all ? resolved(target, written) : written.target()) {
        // Directories are listed from here on; of a relative target, from the current one.
        written_root = absolute_path(TargetPlan(target).root());
        if (names == Names::all) real_root = real_path(written_root);
    }
    static Target from_root(Target target) {
        target.path = absolute_path(target.path);
        return target;
    }

    TargetPlan written;
    TargetPlan real;
    std::string written_root;
    std::string real_root;
};

std::size_t shared_beginning(std::string_view one, std::string_view other) {
    const auto end = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
    return static_cast<std::size_t>(end.first - one.begin());
}

}  // namespace

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

std::string sentence(const PathMatch& found) {
    const TargetMatch& how = found.how;
    const std::string& target = found.target->path;
    const bool fixed = !has_glob(target);
    switch (how.mismatch) {
        case Mismatch::elsewhere:
        case Mismatch::other_name:
            if (fixed) return fmt::format("it is neither {} nor below it", quoted(target));
            if (how.mismatch == Mismatch::elsewhere)
                return fmt::format("it does not lie below {}", quoted(how.wanted));
            return fmt::format("{} does not match {}", quoted(how.found), quoted(how.wanted));
        case Mismatch::names_directory:
            return "is_file = false: files in it are meant, not a file of this name";
        case Mismatch::names_file:
            return fmt::format("is_file = true: only {} itself is meant", quoted(how.wanted));
        case Mismatch::not_recursive:
            return fmt::format("it lies in the directory {} below it, and recursive is off",
                               quoted(how.found));
        case Mismatch::pattern:
            return fmt::format("its name {} does not match the pattern {}{}", quoted(how.found),
                               quoted(how.wanted),
                               how.found.starts_with('.') && !how.wanted.starts_with('.')
                                   ? ": a hidden name needs a pattern that begins with a dot"
                                   : "");
        case Mismatch::excluded:
            return fmt::format("{} is excluded by {}", quoted(how.found), quoted(how.wanted));
        case Mismatch::none:
            break;
    }
    return {};
}

const char* code_of(Mismatch mismatch) {
    switch (mismatch) {
        case Mismatch::elsewhere:
            return "elsewhere";
        case Mismatch::other_name:
            return "other_name";
        case Mismatch::names_directory:
            return "names_directory";
        case Mismatch::names_file:
            return "names_file";
        case Mismatch::not_recursive:
            return "not_recursive";
        case Mismatch::pattern:
            return "pattern";
        case Mismatch::excluded:
            return "excluded";
        case Mismatch::none:
            break;
    }
    return "followed";
}

PathMatch match_path(const std::string& written, const std::string& real,
                     const StreamConfig& stream, Names names) {
    PathMatch best;
    best.names = names;
    for (const Target& target : stream.monitor.targets) {
        const Plans plans(target, names);
        const auto consider = [&](const TargetPlan& plan, const std::string& root,
                                  const std::string& path) {
            TargetMatch how = plan.match(path);
            const std::size_t shared = shared_beginning(path, plan.target().path);
            const bool nearer = how.mismatch != best.how.mismatch ? how.mismatch > best.how.mismatch
                                                                  : shared > best.shared_bytes;
            if (best.target != nullptr && !nearer) return;
            best.shared_bytes = shared;
            best.target = &target;
            best.how = std::move(how);
            best.name = path;
            best.root = root;
        };
        consider(plans.written, plans.written_root, written);
        if (names == Names::all && !real.empty() && best.how.mismatch != Mismatch::none)
            consider(plans.real, plans.real_root, real);
        if (best.how.mismatch == Mismatch::none) break;
    }
    return best;
}

}  // namespace logwisp
