// Latencies in nanoseconds, counted in buckets that are exact to three digits over the whole range,
// as HdrHistogram's are; its percentile file can be read by that project's tools. Plain value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace logwisp::bench {

class Histogram {
  public:
    Histogram();
    void record(std::int64_t value_ns);
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t max_ns() const { return max_; }
    [[nodiscard]] double mean_ns() const;
    [[nodiscard]] double deviation_ns() const;
    // The largest value that is the same as the one at this part (0..1) of all, to three digits.
    [[nodiscard]] std::uint64_t at_ns(double part) const;

    struct Step {
        double value_ms = 0;
        double part = 0;  // of all values, at most value_ms
        std::uint64_t count = 0;
    };
    // Five steps for each halving of what is left above them.
    [[nodiscard]] std::vector<Step> steps() const;
    // The percentile distribution as text, values in milliseconds.
    [[nodiscard]] std::string percentile_file() const;

  private:
    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace logwisp::bench
