#include <fmt/format.h>

#include "app/check.hpp"

namespace logwisp {
namespace {

constexpr std::size_t comment_column = 44;

class Writer {
  public:
    explicit Writer(const Loaded& loaded) : loaded_(loaded) {}

    std::string run() {
        const std::string& file = loaded_.config.file;
        out_ = fmt::format("# {}\n", file.empty() ? "No configuration file."
                                                  : "Configuration of " + in_quotes(file));
        section_.clear();
        for (const auto& option : service_options()) key(option, loaded_.config, "", "");
        for (std::size_t i = 0; i < loaded_.config.streams.size(); ++i) stream(i);
        return std::move(out_);
    }

  private:
    void line(std::string text, const std::string& comment) {
        if (text.size() < comment_column) text.resize(comment_column, ' ');
        out_ += fmt::format("{}  # {}\n", text, comment);
    }

    void open(const std::string& section) {
        if (section == section_) return;
        section_ = section;
        out_ += fmt::format("\n[{}]\n", section);
    }

    template <class Subject>
    void key(const OptionOf<Subject>& option, const Subject& subject,
             const std::string& origin_prefix, const std::string& section_prefix) {
        if (!option.section().empty()) open(section_prefix + option.section());
        Value value = option.get(subject);
        Place origin = loaded_.origins.of(origin_prefix + option.key);
        if (option.allows(value)) {
            line(fmt::format("{} = {}", option.leaf(), written(value)), origin.text());
        } else {
            line(fmt::format("# {}", option.leaf()),
                 fmt::format("default: {}", option.default_note));
        }
    }

    void stream(std::size_t i) {
        const StreamConfig& stream = loaded_.config.streams[i];
        out_ += "\n[[streams]]\n";
        section_ = "streams";
        for (const auto& option : stream_options()) {
            if (option.kind == Kind::targets) {
                open("streams.monitor");
                targets(stream.monitor.targets, i);
            } else {
                key(option, stream, stream_key(i, ""), "streams.");
            }
        }
    }

    void targets(const std::vector<Target>& targets, std::size_t i) {
        out_ += "targets = [\n";
        for (std::size_t t = 0; t < targets.size(); ++t) {
            std::string fields;
            for (const auto& option : target_options()) {
                Value value = option.get(targets[t]);
                if (std::holds_alternative<std::monostate>(value)) continue;
                fields += fmt::format("{}{} = {}", fields.empty() ? "" : ", ", option.key,
                                      written(value));
            }
            Place origin = loaded_.origins.of(stream_key(i, fmt::format("monitor.targets.{}", t)));
            line(fmt::format("  {{ {} }},", fields), origin.text());
        }
        out_ += "]\n";
    }

    const Loaded& loaded_;
    std::string out_;
    std::string section_;
};

}  // namespace

std::string effective_toml(const Loaded& loaded) { return Writer(loaded).run(); }

}  // namespace logwisp
