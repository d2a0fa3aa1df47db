// Paths as text: nothing is asked of the file system but the current directory. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace logwisp {

// From the root; the current directory comes before a relative path. Without "." and doubled slashes;
// ".." stays, since only the file system knows where it leads.
std::string absolute_path(std::string_view path);
// Whether `path` is `directory` or lies below it; both absolute.
bool lies_in(std::string_view path, std::string_view directory);
// Whether it is a pattern rather than a name.
inline bool has_glob(std::string_view text) { return text.find_first_of("*?[") != text.npos; }

}  // namespace logwisp
