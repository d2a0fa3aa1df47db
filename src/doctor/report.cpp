// The findings as text and as JSON. Names of files may hold anything: they reach a terminal as visible text only.
#include <fmt/format.h>

#include <algorithm>

#include "app/tail_client_render.hpp"
#include "doctor/findings.hpp"
#include "wire/json.hpp"

namespace logwisp {

namespace {

const char* name_of(Grade grade) {
    switch (grade) {
        case Grade::good:
            return "good";
        case Grade::note:
            return "note";
        case Grade::bad:
            break;
    }
    return "BAD";
}

std::size_t count_of(const Findings& findings, Grade grade) {
    return static_cast<std::size_t>(
        std::count_if(findings.begin(), findings.end(),
                      [grade](const Finding& one) { return one.grade == grade; }));
}

void add_line(std::string& out, std::string_view line) {
    append_visible(out, line, EscapeStyle::text);
    out.push_back('\n');
}

}  // namespace

std::string findings_text(const std::string& heading, const Findings& findings) {
    std::string out;
    add_line(out, heading);
    for (const Finding& one : findings) {
        add_line(out, fmt::format("  {}  {:<9} {}", name_of(one.grade), one.topic, one.text));
        if (!one.advice.empty()) add_line(out, fmt::format("{:>18}{}", "", one.advice));
    }
    const std::size_t bad = count_of(findings, Grade::bad);
    add_line(out, bad == 0 ? "nothing is wrong"
                           : fmt::format("{} thing{} wrong", bad, bad == 1 ? " is" : "s are"));
    return out;
}

std::string findings_json(const std::string& file, const std::string& user,
                          const Findings& findings) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("file");
    json.string(file);
    json.key("user");
    json.string(user);
    json.key("bad");
    json.number(count_of(findings, Grade::bad));
    json.key("notes");
    json.number(count_of(findings, Grade::note));
    json.key("findings");
    json.begin_array();
    for (const Finding& one : findings) {
        json.begin_object();
        json.key("grade");
        json.string(one.grade == Grade::bad ? "bad" : name_of(one.grade));
        json.key("topic");
        json.string(one.topic);
        json.key("text");
        json.string(one.text);
        if (!one.advice.empty()) {
            json.key("advice");
            json.string(one.advice);
        }
        json.end_object();
    }
    json.end_array();
    json.end_object();
    out.push_back('\n');
    return out;
}

}  // namespace logwisp
