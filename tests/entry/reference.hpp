// What an entry must say, worked out a second time from the contract by the plainest means: the
// line as a tree of JSON (json_check.hpp) and a list of members. Levels and times are asked of the
// functions under test, which have tables of their own.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "encode_line.hpp"
#include "entry/json_line.hpp"
#include "entry/level.hpp"
#include "entry/member_names.hpp"
#include "entry/time.hpp"
#include "support/json_check.hpp"

namespace logwisp::test {

class Reference {
  public:
    static Json entry(std::string_view line, const LineOptions& options = {}) {
        Reference reference;
        if (options.original_bytes != 0) {
            reference.add_field("truncated", boolean(true));
            reference.add_field("original_bytes", number(std::to_string(options.original_bytes)));
        }
        if (options.partial) reference.add_field("partial", boolean(true));
        if (!reference.take_json(repaired_utf8(line))) {
            reference.message_ = repaired_utf8(line);
            // Behind the copy: what find_level may read.
            const std::string padded = std::string(line) + std::string(line_padding_bytes, '\n');
            reference.level_ = find_level(std::string_view(padded).substr(0, line.size()));
        }
        return reference.finish(options);
    }

    // True when the contract takes the line for an object.
    static bool is_object(std::string_view line) {
        const std::optional<Json> json = read_json(repaired_utf8(line));
        return json && fits(*json);
    }

  private:
    static Json string(std::string text) {
        Json json;
        json.kind = Json::Kind::string;
        json.text = std::move(text);
        return json;
    }
    static Json number(std::string text) {
        Json json;
        json.kind = Json::Kind::number;
        json.text = std::move(text);
        return json;
    }
    static Json boolean(bool value) {
        Json json;
        json.kind = Json::Kind::boolean;
        json.text = value ? "true" : "false";
        return json;
    }
    static bool fits(const Json& json) {
        if (json.kind != Json::Kind::object) return false;
        bool deep = false;
        for (const auto& [name, value] : json.members) {
            const bool merged = name == "fields" && value.kind == Json::Kind::object &&
                                &value == json.find_object("fields");
            if (!merged) deep |= value.depth > json_depth_max;
            if (merged)
                for (const auto& inner : value.members) deep |= inner.second.depth > json_depth_max;
        }
        return !deep;
    }

    bool take_json(std::string_view line) {
        const std::optional<Json> json = read_json(line);
        if (!json || !fits(*json)) return false;
        for (const auto& [name, value] : json->members) {
            if (&value == json->find_object("fields")) {
                for (const auto& [inner, inner_value] : value.members)
                    add_field(inner, inner_value);
            } else if (!take_time(name, value) && !take_level(name, value) &&
                       !take_message(name, value)) {
                add_field(name, value);
            }
        }
        return true;
    }
    bool take_time(std::string_view name, const Json& value) {
        if (name != "time" && name != "timestamp" && name != "ts" && name != "@timestamp")
            return false;
        if (!time_.empty()) return false;
        std::optional<Timestamp> epoch;
        if (value.kind == Json::Kind::string && is_rfc3339(value.text)) {
            time_ = value.text;
            return true;
        }
        if (value.kind == Json::Kind::string) epoch = epoch_of_string(value.text);
        if (value.kind == Json::Kind::number) epoch = epoch_of_number(value.text);
        if (!epoch) return false;
        char text[32];
        TimeWriter writer;
        time_.assign(text, writer.write(*epoch, text));
        return true;
    }
    bool take_level(std::string_view name, const Json& value) {
        if (name != "level" && name != "severity" && name != "lvl") return false;
        if (level_ != Level::none) return false;
        if (value.kind == Json::Kind::string) level_ = level_of_name(value.text);
        if (level_ == Level::none &&
            (value.kind == Json::Kind::string || value.kind == Json::Kind::number))
            level_ = level_of_number(value.text);
        return level_ != Level::none;
    }
    bool take_message(std::string_view name, const Json& value) {
        if (name != "message" && name != "msg" && name != "log") return false;
        if (has_message_ || value.kind != Json::Kind::string) return false;
        has_message_ = true;
        message_ = value.text;
        return true;
    }
    void add_field(const std::string& name, const Json& value) {
        const auto taken = [&](const std::string& candidate) {
            for (const auto& field : fields_)
                if (field.first == candidate) return true;
            return false;
        };
        std::string unlike = name;
        for (int count = 2; taken(unlike); ++count) unlike = name + "_" + std::to_string(count);
        fields_.emplace_back(unlike, value);
    }
    Json finish(const LineOptions& options) {
        Json entry;
        entry.kind = Json::Kind::object;
        entry.depth = 1;
        entry.members.emplace_back("time",
                                   string(time_.empty() ? std::string(read_at_text) : time_));
        entry.members.emplace_back("source", string(repaired_utf8(options.source)));
        if (level_ != Level::none)
            entry.members.emplace_back("level", string(std::string(level_name(level_))));
        entry.members.emplace_back("message", string(message_));
        if (!fields_.empty()) {
            Json object;
            object.kind = Json::Kind::object;
            object.depth = 1;
            for (const auto& field : fields_)
                object.depth = std::max(object.depth, field.second.depth + 1);
            entry.depth = object.depth + 1;
            object.members = fields_;
            entry.members.emplace_back("fields", std::move(object));
        }
        return entry;
    }

    std::string time_;
    Level level_ = Level::none;
    std::string message_;
    bool has_message_ = false;
    std::vector<std::pair<std::string, Json>> fields_;
};

}  // namespace logwisp::test
