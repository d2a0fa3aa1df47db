#include "app/rules.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <climits>

#include <string>

namespace logwisp {
namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t url_path_bytes_max = 256;
constexpr std::size_t origin_bytes_max = 256;
constexpr std::size_t pattern_bytes_max = NAME_MAX;

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool all_of(std::string_view text, std::string_view besides_alphanumeric) {
    for (char c : text)
        if (!is_alphanumeric(c) && besides_alphanumeric.find(c) == std::string_view::npos)
            return false;
    return true;
}

// Every '[' that is not escaped has its ']' and no backslash stands at the end: what fnmatch(3)
// would never match, or take literally.
bool is_well_formed_glob(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            if (++i == text.size()) return false;
        } else if (text[i] == '[') {
            // A ']' right after "[", "[!" or "[^" is a member of the set.
            std::size_t first = i + 1;
            if (first < text.size() && (text[first] == '!' || text[first] == '^')) ++first;
            std::size_t end = text.find(']', first + 1);
            if (end == std::string_view::npos) return false;
            i = end;
        }
    }
    return true;
}

// "." and ".." never reach a server: clients resolve them away.
bool has_dot_segment(std::string_view path) {
    std::string slashed = std::string(path) + "/";
    return slashed.find("/./") != std::string::npos || slashed.find("/../") != std::string::npos;
}

}  // namespace

bool is_stream_name(std::string_view text) {
    return !text.empty() && text.size() <= name_bytes_max && all_of(text, "._-") && text != "." &&
           text != "..";
}

bool is_host(std::string_view text) {
    if (text.empty() || text == "*" || text == "localhost") return true;
    in6_addr address{};
    std::string terminated(text);
    if (terminated.size() != std::string_view(terminated.c_str()).size()) return false;
    return inet_pton(AF_INET, terminated.c_str(), &address) == 1 ||
           inet_pton(AF_INET6, terminated.c_str(), &address) == 1;
}

bool is_url_path(std::string_view text) {
    return !text.empty() && text.size() <= url_path_bytes_max && text[0] == '/' &&
           all_of(text, "/-._~!$&'()*+,;=:@") && !has_dot_segment(text);
}

bool is_origin(std::string_view text) {
    if (text == "*") return true;
    if (text.size() > origin_bytes_max) return false;
    std::size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos || scheme_end == 0) return false;
    std::string_view scheme = text.substr(0, scheme_end);
    std::string_view authority = text.substr(scheme_end + 3);
    return all_of(scheme, "+-.") && !authority.empty() && all_of(authority, "-._:[]");
}

bool is_file_path(std::string_view text) {
    return !text.empty() && text.size() < PATH_MAX && text.find('\0') == std::string_view::npos;
}

// A home that nobody expands would become a directory called "~".
bool is_directory_path(std::string_view text) { return is_file_path(text) && text[0] != '~'; }

bool is_absolute_path(std::string_view text) { return is_file_path(text) && text[0] == '/'; }

bool is_name_pattern(std::string_view text) {
    return is_exclude_pattern(text) && text.find('/') == std::string_view::npos &&
           text.size() <= pattern_bytes_max;
}

bool is_exclude_pattern(std::string_view text) {
    return is_file_path(text) && is_well_formed_glob(text);
}

}  // namespace logwisp
