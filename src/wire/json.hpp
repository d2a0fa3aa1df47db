// Writing JSON by hand for status pages, control lines and errors: never on a line's path.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace logwisp {

// Appends `text` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD, control characters are escaped.
void append_json_string(std::string& out, std::string_view text);

// Appends objects and arrays with the commas in the right places:
//   JsonWriter w(out); w.begin_object(); w.key("a"); w.number(1); w.end_object();
class JsonWriter {
  public:
    explicit JsonWriter(std::string& out) : out_(out) {}
    void begin_object();
    void end_object();
    void begin_array();
    void end_array();
    void key(std::string_view name);
    void string(std::string_view value);
    void number(std::uint64_t value);
    void number(std::int64_t value);
    // Every other width, so that number(1) and number(port) are not ambiguous.
    template <std::integral Integer>
    void number(Integer value) {
        if constexpr (std::signed_integral<Integer>) {
            number(static_cast<std::int64_t>(value));
        } else {
            number(static_cast<std::uint64_t>(value));
        }
    }
    void number(bool value) = delete;  // boolean() is meant
    void boolean(bool value);
    void null();
    void raw(std::string_view json);

  private:
    void separate();
    std::string& out_;
    bool first_ = true;
    bool after_key_ = false;
};

}  // namespace logwisp
