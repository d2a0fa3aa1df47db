// An event-stream reader for tests, written from the WHATWG text ("9.2.5 Parsing an event stream",
// "9.2.6 Interpreting an event stream") and from nothing of ours, so that it can tell when we frame
// wrongly. One addition: each event keeps the id it carried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logwisp::test {

struct SseEvent {
    std::string type = "message";
    std::string data;
    std::string last_event_id;
    friend bool operator==(const SseEvent&, const SseEvent&) = default;
};

class SseParser {
  public:
    // Bytes may be cut anywhere: inside a CRLF, inside the byte order mark, inside a character.
    void feed(std::string_view bytes) {
        for (const char c : bytes) feed_byte(c);
    }

    [[nodiscard]] const std::vector<SseEvent>& events() const { return events_; }
    [[nodiscard]] const std::vector<std::string>& comments() const { return comments_; }
    [[nodiscard]] const std::optional<std::uint64_t>& retry_ms() const { return retry_ms_; }
    [[nodiscard]] const std::string& last_event_id() const { return last_event_id_; }
    // Fields the grammar does not know: a frame of ours never makes one.
    [[nodiscard]] const std::vector<std::string>& unknown_fields() const { return unknown_fields_; }
    // True between two events: nothing pending that the end of the stream would throw away.
    [[nodiscard]] bool at_boundary() const {
        return line_.empty() && data_.empty() && type_.empty();
    }

  private:
    void feed_byte(char c) {
        if (after_cr_) {
            after_cr_ = false;
            if (c == '\n') return;  // the second half of CRLF
        }
        if (c == '\n' || c == '\r') {
            after_cr_ = c == '\r';
            end_line();
            return;
        }
        line_ += c;
        // One byte order mark may lead the stream.
        if (first_line_ && line_ == "\xEF\xBB\xBF") {
            line_.clear();
            first_line_ = false;
        }
    }

    void end_line() {
        first_line_ = false;
        std::string line;
        line.swap(line_);
        if (line.empty()) {
            dispatch();
        } else if (line.starts_with(':')) {
            comments_.push_back(line.substr(1));
        } else {
            const std::size_t colon = line.find(':');
            std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
            if (value.starts_with(' ')) value.erase(0, 1);
            take_field(line.substr(0, colon), value);
        }
    }

    void take_field(const std::string& field, const std::string& value) {
        if (field == "event") {
            type_ = value;
        } else if (field == "data") {
            data_ += value;
            data_ += '\n';
        } else if (field == "id") {
            if (value.find('\0') == std::string::npos) id_ = value;
        } else if (field == "retry") {
            constexpr std::size_t digits_max = 18;  // the text has no limit; a number type has
            if (!value.empty() && value.size() <= digits_max &&
                value.find_first_not_of("0123456789") == std::string::npos) {
                retry_ms_ = std::stoull(value);
            }
        } else {
            unknown_fields_.push_back(field);
        }
    }

    void dispatch() {
        last_event_id_ = id_;
        if (!data_.empty()) {
            data_.pop_back();  // the last line feed
            events_.push_back({type_.empty() ? "message" : type_, data_, last_event_id_});
        }
        data_.clear();
        type_.clear();
    }

    std::string line_;
    std::string data_;
    std::string type_;
    std::string id_;
    std::string last_event_id_;
    std::optional<std::uint64_t> retry_ms_;
    std::vector<SseEvent> events_;
    std::vector<std::string> comments_;
    std::vector<std::string> unknown_fields_;
    bool after_cr_ = false;
    bool first_line_ = true;
};

}  // namespace logwisp::test
