#include "wire/metrics_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "wire/http_guard.hpp"
#include "wire/http_target.hpp"

namespace logwisp {

namespace {

constexpr std::string_view openmetrics_type = "application/openmetrics-text";

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// What stands before the first `separator`; it and that are taken away.
std::string_view take_part(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

// A weight in thousandths, as RFC 9110 has it; what is no weight is none at all.
int weight_of(std::string_view parameters) {
    while (!parameters.empty()) {
        const std::string_view parameter = take_part(parameters, ';');
        if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
        const std::string_view text = parameter.substr(2);
        double weight = 0;
        const char* const end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, weight);
        if (read.ec != std::errc() || read.ptr != end || !(weight >= 0 && weight <= 1)) return 0;
        return static_cast<int>(weight * 1000);
    }
    return 1000;
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else if (c == '"' && quotes)
            out += "\\\"";
        else
            out += c;
    }
}

std::string_view name_of(MetricKind kind, MetricsFormat format) {
    switch (kind) {
        case MetricKind::counter:
            return "counter";
        case MetricKind::histogram:
            return "histogram";
        case MetricKind::info:
            return format == MetricsFormat::openmetrics ? "info" : "gauge";
        case MetricKind::gauge:
            break;
    }
    return "gauge";
}

}  // namespace

MetricsFormat metrics_format(std::string_view accept) {
    int openmetrics = 0;
    int text = -1;
    int everything = -1;
    while (!accept.empty()) {
        std::string_view range = take_part(accept, ',');
        const std::string_view type = take_part(range, ';');
        const int weight = weight_of(range);
        if (equals_ignoring_case(type, openmetrics_type))
            openmetrics = std::max(openmetrics, weight);
        else if (equals_ignoring_case(type, "text/plain"))
            text = std::max(text, weight);
        else if (type == "*/*" || equals_ignoring_case(type, "text/*"))
            everything = std::max(everything, weight);
    }
    // Text is what everybody understands: the other is for those who name it.
    const int any_text = text >= 0 ? text : everything;
    return openmetrics > 0 && openmetrics >= any_text ? MetricsFormat::openmetrics
                                                      : MetricsFormat::text;
}

std::string_view metrics_content_type(MetricsFormat format) {
    return format == MetricsFormat::openmetrics
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

std::string bound_seconds(std::uint64_t nanoseconds) {
    std::string text = fmt::format("{}", static_cast<double>(nanoseconds) / 1e9);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

std::string_view MetricsText::suffix() const {
    if (family_.kind == MetricKind::counter) return "_total";
    return family_.kind == MetricKind::info ? "_info" : "";
}

void MetricsText::family(const MetricFamily& family) {
    family_ = family;
    // OpenMetrics names the family, the older format its samples.
    std::string name(family.name);
    if (format_ == MetricsFormat::text) name += suffix();
    fmt::format_to(std::back_inserter(out_), "# HELP {} ", name);
    append_escaped(out_, family.help, format_ == MetricsFormat::openmetrics);
    fmt::format_to(std::back_inserter(out_), "\n# TYPE {} {}\n", name,
                   name_of(family.kind, format_));
    if (format_ == MetricsFormat::openmetrics && !family.unit.empty())
        fmt::format_to(std::back_inserter(out_), "# UNIT {} {}\n", name, family.unit);
}

void MetricsText::begin(std::string_view suffix, Labels labels) {
    out_.append(family_.name).append(suffix);
    char before = '{';
    for (const auto& [name, value] : labels) {
        out_.append(1, before).append(name).append("=\"");
        append_escaped(out_, value, true);
        out_ += '"';
        before = ',';
    }
    if (before == ',') out_ += '}';
    out_ += ' ';
}

void MetricsText::sample(Labels labels, std::uint64_t value) { part(suffix(), labels, value); }

void MetricsText::seconds(Labels labels, std::uint64_t nanoseconds) {
    part_seconds(suffix(), labels, nanoseconds);
}

void MetricsText::part(std::string_view suffix, Labels labels, std::uint64_t value) {
    begin(suffix, labels);
    fmt::format_to(std::back_inserter(out_), "{}\n", value);
}

void MetricsText::part_seconds(std::string_view suffix, Labels labels, std::uint64_t nanoseconds) {
    begin(suffix, labels);
    fmt::format_to(std::back_inserter(out_), "{}.{:09}\n", nanoseconds / 1'000'000'000,
                   nanoseconds % 1'000'000'000);
}

std::string MetricsText::finish() && {
    if (format_ == MetricsFormat::openmetrics) out_ += "# EOF\n";
    return std::move(out_);
}

}  // namespace logwisp
