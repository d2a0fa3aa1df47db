// Where a value stands and what is wrong with it: every message about a configuration is a Problem,
// printed as one line. Values; nothing here does I/O. Whatever the user wrote goes through
// in_quotes(), so that a message is always one bounded line of text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logwisp {

struct Place {
    enum class Source : std::uint8_t { builtin, file, environment, flag };
    Source source = Source::builtin;
    std::string name;  // the file's path, the variable or the flag; for a default, whom it follows
                       // if anybody
    std::uint32_t line = 0;    // of a file, from 1; 0: the file as a whole
    std::uint32_t column = 0;  // in characters, from 1

    static Place in_file(std::string path, std::uint32_t line = 0, std::uint32_t column = 0) {
        return {Source::file, std::move(path), line, column};
    }
    static Place variable(std::string name) { return {Source::environment, std::move(name), 0, 0}; }
    static Place flag(std::string name) { return {Source::flag, std::move(name), 0, 0}; }

    // "logwisp.toml:12:5", "LOGWISP_ROUTER_PORT", "--http-port", "default".
    [[nodiscard]] std::string text() const;
};

struct Problem {
    Place place;
    std::string message;

    [[nodiscard]] std::string text() const {
        return place.source == Place::Source::builtin ? message : place.text() + ": " + message;
    }
};

using Problems = std::vector<Problem>;

// Problems of a file in the order of its lines, everything else in the order it was found.
void sort_by_place(Problems& problems);

// In double quotes, control characters escaped, cut after 80 bytes.
std::string in_quotes(std::string_view text);

}  // namespace logwisp
