// Feeds bytes to an HttpParser in pieces and writes down what came of them, as the goldens write
// it. Shared with the fuzzer.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/http.hpp"

namespace logwisp::test {

inline std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\\') {
            out += "\\\\";
        } else if (byte <= 0x20 || byte >= 0x7F) {
            char buffer[8];
            std::snprintf(buffer, sizeof buffer, "\\x%02x", byte);
            out += buffer;
        } else {
            out += c;
        }
    }
    return out;
}

inline std::string describe(const HttpRequest& request) {
    static constexpr const char* methods[] = {"GET ", "HEAD ", "OPTIONS ", "OTHER "};
    std::string out = methods[static_cast<int>(request.method)] + escaped(request.path);
    const auto add = [&](const char* label, std::string_view value) {
        if (!value.empty()) out.append(label).append(escaped(value));
    };
    add(" ?", request.query);
    out += request.minor_version == 1 ? " 1.1" : " 1.0";
    out += request.keep_alive ? " keep" : " close";
    add(" host=", request.host);
    add(" accept=", request.accept);
    add(" origin=", request.origin);
    add(" id=", request.last_event_id);
    add(" acrm=", request.access_control_request_method);
    return out;
}

struct Transcript {
    std::vector<std::string> lines;
    std::string refusal_message;
    std::size_t used = 0;  // up to the refusal, or all
    friend bool operator==(const Transcript&, const Transcript&) = default;
};

class Recorder {
  public:
    void feed(std::string_view bytes) {
        while (!refused_ && !bytes.empty()) {
            std::size_t used = 0;
            const auto outcome = parser_.feed(std::span(bytes.data(), bytes.size()), used);
            bytes.remove_prefix(used);
            transcript_.used += used;
            if (outcome == HttpParser::Outcome::request) {
                transcript_.lines.push_back(describe(parser_.request()));
                parser_.next();
            } else if (outcome == HttpParser::Outcome::refused) {
                refused_ = true;
                transcript_.lines.push_back(std::to_string(parser_.refusal().status));
                transcript_.refusal_message = parser_.refusal().message;
            }
        }
    }
    Transcript finish() {
        if (parser_.in_head()) transcript_.lines.emplace_back("more");
        return transcript_;
    }

  private:
    HttpParser parser_;
    Transcript transcript_;
    bool refused_ = false;
};

inline Transcript transcript_of(std::string_view bytes) {
    Recorder recorder;
    recorder.feed(bytes);
    return recorder.finish();
}

inline Transcript transcript_cut_at(std::string_view bytes, std::size_t cut) {
    Recorder recorder;
    recorder.feed(bytes.substr(0, cut));
    recorder.feed(bytes.substr(cut));
    return recorder.finish();
}

inline Transcript transcript_by_byte(std::string_view bytes) {
    Recorder recorder;
    for (std::size_t i = 0; i < bytes.size(); ++i) recorder.feed(bytes.substr(i, 1));
    return recorder.finish();
}

}  // namespace logwisp::test
