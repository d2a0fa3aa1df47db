#include "base/path.hpp"

#include <limits.h>
#include <unistd.h>

#include <algorithm>

namespace logwisp {

std::string absolute_path(std::string_view path) {
    std::string whole(path);
    char here[PATH_MAX];
    if (!path.starts_with('/') && ::getcwd(here, sizeof(here)) != nullptr)
        whole = std::string(here) + "/" + std::string(path);
    std::string clean;
    for (std::size_t at = 0; at < whole.size();) {
        const std::size_t end = std::min(whole.find('/', at), whole.size());
        const std::string part = whole.substr(at, end - at);
        if (!part.empty() && part != ".") clean += "/" + part;
        at = end + 1;
    }
    return clean.empty() ? "/" : clean;
}

bool lies_in(std::string_view path, std::string_view directory) {
    if (directory == "/") return path.starts_with('/');
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace logwisp
