// The one table of everything that can be configured. The file's validation, the environment, the
// flags, `logwisp check`, --help, the man pages and the shell completion are all made from it (or
// tested against it). Constant after start; any thread may read it.
//
// A key is a dotted path. The keys of a stream stand in the file below [[streams]]
// (`[streams.httpserver] port`), or at the top
// (`[httpserver] port`) for the one implicit stream of a file without [[streams]].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/value.hpp"
#include "logwisp/config.hpp"

namespace logwisp {

struct Option {
    std::string key;  // "httpserver.heartbeat.enabled"
    Kind kind = Kind::text;
    std::int64_t least = 0;  // for integers
    std::int64_t most = 0;
    std::vector<std::string_view> choices = {};
    std::string_view help = {};  // one line, no full stop
    // For text and the elements of texts: what is required of it in words, and whether it is met.
    std::string_view expects = {};
    bool (*accepts)(std::string_view) = nullptr;
    std::string_view flag = {};          // "--http-port"; several keys may share one
    std::string_view default_note = {};  // when the default is not one value
    bool named_only = false;             // not for the implicit stream

    [[nodiscard]] std::string section() const;  // "httpserver.heartbeat"; empty for `name`
    [[nodiscard]] std::string leaf() const;     // "enabled"
    // "must be " this.
    [[nodiscard]] std::string expectation() const;
    // Right kind, in range, one of the choices, accepted. The kind of the value is the caller's to
    // have matched.
    [[nodiscard]] bool allows(const Value& value) const;
    // "LOGWISP_HTTPSERVER_PORT".
    [[nodiscard]] std::string variable() const;
};

template <class Subject>
struct OptionOf : Option {
    Value (*get)(const Subject&) = nullptr;
    void (*set)(Subject&, const Value&) = nullptr;  // REQUIRES: allows(value)
};

const std::vector<OptionOf<Config>>& service_options();
const std::vector<OptionOf<StreamConfig>>&
stream_options();  // with monitor.targets, which has no get and set
const std::vector<OptionOf<Target>>& target_options();

// What a stream is before anything was said about it. The implicit stream is called "default" and
// serves HTTP.
StreamConfig stream_defaults();
StreamConfig implicit_stream_defaults();
Target default_target();
inline constexpr std::string_view implicit_stream_name = "default";

// `App.log-1` as in LOGWISP_STREAMS_APP_LOG_1_HTTPSERVER_PORT.
std::string variable_part(std::string_view name);

struct Flag {
    std::string_view name;        // "--http-port"
    std::string_view short_name;  // "-c" or empty
    std::string_view metavar;     // "N"; empty: takes no value; "=BOOL": may take one after '='
    std::string_view help;
};
const std::vector<Flag>& flags();

// The first argument, if it is one of these, is what is to be done.
struct CommandHelp {
    std::string_view name;
    std::string_view arguments;  // as in a synopsis
    std::string_view help;       // one line, no full stop
    bool has_flags = false;      // takes those above
    bool has_json = false;
    std::vector<Flag> own_flags = {};  // of one that takes none of those above; --help besides
};
const std::vector<CommandHelp>& commands();

// The option whose rules hold for the flag's value; null for --config, --help, --version.
const Option* option_of_flag(std::string_view flag);

}  // namespace logwisp
