#include "app/tail_client_refusal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/tail_client_json.hpp"

namespace logwisp {

std::string refusal_text(const ResponseParser& response, const std::string& body) {
    std::string text =
        fmt::format("the server answers {} {}", response.status(), response.reason());
    if (response.status() >= 300 && response.status() < 400 && !response.location().empty())
        return text + ", redirecting to " + response.location() + ", which is not followed";
    if (response.status() == 200)
        return fmt::format(
            "this is no event stream: the server answers {}",
            response.content_type().empty() ? "without a type" : response.content_type());
    std::string detail = body.substr(0, std::min(body.find_first_of("\r\n"), body.size()));
    if (const auto members = json_members(body)) {
        if (const auto message = json_text(json_member(*members, "message"))) detail = *message;
        const auto available = json_member(*members, "available");
        if (!available.empty()) detail.append(" (available: ").append(available).append(")");
    }
    return detail.empty() ? text : text + ": " + detail;
}

bool is_passing(std::uint16_t status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

bool is_event_stream(std::string_view content_type) {
    constexpr std::string_view wanted = "text/event-stream";
    const std::string_view type = content_type.substr(0, wanted.size());
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
    return std::equal(type.begin(), type.end(), wanted.begin(), wanted.end(), same) &&
           (content_type.size() == wanted.size() || content_type[wanted.size()] == ';' ||
            content_type[wanted.size()] == ' ');
}

}  // namespace logwisp
