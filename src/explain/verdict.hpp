// Whether a stream follows a path, by its configuration and what the file system says now; and if
// not, why, for the target that comes nearest. Decides with the code that following decides with
// (tail/targets.hpp).
#pragma once

#include <string>
#include <vector>

#include "base/confinement.hpp"
#include "explain/path_facts.hpp"
#include "explain/path_match.hpp"
#include "logwisp/config.hpp"

namespace logwisp {

struct Verdict {
    bool followed = false;  // it is, or would be as soon as it is there
    // For programs: "followed", "missing", "same_file", "linked_file" when it is; "elsewhere",
    // "other_name", "not_recursive", "pattern", "excluded", "names_file", "names_directory",
    // "silent", "not_regular", "link_refused", "compressed", "unreadable", "unlistable", "confined" when it is not.
    std::string code;
    std::string reason;  // a sentence without its full stop; empty: there is nothing to say
    const Target* target = nullptr;  // that wants it, or comes nearest
    std::string name;                // as a server started here would call it; empty: it would not
    std::vector<std::string> notes;  // what else is to be known
};

// `confinement`: what the sandbox would let a service of this configuration read.
Verdict judge(FileSystem& files, const PathFacts& facts, const StreamConfig& stream,
              const Confinement& confinement, Names names = Names::all);
// By the names alone, when a file system does not answer: `suspects`, if it is known which.
Verdict judge_names(const PathFacts& facts, const StreamConfig& stream,
                    const std::string& suspects);

}  // namespace logwisp
