#include "app/load.hpp"

#include <fmt/format.h>

#include "app/config_file.hpp"
#include "app/state_directory.hpp"
#include "app/validate.hpp"

namespace logwisp {
namespace {

constexpr std::string_view file_name = "logwisp.toml";

// A file somebody named must be there; the usual places are tried one after the other.
struct Search {
    std::string named;
    std::vector<std::string> usual;
};

Search search_for_file(const CommandLine& line, const Environment& environment) {
    if (line.config_file) return {*line.config_file, {}};
    if (std::string named = variable_in(environment, "LOGWISP_CONFIG_FILE"); !named.empty())
        return {named, {}};
    Search search;
    if (std::string folder = variable_in(environment, "LOGWISP_CONFIG_DIR"); !folder.empty())
        search.usual.push_back(fmt::format("{}/{}", folder, file_name));
    if (std::string folder = variable_in(environment, "XDG_CONFIG_HOME"); !folder.empty()) {
        search.usual.push_back(fmt::format("{}/{}", folder, file_name));
    } else if (std::string home = variable_in(environment, "HOME"); !home.empty()) {
        search.usual.push_back(fmt::format("{}/.config/{}", home, file_name));
    }
    search.usual.push_back(fmt::format("/etc/logwisp/{}", file_name));
    return search;
}

class Merge {
  public:
    Merge(Loaded& out, const Layer& file, const Layer& environment, const Layer& flags)
        : out_(out), file_(file), environment_(environment), flags_(flags) {}

    void run() {
        for (const Layer* layer : {&file_, &environment_, &flags_})
            for (const auto& setting : layer->service) apply(setting, out_.config, "");
        bool implicit = flags_.top.targets.has_value() || !file_.names_streams;
        if (implicit) {
            add_implicit_stream();
        } else {
            for (std::size_t i = 0; i < file_.streams.size(); ++i) add_named_stream(i);
            warn_of_ineffective_variables();
        }
        follow_first_http_stream();
    }

  private:
    template <class Subject>
    void apply(const Setting<Subject>& setting, Subject& subject, const std::string& prefix) {
        std::string key = prefix + setting.option->key;
        out_.origins.places[key] = setting.place;
        if (setting.valid) {
            setting.option->set(subject, setting.value);
            out_.origins.refused.erase(key);
        } else {
            out_.origins.refused[key] = true;
        }
    }

    // [monitor] at the top is everybody's; the servers at the top are the implicit stream's alone.
    void apply_shared(const StreamLayer& top, StreamConfig& stream, const std::string& prefix) {
        for (const auto& setting : top.settings)
            if (setting.option->key.starts_with("monitor.")) apply(setting, stream, prefix);
    }
    void apply_all(const StreamLayer& layer, StreamConfig& stream, const std::string& prefix) {
        for (const auto& setting : layer.settings) apply(setting, stream, prefix);
    }

    void take_targets(const TargetList& list, StreamConfig& stream, const std::string& prefix) {
        std::string key = prefix + "monitor.targets";
        out_.origins.places[key] = list.place;
        if (list.valid) {
            out_.origins.refused.erase(key);
        } else {
            out_.origins.refused[key] = true;
        }
        stream.monitor.targets = list.targets;
        for (std::size_t i = 0; i < list.places.size(); ++i)
            out_.origins.places[fmt::format("{}.{}", key, i)] = list.places[i];
    }

    void add_implicit_stream() {
        StreamConfig stream = implicit_stream_defaults();
        std::string prefix = stream_key(0, "");
        bool with_targets = false;
        for (const Layer* layer : {&file_, &environment_, &flags_}) {
            apply_all(layer->top, stream, prefix);
            if (!layer->top.targets) continue;
            take_targets(*layer->top.targets, stream, prefix);
            with_targets = true;
        }
        if (!with_targets) stream.monitor.targets.push_back(default_target());
        out_.config.streams.push_back(std::move(stream));
        out_.stream_places.emplace_back();
    }

    void add_named_stream(std::size_t index) {
        StreamConfig stream = stream_defaults();
        std::string prefix = stream_key(index, "");
        apply_shared(file_.top, stream, prefix);
        apply_shared(environment_.top, stream, prefix);
        for (const Layer* layer : {&file_, &environment_}) {
            apply_all(layer->streams[index], stream, prefix);
            if (layer->streams[index].targets)
                take_targets(*layer->streams[index].targets, stream, prefix);
        }
        apply_all(flags_.top, stream, prefix);
        out_.config.streams.push_back(std::move(stream));
        out_.stream_places.push_back(file_.streams[index].place);
    }

    void warn_of_ineffective_variables() {
        auto warn = [&](const Place& place) {
            out_.warnings.push_back(
                {place,
                 fmt::format("has no effect: it is for the stream of a file without [[streams]]; "
                             "use LOGWISP_STREAMS_{}_... instead",
                             variable_part(file_.streams.empty() || file_.streams[0].name.empty()
                                               ? "NAME"
                                               : file_.streams[0].name))});
        };
        for (const auto& setting : environment_.top.settings)
            if (!setting.option->key.starts_with("monitor.")) warn(setting.place);
        if (environment_.top.targets) warn(environment_.top.targets->place);
    }

    void follow_first_http_stream() {
        for (std::size_t i = 0; i < out_.config.streams.size(); ++i) {
            const StreamConfig& stream = out_.config.streams[i];
            if (!stream.http.enabled) continue;
            Place followed;
            followed.name = fmt::format("as in stream {}", in_quotes(stream.name));
            if (out_.origins.places.try_emplace("router.host", followed).second)
                out_.config.router.host = stream.http.host;
            if (out_.origins.places.try_emplace("router.port", followed).second)
                out_.config.router.port = stream.http.port;
            return;
        }
    }

    Loaded& out_;
    const Layer& file_;
    const Layer& environment_;
    const Layer& flags_;
};

// A stream that somebody wrote down goes on after a restart. One made up on the command line is
// another one each time, and several may run at once.
void decide_on_state(Loaded& out, bool from_file) {
    Place place;
    place.name = "for the streams of a file";
    if (from_file && out.origins.places.try_emplace("state.enabled", std::move(place)).second)
        out.config.state.enabled = true;
}

void find_state_directory(Loaded& out, const Environment& environment) {
    UsualDirectory usual = usual_state_directory(environment);
    Place place;
    place.name = std::move(usual.why);
    if (out.origins.places.try_emplace("state.directory", std::move(place)).second)
        out.config.state.directory = std::move(usual.path);
}

}  // namespace

Place Origins::of(const std::string& key) const {
    auto found = places.find(key);
    return found == places.end() ? Place() : found->second;
}

std::string stream_key(std::size_t index, std::string_view key) {
    return fmt::format("streams.{}.{}", index, key);
}

Loaded load_config_text(std::string_view text, const std::string& path, const CommandLine& line,
                        const Environment& environment) {
    Loaded out;
    out.config.file = path;
    if (std::optional<Layer> file = parse_config(text, path, out.problems)) {
        Layer variables = parse_environment(environment, file->streams, out.problems, out.warnings);
        Merge(out, *file, variables, line.flags).run();
        decide_on_state(out, !path.empty() && !line.flags.top.targets);
        find_state_directory(out, environment);
        validate(out);
    } else {
        // Nothing is known about the streams the file names: variables are checked, but none is
        // called unknown.
        Problems unknown;
        parse_environment(environment, {}, out.problems, unknown);
    }
    sort_by_place(out.problems);
    return out;
}

Loaded load_config(const CommandLine& line, const Environment& environment) {
    Search search = search_for_file(line, environment);
    Loaded failed;
    std::string text;
    if (!search.named.empty() || line.config_file) {
        ReadOutcome outcome = read_config_file(search.named, text, failed.problems);
        if (outcome == ReadOutcome::read)
            return load_config_text(text, search.named, line, environment);
        if (outcome == ReadOutcome::missing) {
            std::string who = line.config_file ? "--config" : "LOGWISP_CONFIG_FILE";
            failed.problems.push_back(
                {Place::in_file(search.named), fmt::format("no such file (named by {})", who)});
        }
        return failed;
    }
    for (const std::string& path : search.usual) {
        ReadOutcome outcome = read_config_file(path, text, failed.problems);
        if (outcome == ReadOutcome::read) return load_config_text(text, path, line, environment);
        if (outcome == ReadOutcome::failed) return failed;
    }
    return load_config_text("", "", line, environment);
}

}  // namespace logwisp
