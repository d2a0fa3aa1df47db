// What a request asks for: the target of the request line taken apart, its path percent-decoded
// once, and the authority's form. Pure. The path that comes out is the only one: routing and access
// decide on the same string.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "wire/http.hpp"

namespace logwisp {

struct HttpTarget {
    std::string_view path;
    std::string_view query;
    std::string_view authority;  // of an absolute-form target, else empty
};

// Origin-form ("/stream?tail=5"), absolute-form ("http://host/stream") and, for OPTIONS, "*".
// Decodes in place: the views point into `target`. Empty when accepted, else what is wrong, for
// people. REQUIRES: target is printable ASCII without spaces.
std::optional<std::string_view> parse_target(std::span<char> target, bool asterisk_allowed,
                                             HttpTarget& result);

// host[:port], host a name, an IPv4 address or a bracketed IPv6 address.
bool is_authority(std::string_view text);

// Letters of ASCII in any case.
bool equals_ignoring_case(std::string_view left, std::string_view right);

}  // namespace logwisp
