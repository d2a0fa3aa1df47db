// What the tail client makes of an HTTP answer: is it the stream, a refusal, or a passing trouble?
// Pure over the head and the body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/tail_client_response.hpp"

namespace logwisp {

bool is_event_stream(std::string_view content_type);

// A server that is being restarted behind a proxy answers like this for a moment.
bool is_passing(std::uint16_t status);

// For people: the status and the message of our own JSON errors, else the body's first line.
std::string refusal_text(const ResponseParser& response, const std::string& body);

}  // namespace logwisp
