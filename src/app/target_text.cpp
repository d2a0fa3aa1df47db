#include "app/target_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/path.hpp"

namespace logwisp {
namespace {

const Option& target_option(std::string_view key) {
    const auto& all = target_options();
    return *std::find_if(all.begin(), all.end(), [&](const Option& o) { return o.key == key; });
}

}  // namespace

std::string target_fault(const Target& target) {
    std::string_view path = target.path;
    if (target.recursive && target.is_file.value_or(false))
        return "a file cannot be followed recursively; leave out is_file or recursive";
    if (path == "~" || path.starts_with("~/"))
        return fmt::format(
            "\"~\" in {} is not expanded here; write the whole path (or ./~ if it is meant)",
            in_quotes(path));
    bool shared_memory = lies_in(path, "/dev/shm");
    if (!shared_memory &&
        (lies_in(path, "/proc") || lies_in(path, "/sys") || lies_in(path, "/dev")))
        return fmt::format("{} holds no log files: /proc, /sys and /dev are not followed",
                           in_quotes(path));
    return {};
}

void add_target(std::string_view text, const Place& place, TargetList& list, Problems& problems) {
    auto refuse = [&](std::string message) {
        problems.push_back({place, std::move(message)});
        list.valid = false;
    };
    // A pattern keeps its own backslashes: only the one before a colon is ours.
    Texts parts = split_escaped(text, ':');
    if (parts.size() > 3)
        return refuse(fmt::format(
            R"(too many colons in target {}: it is path[:pattern[:isfile]]; write "\:" for a colon in a name)",
            in_quotes(text)));
    Target target;
    target.path = parts[0];
    if (!target_option("path").allows(target.path))
        return refuse(fmt::format("target {} has no usable path", in_quotes(text)));
    if (parts.size() > 1 && !parts[1].empty()) target.pattern = parts[1];
    if (!target_option("pattern").allows(target.pattern))
        return refuse(fmt::format("the pattern of target {} must be {}", in_quotes(text),
                                  target_option("pattern").expectation()));
    if (parts.size() > 2 && !parts[2].empty()) {
        target.is_file = parse_boolean(parts[2]);
        if (!target.is_file)
            return refuse(fmt::format(
                R"(the third part of target {} must be true or false; write "\:" for a colon in a name)",
                in_quotes(text)));
    }
    if (std::string fault = target_fault(target); !fault.empty()) return refuse(fault);
    list.targets.push_back(std::move(target));
    list.places.push_back(place);
}

TargetList parse_targets(std::string_view text, const Place& place, Problems& problems) {
    TargetList list;
    list.place = place;
    for (const std::string& part : split_escaped(text, ','))
        add_target(part, place, list, problems);
    return list;
}

}  // namespace logwisp
