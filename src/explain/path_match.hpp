// Which target of a stream wants a path, or comes nearest to it. Names only: targets are compared as
// they are written and by their real names, with the code that following compares with
// (TargetPlan::match).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "logwisp/config.hpp"
#include "tail/targets.hpp"

namespace logwisp {

// Whether targets are compared by their real names, too, for which file systems are asked.
enum class Names : unsigned char { all, as_written };

struct PathMatch {
    const Target* target = nullptr;
    TargetMatch how{Mismatch::elsewhere, {}, {}};
    std::string name;              // from the root, as following would find it
    std::string root;              // of the target: directories are listed from here on
    std::size_t shared_bytes = 0;  // of the path and the target's directory
    Names names = Names::all;      // that were compared

    [[nodiscard]] bool wanted() const { return how.mismatch == Mismatch::none; }
};

// The first target that wants the path counts, as it does for following; else the nearest.
// `real`: the path without symbolic links in its directory; empty when there is none.
PathMatch match_path(const std::string& written, const std::string& real,
                     const StreamConfig& stream, Names names = Names::all);

// Why it is not wanted, for people: a sentence without its full stop.
std::string sentence(const PathMatch& found);
// And for programs.
const char* code_of(Mismatch mismatch);
// In quotes, as it is: whoever shows it makes it visible.
std::string quoted(std::string_view text);

}  // namespace logwisp
