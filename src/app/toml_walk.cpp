#include "app/toml_walk.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/nearest.hpp"
#include "app/target_text.hpp"

namespace logwisp {
namespace {

// Which tables a walk stands in, as people read it: "[streams.httpserver]".
struct Section {
    std::string prefix;      // of the option keys: "httpserver."
    bool in_stream = false;  // below [[streams]]

    [[nodiscard]] std::string label() const {
        std::string inner = prefix.substr(0, prefix.empty() ? 0 : prefix.size() - 1);
        if (!in_stream) return inner.empty() ? "" : "[" + inner + "]";
        return inner.empty() ? "[[streams]]" : "[streams." + inner + "]";
    }
    [[nodiscard]] Section below(std::string_view name) const {
        return {prefix + std::string(name) + ".", in_stream};
    }
};

std::string described_node(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::string:
            return in_quotes(**node.as_string());
        case toml::node_type::integer:
            return std::to_string(**node.as_integer());
        case toml::node_type::floating_point:
            return fmt::format("the number {}", **node.as_floating_point());
        case toml::node_type::boolean:
            return **node.as_boolean() ? "true" : "false";
        case toml::node_type::array:
            return "a list";
        case toml::node_type::table:
            return "a table";
        default:
            return "a date or time";
    }
}

std::optional<Value> to_value(const toml::node& node) {
    if (const auto* text = node.as_string()) return Value(**text);
    if (const auto* number = node.as_integer()) return Value(**number);
    if (const auto* flag = node.as_boolean()) return Value(**flag);
    const auto* array = node.as_array();
    if (array == nullptr) return std::nullopt;
    Texts texts;
    for (const toml::node& element : *array) {
        if (!element.is_string()) return std::nullopt;
        texts.push_back(**element.as_string());
    }
    return Value(std::move(texts));
}

class Walk {
  public:
    Walk(const std::string& path, Problems& problems) : path_(path), problems_(problems) {}

    void root(const toml::table& table, Layer& layer) {
        for (auto&& [key, node] : table) {
            std::string_view name = key.str();
            if (name == "streams") {
                streams(node, layer);
            } else if (has_section(service_options(), name)) {
                section(node, Section{}.below(name), service_options(), layer.service, nullptr);
            } else if (has_section(stream_options(), name)) {
                section(node, Section{}.below(name), stream_options(), layer.top.settings,
                        &layer.top);
            } else {
                std::vector<std::string> known{"streams"};
                add_names(service_options(), Section{}, known);
                add_names(stream_options(), Section{}, known);
                unknown(key, Section{}, known);
            }
        }
        if (layer.names_streams) refuse_top_level_stream(table);
    }

  private:
    [[nodiscard]] Place place(const toml::source_region& region) const {
        return Place::in_file(path_, region.begin.line, region.begin.column);
    }
    void report(const toml::source_region& region, std::string message) {
        problems_.push_back({place(region), std::move(message)});
    }

    template <class Subject>
    static bool has_section(const std::vector<OptionOf<Subject>>& options, std::string_view name) {
        std::string prefix = std::string(name) + ".";
        return std::any_of(options.begin(), options.end(),
                           [&](const Option& option) { return option.key.starts_with(prefix); });
    }

    // The names that may stand directly in the section.
    template <class Subject>
    static void add_names(const std::vector<OptionOf<Subject>>& options, const Section& section,
                          std::vector<std::string>& names) {
        for (const Option& option : options) {
            if (!option.key.starts_with(section.prefix)) continue;
            if (option.named_only && !section.in_stream) continue;
            std::string rest = option.key.substr(section.prefix.size());
            std::string name = rest.substr(0, rest.find('.'));
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        }
    }

    // `; it belongs in [a], [b] or [c]` for a key that is right elsewhere.
    static std::string belongs_elsewhere(std::string_view name, bool in_stream) {
        std::vector<std::string> sections;
        auto add = [&](const Option& option, std::string_view above) {
            if (option.leaf() != name) return;
            if (!option.section().empty())
                sections.push_back(fmt::format("[{}{}]", above, option.section()));
            else if (!in_stream)
                sections.emplace_back("[[streams]]");
        };
        for (const Option& option : stream_options()) add(option, in_stream ? "streams." : "");
        for (const Option& option : service_options()) add(option, "");
        std::string out;
        for (std::size_t i = 0; i < sections.size(); ++i) {
            out += i == 0 ? "; it belongs in " : (i + 1 == sections.size() ? " or " : ", ");
            out += sections[i];
        }
        return out;
    }

    void unknown(const toml::key& key, const Section& where,
                 const std::vector<std::string>& known) {
        std::string label = where.label();
        std::string hint = belongs_elsewhere(key.str(), where.in_stream);
        if (hint.empty()) hint = did_you_mean(key.str(), known);
        report(key.source(), fmt::format("unknown key {}{}{}", in_quotes(key.str()),
                                         label.empty() ? "" : " in " + label, hint));
    }

    // Everything below one table whose keys are options. `stream` takes the targets, where they may
    // stand.
    template <class Subject>
    void section(const toml::node& node, const Section& where,
                 const std::vector<OptionOf<Subject>>& options,
                 std::vector<Setting<Subject>>& settings, StreamLayer* stream) {
        const toml::table* table = node.as_table();
        if (table == nullptr)
            return report(node.source(), fmt::format("{} must be a table, not {}", where.label(),
                                                     described_node(node)));
        for (auto&& [key, value] : *table) {
            std::string full = where.prefix + std::string(key.str());
            auto found = std::find_if(options.begin(), options.end(),
                                      [&](const Option& option) { return option.key == full; });
            if (found != options.end() && found->kind == Kind::targets) {
                stream->targets = targets(value, *found, where);
            } else if (found != options.end()) {
                settings.push_back(setting(value, *found, found->leaf() + " in " + where.label()));
            } else if (has_section(options, full)) {
                section(value, where.below(key.str()), options, settings, stream);
            } else {
                std::vector<std::string> known;
                add_names(options, where, known);
                unknown(key, where, known);
            }
        }
    }

    template <class Subject>
    Setting<Subject> setting(const toml::node& node, const OptionOf<Subject>& option,
                             const std::string& called) {
        Setting<Subject> out{&option, {}, place(node.source()), true};
        std::optional<Value> value = to_value(node);
        if (value && option.allows(*value)) {
            out.value = std::move(*value);
            return out;
        }
        out.valid = false;
        const toml::node* wrong = &node;
        if (const auto* array = node.as_array(); array != nullptr && option.kind == Kind::texts)
            wrong = first_refused(*array, option);
        std::string hint;
        if (option.kind == Kind::choice && wrong->is_string())
            hint =
                did_you_mean(**wrong->as_string(), {option.choices.begin(), option.choices.end()});
        report(wrong->source(), fmt::format("{} must be {}, not {}{}", called, option.expectation(),
                                            described_node(*wrong), hint));
        return out;
    }

    static const toml::node* first_refused(const toml::array& array, const Option& option) {
        for (const toml::node& element : array)
            if (!element.is_string() || !option.accepts(**element.as_string())) return &element;
        return &array;
    }

    TargetList targets(const toml::node& node, const Option& option, const Section& where) {
        TargetList list;
        list.place = place(node.source());
        const toml::array* array = node.as_array();
        if (array == nullptr) {
            list.valid = false;
            report(node.source(), fmt::format("targets in {} must be {}, not {}", where.label(),
                                              option.expectation(), described_node(node)));
            return list;
        }
        for (const toml::node& element : *array) target(element, where, list);
        return list;
    }

    void target(const toml::node& node, const Section& where, TargetList& list) {
        std::size_t faults_before = problems_.size();
        Target out;
        const toml::table* table = node.as_table();
        if (table == nullptr) {
            report(
                node.source(),
                fmt::format(
                    R"(a target in {} must be a table such as {{ path = "/var/log/app" }}, not {})",
                    where.label(), described_node(node)));
        } else {
            target_keys(*table, where, out);
            if (!table->contains("path"))
                report(node.source(), fmt::format("a target in {} has no path", where.label()));
            std::string fault = problems_.size() == faults_before ? target_fault(out) : "";
            if (!fault.empty()) report(node.source(), std::move(fault));
        }
        if (problems_.size() > faults_before) {
            list.valid = false;
            return;
        }
        list.targets.push_back(std::move(out));
        list.places.push_back(place(node.source()));
    }

    void target_keys(const toml::table& table, const Section& where, Target& out) {
        for (auto&& [key, value] : table) {
            const auto& options = target_options();
            std::string_view name = key.str();
            auto found = std::find_if(options.begin(), options.end(),
                                      [&](const Option& option) { return option.key == name; });
            if (found == options.end()) {
                std::vector<std::string> known;
                add_names(options, Section{}, known);
                report(key.source(),
                       fmt::format("unknown key {} in a target in {}{}", in_quotes(name),
                                   where.label(), did_you_mean(name, known)));
                continue;
            }
            Setting<Target> read = setting(
                value, *found, fmt::format("{} of a target in {}", found->key, where.label()));
            if (read.valid) found->set(out, read.value);
        }
    }

    void streams(const toml::node& node, Layer& layer) {
        layer.names_streams = true;
        const toml::array* array = node.as_array();
        if (array == nullptr)
            return report(node.source(),
                          "streams must be a list of tables: begin each with [[streams]]");
        if (array->empty()) report(node.source(), "streams is empty: there is nothing to serve");
        for (const toml::node& element : *array) {
            StreamLayer stream;
            stream.place = place(element.source());
            if (!element.is_table()) {
                report(element.source(),
                       fmt::format("a stream must be a table, not {}", described_node(element)));
                continue;
            }
            section(element, Section{.prefix = "", .in_stream = true}, stream_options(),
                    stream.settings, &stream);
            if (!element.as_table()->contains("name"))
                report(element.source(), R"(this stream has no name; add name = "...")");
            for (const auto& setting : stream.settings)
                if (setting.option->key == "name" && setting.valid)
                    stream.name = std::get<std::string>(setting.value);
            layer.streams.push_back(std::move(stream));
        }
    }

    // [httpserver] and friends at the top describe the one stream of a file without [[streams]]:
    // beside [[streams]] nobody knows whom they are meant for.
    void refuse_top_level_stream(const toml::table& table) {
        for (auto&& [key, node] : table) {
            if (key == "httpserver" || key == "tcpserver")
                report(key.source(),
                       fmt::format("[{0}] is for a file without [[streams]]; move it into "
                                   "[streams.{0}] of the stream it is meant for",
                                   key.str()));
            const toml::table* monitor = key == "monitor" ? node.as_table() : nullptr;
            if (monitor == nullptr) continue;
            for (auto&& [inner, value] : *monitor)
                if (inner == "targets")
                    report(inner.source(),
                           "targets in [monitor] is for a file without [[streams]]; move it into "
                           "[streams.monitor] of the stream it is meant for");
        }
    }

    const std::string& path_;
    Problems& problems_;
};

}  // namespace

Layer walk_config(const toml::table& table, const std::string& path, Problems& problems) {
    Layer layer;
    Walk(path, problems).root(table, layer);
    return layer;
}

}  // namespace logwisp
