#include "explain/verdict.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/path.hpp"
#include "explain/path_match.hpp"

namespace logwisp {
namespace {

// Other names of a file that are looked for beside it.
constexpr std::size_t names_looked_at_max = 4096;

// As following names it: a relative target leads to relative names.
std::string followed_name(const PathMatch& found) {
    const std::string here = join_path(absolute_path("."), "");
    if (!found.target->path.starts_with('/') && found.name.starts_with(here))
        return found.name.substr(here.size());
    return found.name;
}

std::string cannot(const std::string& path, int error, std::string_view what) {
    return fmt::format("{} {}: {}, tried as {}", quoted(path), what, std::strerror(error),
                       present_user());
}

// Following lists directories: to be allowed to pass through is not enough.
std::string unlistable_directory(FileSystem& files, const PathMatch& found) {
    std::string directory(directory_name(found.name));
    while (true) {
        const auto opened = files.open(directory);
        if (opened) files.close(*opened);
        if (!opened && opened.error().code == EACCES)
            return cannot(directory, EACCES, "cannot be listed");
        if (directory.size() <= found.root.size() || directory == "/") return {};
        directory = std::string(directory_name(directory));
    }
}

// Another name beside it that is found first: names are looked at in order.
std::string first_name(FileSystem& files, const PathFacts& facts, const PathMatch& found,
                       const StreamConfig& stream) {
    if (facts.status->links < 2) return {};
    const std::string directory(directory_name(found.name));
    std::string first(base_name(found.name));
    std::size_t left = names_looked_at_max;
    static_cast<void>(files.list(directory, [&](std::string_view name, FileKind kind) {
        const std::string path = join_path(directory, name);
        if (kind != FileKind::regular || name >= first || left == 0) return;
        if (!match_path(path, path, stream, found.names).wanted()) return;
        --left;
        const auto status = files.status(path);
        if (status && status->identity == facts.status->identity) first = name;
    }));
    return first == base_name(found.name) ? std::string() : join_path(directory, first);
}

void add_notes(FileSystem& files, const PathFacts& facts, const PathMatch& found,
               const StreamConfig& stream, Verdict& verdict) {
    if (facts.polled)
        verdict.notes.push_back(
            fmt::format("its file system gives no events: it is checked every {} ms",
                        stream.monitor.check_interval_ms));
    const bool told = verdict.code == "missing" || found.name == facts.link_to;
    if (!facts.link_to.empty() && !told)
        verdict.notes.push_back(fmt::format("a symbolic link to {}", quoted(facts.link_to)));
    if (found.name != facts.absolute && !told)
        verdict.notes.push_back(fmt::format("by this name: {}", quoted(found.name)));
    const std::string directory(directory_name(found.name));
    for (const std::string& original : original_names(base_name(found.name))) {
        const std::string path = join_path(directory, original);
        if (!files.status(path) || !match_path(path, path, stream, found.names).wanted()) continue;
        verdict.notes.push_back(
            fmt::format("it has the name of a rotated copy of {}: what was read there is not read "
                        "again",
                        quoted(original)));
    }
    if (facts.exists() && found.target->from == StartAt::end)
        verdict.notes.push_back(
            "what it holds when the stream first starts is not read (from = \"end\")");
}

// Of a path that a target wants.
void judge_file(FileSystem& files, const PathFacts& facts, const PathMatch& found,
                const StreamConfig& stream, const Confinement& confinement, Verdict& verdict) {
    const auto no = [&](const char* code, std::string reason) {
        verdict.followed = false;
        verdict.code = code;
        verdict.reason = std::move(reason);
    };
    verdict.followed = true;
    verdict.code = "followed";
    if (const std::string why = unlistable_directory(files, found); !why.empty())
        return no("unlistable", why);
    const auto judged = files.status_guarded(found.name, {stream.monitor.follow_symlinks});
    if (!judged && judged.error().code == error_refused)
        return no("link_refused",
                  fmt::format("{}: not followed (monitor.follow_symlinks), as {} would judge",
                              judged.error().where, present_user()));
    if (facts.missing()) {
        verdict.code = "missing";
        verdict.reason = facts.link_to.empty()
                             ? "it is not there: it is waited for"
                             : fmt::format(
                                   "a symbolic link to {}, which is not there: it is "
                                   "waited for",
                                   quoted(facts.link_to));
        return;
    }
    if (!facts.exists())
        return no("unreadable",
                  cannot(facts.absolute, facts.status.error().code, "cannot be looked at"));
    if (facts.status->kind != FileKind::regular)
        return no("not_regular",
                  fmt::format("it is a {}: only regular files are followed{}", facts.kind,
                              facts.status->kind == FileKind::directory
                                  ? ", here those in it that match the pattern"
                                  : ""));
    if (facts.open_error != 0)
        return no("unreadable", cannot(facts.absolute, facts.open_error, "cannot be read"));
    if (!confinement.lets(found.name, Wanted::contents))
        return no("confined",
                  "the sandbox would keep the service from it: it lies outside of what the targets "
                  "name; name its directory in security.readable and restart");
    if (facts.compressed) return no("compressed", "it is compressed: such files are left alone");
    if (const std::string other = first_name(files, facts, found, stream); !other.empty()) {
        verdict.code = "same_file";
        verdict.reason =
            fmt::format("it is the same file as {}, and is read under that name", quoted(other));
    }
}

}  // namespace

Verdict judge_names(const PathFacts& facts, const StreamConfig& stream,
                    const std::string& suspects) {
    Verdict verdict;
    const PathMatch found = match_path(facts.absolute, {}, stream, Names::as_written);
    verdict.target = found.target;
    const std::string why =
        fmt::format("a file system does not answer{}", suspects.empty() ? "" : ": " + suspects);
    if (found.wanted()) {
        verdict.name = followed_name(found);
        verdict.code = "silent";
        verdict.reason = why + "; by its name it is wanted, and is read when that answers";
    } else {
        verdict.code = code_of(found.how.mismatch);
        verdict.reason = sentence(found);
        verdict.notes.push_back(why + ": links were not looked at");
    }
    return verdict;
}

Verdict judge(FileSystem& files, const PathFacts& facts, const StreamConfig& stream,
              const Confinement& confinement, Names names) {
    Verdict verdict;
    PathMatch found = match_path(facts.absolute, facts.resolved, stream, names);
    bool by_link = false;
    if (!found.wanted() && !facts.link_to.empty() && facts.exists()) {
        // What it leads to may be followed under its own name.
        const PathMatch at_end = match_path(facts.link_to, facts.link_to, stream, names);
        by_link = at_end.wanted();
        if (by_link) found = at_end;
    }
    verdict.target = found.target;
    if (!found.wanted()) {
        verdict.code = code_of(found.how.mismatch);
        verdict.reason = sentence(found);
        if (!facts.link_to.empty())
            verdict.notes.push_back(fmt::format(
                "a symbolic link to {}, which no target wants either", quoted(facts.link_to)));
        return verdict;
    }
    verdict.name = followed_name(found);
    judge_file(files, facts, found, stream, confinement, verdict);
    if (by_link && verdict.code == "followed") {
        verdict.code = "linked_file";
        verdict.reason =
            fmt::format("it is a symbolic link to {}, which is followed", quoted(facts.link_to));
    }
    if (verdict.followed) add_notes(files, facts, found, stream, verdict);
    return verdict;
}

}  // namespace logwisp
