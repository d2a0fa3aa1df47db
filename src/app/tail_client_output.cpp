#include "app/tail_client_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "app/tail_client_render.hpp"

namespace logwisp {
namespace {
constexpr std::size_t flush_bytes = 64 * 1024;
}

void TailOutput::entry(std::string_view data, const std::vector<JsonMember>& entry) {
    if (look_.json)
        append_plain_text(lines_, data, EscapeStyle::json);
    else
        append_entry_text(lines_, entry, look_.color);
    flush_if_large();
}

void TailOutput::text(std::string_view data) {
    append_plain_text(lines_, data, look_.json ? EscapeStyle::json : EscapeStyle::text);
    flush_if_large();
}

void TailOutput::notice(std::string_view text) {
    flush();
    std::string line = "-- ";
    append_visible(line, text, EscapeStyle::text);
    line += " --\n";
    std::fputs(line.c_str(), stderr);
}

void TailOutput::flush_if_large() {
    if (lines_.size() >= flush_bytes) flush();
}

void TailOutput::flush() {
    std::string_view rest = lines_;
    while (!rest.empty() && !closed_) {
        const ssize_t written = write(descriptor_, rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {  // a terminal that somebody else made non-blocking
            closed_ = waiter_.wait(descriptor_, POLLOUT, -1) != Wake::ready;
        } else if (errno == EINTR) {
            closed_ = Waiter::signal() != 0;
        } else {
            closed_ = true;
            if (errno != EPIPE) error_ = errno;
        }
    }
    lines_.clear();
}

}  // namespace logwisp
