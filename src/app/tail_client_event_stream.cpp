#include "app/tail_client_event_stream.hpp"

#include <algorithm>
#include <charconv>

namespace logwisp {

void EventStreamParser::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        if (after_cr_) {
            after_cr_ = false;
            if (bytes.front() == '\n') {
                bytes.remove_prefix(1);
                continue;
            }
        }
        const auto end = bytes.find_first_of("\r\n");
        if (end == std::string_view::npos) return append_to_line(bytes);
        append_to_line(bytes.substr(0, end));
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        end_line();
    }
}

void EventStreamParser::append_to_line(std::string_view bytes) {
    if (bytes.empty()) return;
    if (line_.size() + data_.size() + bytes.size() > event_bytes_max) {
        too_long_ = true;
        data_ = {};
    }
    // An event that is too long is still scanned for its end, as if all of it were a comment.
    if (too_long_)
        line_ = ":";
    else
        line_.append(bytes);
}

void EventStreamParser::end_line() {
    std::string_view line = line_;
    if (first_line_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    first_line_ = false;
    if (line.empty()) {
        dispatch();
    } else if (const auto colon = line.find(':'); colon != 0) {
        std::string_view value;
        if (colon != std::string_view::npos) value = line.substr(colon + 1);
        if (value.starts_with(' ')) value.remove_prefix(1);
        take_field(line.substr(0, colon), value);
    }
    line_.clear();
}

void EventStreamParser::take_field(std::string_view name, std::string_view value) {
    if (name == "data") {
        data_.append(value).push_back('\n');
    } else if (name == "event") {
        type_ = value;
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) id_buffer_ = value;
    } else if (name == "retry") {
        std::uint64_t milliseconds = 0;
        const auto [end, error] =
            std::from_chars(value.data(), value.data() + value.size(), milliseconds);
        if (error == std::errc{} && end == value.data() + value.size())
            handlers_.on_retry(milliseconds);
    }
}

void EventStreamParser::dispatch() {
    last_event_id_ = id_buffer_;
    if (too_long_) {
        ++events_too_long_;
    } else if (!data_.empty()) {
        const std::string_view data(data_.data(), data_.size() - 1);
        handlers_.on_event(
            {.type = type_.empty() ? "message" : std::string_view(type_), .data = data});
    }
    too_long_ = false;
    data_.clear();
    type_.clear();
}

}  // namespace logwisp
