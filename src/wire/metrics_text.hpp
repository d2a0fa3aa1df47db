// Metrics as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0.0. Pure. Never on a line's path.
//
//   MetricsText text(MetricsFormat::openmetrics);
//   text.family({"logwisp_read_bytes", MetricKind::counter, "bytes", "Bytes read from files"});
//   text.sample({{"stream", "app"}}, 17);
//   std::string body = std::move(text).finish();
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace logwisp {

enum class MetricsFormat : std::uint8_t { text, openmetrics };
enum class MetricKind : std::uint8_t { counter, gauge, histogram, info };

// What an Accept header wants of the two; text when it says nothing of either.
MetricsFormat metrics_format(std::string_view accept);
std::string_view metrics_content_type(MetricsFormat format);

struct MetricFamily {
    std::string_view name;  // without _total, _info, _bucket
    MetricKind kind = MetricKind::gauge;
    std::string_view unit;  // empty, or what the name ends with: "seconds"
    std::string_view help;  // one line
};

class MetricsText {
  public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    explicit MetricsText(MetricsFormat format) : format_(format) {}

    // Samples that follow are of this one.
    void family(const MetricFamily& family);
    void sample(Labels labels, std::uint64_t value);
    // In seconds, for families whose unit that is.
    void seconds(Labels labels, std::uint64_t nanoseconds);
    // A part of a histogram; `suffix` is "_bucket", "_sum" or "_count".
    void part(std::string_view suffix, Labels labels, std::uint64_t value);
    void part_seconds(std::string_view suffix, Labels labels, std::uint64_t nanoseconds);

    [[nodiscard]] std::string finish() &&;

  private:
    void begin(std::string_view suffix, Labels labels);
    [[nodiscard]] std::string_view suffix() const;

    MetricsFormat format_;
    MetricFamily family_{};
    std::string out_;
};

// "0.0025", "1.0": as both formats write the bound of a bucket.
std::string bound_seconds(std::uint64_t nanoseconds);

}  // namespace logwisp
