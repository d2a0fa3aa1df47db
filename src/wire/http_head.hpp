// A whole head, already passed by the guard, given to llhttp in one piece and judged by the rules
// that need all of it: one Host, no body, no transfer coding, nothing expected. Pure; the result's
// views point into the head.
#pragma once

#include <optional>
#include <span>

#include "wire/http.hpp"
#include "wire/http_guard.hpp"

namespace logwisp {

// Empty when the request is accepted. Decodes the path in place, so `head` is not to be read again
// as a head.
std::optional<HttpRefusal> read_head(std::span<char> head, const HttpGuard& guard,
                                     HttpRequest& request);

}  // namespace logwisp
