// What every row of the option table can say about itself.
#include <fmt/format.h>

#include <algorithm>

#include "app/options.hpp"
#include "base/check.hpp"

namespace logwisp {

std::string Option::section() const {
    std::size_t dot = key.rfind('.');
    return dot == std::string::npos ? "" : key.substr(0, dot);
}

std::string Option::leaf() const {
    std::size_t dot = key.rfind('.');
    return dot == std::string::npos ? key : key.substr(dot + 1);
}

std::string Option::expectation() const {
    switch (kind) {
        case Kind::boolean:
            return "true or false";
        case Kind::integer:
            return fmt::format("a whole number from {} to {}", least, most);
        case Kind::choice: {
            std::string out;
            for (std::size_t i = 0; i < choices.size(); ++i) {
                if (i > 0) out += i + 1 == choices.size() ? " or " : ", ";
                out += fmt::format("\"{}\"", choices[i]);
            }
            return out;
        }
        case Kind::text:
        case Kind::texts:
            return std::string(expects);
        case Kind::targets:
            break;
    }
    return R"(a list of targets such as [{ path = "/var/log/app", pattern = "*.log" }])";
}

bool Option::allows(const Value& value) const {
    switch (kind) {
        case Kind::boolean:
            return std::holds_alternative<bool>(value);
        case Kind::integer: {
            const auto* number = std::get_if<std::int64_t>(&value);
            return number != nullptr && *number >= least && *number <= most;
        }
        case Kind::choice: {
            const auto* text = std::get_if<std::string>(&value);
            return text != nullptr &&
                   std::find(choices.begin(), choices.end(), *text) != choices.end();
        }
        case Kind::text: {
            const auto* text = std::get_if<std::string>(&value);
            return text != nullptr && accepts(*text);
        }
        case Kind::texts: {
            const auto* texts = std::get_if<Texts>(&value);
            return texts != nullptr && std::all_of(texts->begin(), texts->end(), accepts);
        }
        case Kind::targets:
            break;
    }
    return false;
}

std::string variable_part(std::string_view name) {
    std::string out;
    for (char c : name) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        out += kept ? c : '_';
    }
    return out;
}

std::string Option::variable() const { return "LOGWISP_" + variable_part(key); }

StreamConfig stream_defaults() {
    StreamConfig stream;
    stream.http.port = 8080;
    stream.tcp.port = 9090;
    return stream;
}

StreamConfig implicit_stream_defaults() {
    StreamConfig stream = stream_defaults();
    stream.name = implicit_stream_name;
    stream.http.enabled = true;
    return stream;
}

Target default_target() {
    Target target;
    target.path = "./";
    return target;
}

}  // namespace logwisp
