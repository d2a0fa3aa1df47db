#include "app/environment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "app/nearest.hpp"
#include "app/target_text.hpp"

namespace logwisp {
namespace {

constexpr std::string_view prefix = "LOGWISP_";
constexpr std::array own_names{"LOGWISP_CONFIG_FILE", "LOGWISP_CONFIG_DIR"};
constexpr std::array others_names{"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"};

// "LOGWISP_STREAMS_APP_HTTPSERVER_PORT"
std::string stream_variable(const std::string& stream, const Option& option) {
    return fmt::format("{}STREAMS_{}_{}", prefix, variable_part(stream), variable_part(option.key));
}

// What Kubernetes and Docker set for a service or link of our name.
bool is_set_by_others(std::string_view name) {
    return name.starts_with("LOGWISP_SERVICE_") || name == "LOGWISP_PORT" ||
           name.starts_with("LOGWISP_PORT_") || name.starts_with("LOGWISP_ENV_") ||
           name == "LOGWISP_NAME";
}

class Reading {
  public:
    Reading(const std::vector<StreamLayer>& streams, Problems& problems, Problems& warnings)
        : streams_(streams), problems_(problems), warnings_(warnings) {
        layer_.streams.resize(streams.size());
    }

    void variable(const std::string& name, const std::string& text) {
        if (text.empty() || std::find(own_names.begin(), own_names.end(), name) != own_names.end())
            return;
        bool known = false;
        for (const auto& option : service_options())
            if (name == option.variable()) known = set(option, name, text, layer_.service);
        for (const auto& option : stream_options()) {
            if (option.named_only) continue;
            if (name == option.variable()) known = set_in_stream(option, name, text, layer_.top);
            for (std::size_t i = 0; i < streams_.size(); ++i)
                if (!streams_[i].name.empty() && name == stream_variable(streams_[i].name, option))
                    known = set_in_stream(option, name, text, layer_.streams[i]);
        }
        if (!known && !is_set_by_others(name))
            warnings_.push_back({Place::variable(name),
                                 "unknown variable, ignored" + did_you_mean(name, known_names())});
    }

    Layer take() { return std::move(layer_); }

  private:
    template <class Subject>
    bool set(const OptionOf<Subject>& option, const std::string& name, const std::string& text,
             std::vector<Setting<Subject>>& settings) {
        Setting<Subject> out{&option, {}, Place::variable(name), true};
        auto value = parse_value(option.kind, text);
        out.valid = value && option.allows(*value);
        if (out.valid) {
            out.value = std::move(*value);
        } else {
            std::string hint;
            if (option.kind == Kind::choice)
                hint = did_you_mean(text, {option.choices.begin(), option.choices.end()});
            problems_.push_back(
                {out.place,
                 fmt::format("must be {}, not {}{}", option.expectation(), in_quotes(text), hint)});
        }
        settings.push_back(std::move(out));
        return true;
    }

    bool set_in_stream(const OptionOf<StreamConfig>& option, const std::string& name,
                       const std::string& text, StreamLayer& stream) {
        if (option.kind != Kind::targets) return set(option, name, text, stream.settings);
        stream.targets = parse_targets(text, Place::variable(name), problems_);
        return true;
    }

    [[nodiscard]] std::vector<std::string> known_names() const {
        std::vector<std::string> names(own_names.begin(), own_names.end());
        for (const auto& option : service_options()) names.push_back(option.variable());
        for (const auto& option : stream_options()) {
            if (option.named_only) continue;
            names.push_back(option.variable());
            for (const auto& stream : streams_)
                if (!stream.name.empty()) names.push_back(stream_variable(stream.name, option));
        }
        return names;
    }

    const std::vector<StreamLayer>& streams_;
    Problems& problems_;
    Problems& warnings_;
    Layer layer_;
};

}  // namespace

Environment process_environment() {
    Environment out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view text = *entry;
        std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        std::string_view name = text.substr(0, equals);
        const bool wanted =
            name.starts_with(prefix) ||
            std::find(others_names.begin(), others_names.end(), name) != others_names.end();
        if (wanted) out.emplace_back(name, text.substr(equals + 1));
    }
    out.emplace_back("EUID", std::to_string(::geteuid()));
    std::sort(out.begin(), out.end());
    return out;
}

std::string variable_in(const Environment& environment, std::string_view name) {
    for (const auto& [key, value] : environment)
        if (key == name) return value;
    return {};
}

Layer parse_environment(const Environment& environment, const std::vector<StreamLayer>& streams,
                        Problems& problems, Problems& warnings) {
    Reading reading(streams, problems, warnings);
    for (const auto& [name, text] : environment)
        if (std::string_view(name).starts_with(prefix)) reading.variable(name, text);
    return reading.take();
}

}  // namespace logwisp
