// Reading one JSON object, as the server sends them: its members as they are written, and the text
// of a string. Enough to show an entry to a person; what is not an object of that form is shown as
// plain text. Pure over bytes; anything may be in them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logwisp {

struct JsonMember {
    std::string key;
    std::string_view value;  // as written: "text" with its quotes, 12, {"a":1}
};

// Absent when `json` is not one object.
std::optional<std::vector<JsonMember>> json_members(std::string_view json);

// The value of the first member with this key; empty when there is none.
std::string_view json_member(const std::vector<JsonMember>& members, std::string_view key);

// The elements of a JSON array, as written; empty when it is none.
std::vector<std::string_view> json_elements(std::string_view json);

// The text of a JSON string, unescaped; absent when `value` is something else.
std::optional<std::string> json_text(std::string_view value);

}  // namespace logwisp
