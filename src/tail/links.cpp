#include "tail/links.hpp"

#include "tail/targets.hpp"

namespace logwisp {

namespace {
// As many symbolic links as the kernel follows.
constexpr std::size_t link_hops_max = 40;
}  // namespace

std::vector<std::string> links_of(FileSystem& files, const std::string& path) {
    std::vector<std::string> steps;
    std::string at = path;
    while (steps.size() < link_hops_max) {
        const auto link = files.read_link(at);
        if (!link) break;
        at = link->starts_with('/') ? *link : join_path(directory_name(at), *link);
        steps.push_back(at);
    }
    return steps;
}

}  // namespace logwisp
