#include <fmt/format.h>

#include <map>

#include "app/check.hpp"
#include "app/check_sandbox.hpp"

namespace logwisp {
namespace {

// A JSON object under construction.
class Object {
  public:
    void raw(std::string_view key, std::string_view json) {
        if (body_.size() > 1) body_ += ',';
        body_ += fmt::format("{}:{}", written(key), json);
    }
    void text(std::string_view key, std::string_view value) { raw(key, written(value)); }
    void number(std::string_view key, std::uint32_t value) { raw(key, std::to_string(value)); }
    [[nodiscard]] std::string close() const { return body_ + '}'; }

  private:
    std::string body_ = "{";
};

std::string json(const Value& value) {
    return std::holds_alternative<std::monostate>(value) ? "null" : written(value);
}

std::string json(const Place& place) {
    Object out;
    switch (place.source) {
        case Place::Source::builtin:
            out.text("source", "default");
            if (!place.name.empty()) out.text("name", place.name);
            break;
        case Place::Source::environment:
            out.text("source", "environment");
            out.text("name", place.name);
            break;
        case Place::Source::flag:
            out.text("source", "flag");
            out.text("name", place.name);
            break;
        case Place::Source::file:
            out.text("source", "file");
            out.text("name", place.name);
            if (place.line > 0) {
                out.number("line", place.line);
                out.number("column", place.column);
            }
            break;
    }
    return out.close();
}

std::string list(const std::vector<std::string>& elements) {
    std::string out = "[";
    for (const std::string& element : elements) {
        if (out.size() > 1) out += ',';
        out += element;
    }
    return out + ']';
}

std::string json(const Problems& problems) {
    std::vector<std::string> elements;
    for (const Problem& problem : problems) {
        Object out;
        out.text("message", problem.message);
        out.raw("place", json(problem.place));
        elements.push_back(out.close());
    }
    return list(elements);
}

// {"value":8080,"from":{...}}
template <class Subject>
std::string valued(const OptionOf<Subject>& option, const Subject& subject, const Place& origin) {
    Value value = option.get(subject);
    Object out;
    out.raw("value", option.allows(value) ? json(value) : "null");
    out.raw("from", json(origin));
    return out.close();
}

std::string json(const Target& target, const Place& origin) {
    Object value;
    for (const auto& option : target_options()) value.raw(option.key, json(option.get(target)));
    Object out;
    out.raw("value", value.close());
    out.raw("from", json(origin));
    return out.close();
}

std::string stream_json(const Loaded& loaded, std::size_t i) {
    const StreamConfig& stream = loaded.config.streams[i];
    Object out;
    for (const auto& option : stream_options()) {
        if (option.kind != Kind::targets) {
            out.raw(option.key,
                    valued(option, stream, loaded.origins.of(stream_key(i, option.key))));
            continue;
        }
        std::vector<std::string> targets;
        for (std::size_t t = 0; t < stream.monitor.targets.size(); ++t)
            targets.push_back(
                json(stream.monitor.targets[t],
                     loaded.origins.of(stream_key(i, fmt::format("{}.{}", option.key, t)))));
        out.raw(option.key, list(targets));
    }
    return out.close();
}

}  // namespace

std::string effective_json(const Loaded& loaded) {
    Object out;
    out.raw("valid", loaded.problems.empty() ? "true" : "false");
    out.text("file", loaded.config.file);
    out.raw("errors", json(loaded.problems));
    out.raw("warnings", json(loaded.warnings));
    if (!loaded.problems.empty()) return out.close();
    for (const auto& option : service_options())
        out.raw(option.key, valued(option, loaded.config, loaded.origins.of(option.key)));
    out.raw("sandbox", sandbox_json(loaded.config));
    std::vector<std::string> streams;
    for (std::size_t i = 0; i < loaded.config.streams.size(); ++i)
        streams.push_back(stream_json(loaded, i));
    out.raw("streams", list(streams));
    return out.close();
}

}  // namespace logwisp
