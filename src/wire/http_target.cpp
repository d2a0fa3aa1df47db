#include "wire/http_target.hpp"

#include <algorithm>

#include "wire/utf8.hpp"

namespace logwisp {
namespace {

constexpr unsigned port_max = 65535;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Decodes %HH from `from` to `to` (which may be the same place: the text only shrinks). Null when
// an escape is not two hex digits.
char* percent_decode(std::string_view from, char* to, bool plus_is_space) {
    for (std::size_t i = 0; i < from.size(); ++i) {
        char c = from[i];
        if (c == '%') {
            if (from.size() - i < 3) return nullptr;
            const int high = hex_digit(from[i + 1]);
            const int low = hex_digit(from[i + 2]);
            if (high < 0 || low < 0) return nullptr;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        *to++ = c;
    }
    return to;
}

bool is_name_character(char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

bool is_port(std::string_view text) {
    if (text.size() > 5) return false;
    unsigned port = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        port = port * 10 + static_cast<unsigned>(c - '0');
    }
    return port <= port_max;
}

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        path.remove_prefix(1);  // its '/'
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view segment = path.substr(0, end);
        if (segment == "." || segment == "..") return true;
        path.remove_prefix(end);
    }
    return false;
}

bool has_forbidden_character(std::string_view path) {
    return std::any_of(path.begin(), path.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F || c == '\\';
    });
}

// After decoding, so that no escape hides anything from it.
std::optional<std::string_view> judge_path(std::string_view path) {
    if (has_forbidden_character(path)) return "Forbidden character in the path";
    if (!utf8_well_formed(path)) return "The path must be UTF-8";
    if (has_dot_segment(path)) return "Dot segments in the path";
    // "//host/x" is a path to some and a host to others.
    if (path.starts_with("//")) return "The path begins with two slashes";
    return std::nullopt;
}

// `rest` is what follows the authority: a path, a query, both or nothing.
std::optional<std::string_view> parse_path(std::span<char> rest, HttpTarget& result) {
    const std::string_view text(rest.data(), rest.size());
    const std::size_t question = text.find('?');
    const std::string_view path = text.substr(0, question);
    if (question != std::string_view::npos) result.query = text.substr(question + 1);
    const char* const end = percent_decode(path, rest.data(), false);
    if (end == nullptr) return "Malformed percent-encoding in the path";
    result.path = {rest.data(), static_cast<std::size_t>(end - rest.data())};
    if (result.path.empty()) result.path = "/";  // http://host, http://host?query
    return judge_path(result.path);
}

}  // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

bool is_authority(std::string_view text) {
    std::size_t host_end = 0;
    if (text.starts_with('[')) {
        host_end = text.find(']');
        if (host_end == std::string_view::npos) return false;
        const std::string_view address = text.substr(1, host_end - 1);
        if (std::count(address.begin(), address.end(), ':') < 2) return false;
        if (!std::all_of(address.begin(), address.end(),
                         [](char c) { return hex_digit(c) >= 0 || c == ':' || c == '.'; })) {
            return false;
        }
        ++host_end;
    } else {
        host_end = std::min(text.find(':'), text.size());
        if (host_end == 0) return false;
        const std::string_view name = text.substr(0, host_end);
        if (!std::all_of(name.begin(), name.end(), is_name_character)) return false;
    }
    const std::string_view rest = text.substr(host_end);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

std::optional<std::string_view> parse_target(std::span<char> target, bool asterisk_allowed,
                                             HttpTarget& result) {
    const std::string_view text(target.data(), target.size());
    if (text.find('#') != std::string_view::npos) return "Fragment in the request target";
    if (text == "*") {
        if (!asterisk_allowed) return "The target * is for OPTIONS alone";
        result.path = text;
        return std::nullopt;
    }
    if (text.starts_with('/')) return parse_path(target, result);
    constexpr std::string_view scheme = "http://";
    if (!equals_ignoring_case(text.substr(0, scheme.size()), scheme)) {
        return "The request target must be a path or an http URL";
    }
    const std::size_t end = std::min(text.find_first_of("/?", scheme.size()), text.size());
    result.authority = text.substr(scheme.size(), end - scheme.size());
    if (!is_authority(result.authority)) return "Malformed host in the request target";
    return parse_path(target.subspan(end), result);
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
    std::string decoded;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        decoded.resize(equals);
        const char* key_end = percent_decode(pair.substr(0, equals), decoded.data(), true);
        if (key_end == nullptr) continue;
        if (std::string_view(decoded.data(), static_cast<std::size_t>(key_end - decoded.data())) !=
            name) {
            continue;
        }
        const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
        decoded.resize(value.size());
        const char* value_end = percent_decode(value, decoded.data(), true);
        if (value_end == nullptr) return std::string(value);
        decoded.resize(static_cast<std::size_t>(value_end - decoded.data()));
        return utf8_well_formed(decoded) ? decoded : std::string(value);
    }
    return std::nullopt;
}

}  // namespace logwisp
