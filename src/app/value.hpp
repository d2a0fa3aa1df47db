// A configuration value before it is anybody's: read from a file, a variable or a flag, described
// to people, written as TOML. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace logwisp {

using Texts = std::vector<std::string>;
// monostate: not set, and that means something of its own (found out later, follows another value).
using Value = std::variant<std::monostate, bool, std::int64_t, std::string, Texts>;

enum class Kind : std::uint8_t { boolean, integer, choice, text, texts, targets };

// "true", "on", "yes", "1" and their opposites, in any case.
std::optional<bool> parse_boolean(std::string_view text);
// Decimal digits with an optional '-', nothing else.
std::optional<std::int64_t> parse_integer(std::string_view text);
// Splits at `separator`; a backslash before it takes its meaning away, every other backslash stays.
Texts split_escaped(std::string_view text, char separator);
// The words of a variable or flag as a value of this kind (not for targets); nothing when they are
// none.
std::optional<Value> parse_value(Kind kind, std::string_view text);

// As it is shown in a message: `"80"`, `70000`, `true`.
std::string described(const Value& value);
// As TOML, which is JSON too for everything but monostate (REQUIRES: a value).
std::string written(const Value& value);
// A TOML basic string and JSON string at once. Bytes that are not UTF-8 become U+FFFD.
std::string written(std::string_view text);

}  // namespace logwisp
