#include "histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>

namespace logwisp::bench {
namespace {

// Two thousand and some values to a power of two: three digits.
constexpr unsigned sub_bits = 11;
constexpr std::uint64_t half = 1u << (sub_bits - 1);
constexpr std::uint64_t value_max = std::uint64_t{1} << 42;  // more than an hour
constexpr unsigned buckets = 42 - sub_bits + 2;
constexpr double ns_per_ms = 1e6;
constexpr double ticks_per_halving = 5;

std::size_t index_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned shift = width > sub_bits ? width - sub_bits : 0;
    return shift * half + (value >> shift);
}

std::uint64_t lowest_at(std::size_t index) {
    const std::uint64_t shift = index < 2 * half ? 0 : index / half - 1;
    return (index - shift * half) << shift;
}

std::uint64_t highest_at(std::size_t index) { return lowest_at(index + 1) - 1; }

double middle_at(std::size_t index) {
    return (static_cast<double>(lowest_at(index)) + static_cast<double>(highest_at(index))) / 2;
}

}  // namespace

Histogram::Histogram() : counts_((buckets + 1) * half) {}

void Histogram::record(std::int64_t value_ns) {
    const std::uint64_t value =
        std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(value_ns, 0)), value_max - 1);
    ++counts_[index_of(value)];
    ++count_;
    max_ = std::max(max_, value);
}

double Histogram::mean_ns() const {
    double sum = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i)
        if (counts_[i] > 0) sum += static_cast<double>(counts_[i]) * middle_at(i);
    return count_ == 0 ? 0 : sum / static_cast<double>(count_);
}

double Histogram::deviation_ns() const {
    const double mean = mean_ns();
    double sum = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i)
        if (counts_[i] > 0)
            sum += static_cast<double>(counts_[i]) * (middle_at(i) - mean) * (middle_at(i) - mean);
    return count_ == 0 ? 0 : std::sqrt(sum / static_cast<double>(count_));
}

std::uint64_t Histogram::at_ns(double part) const {
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen >= wanted) return std::min(highest_at(i), max_);
    }
    return max_;
}

std::vector<Histogram::Step> Histogram::steps() const {
    std::vector<Step> steps;
    if (count_ == 0) return steps;
    const auto all = static_cast<double>(count_);
    double wanted = 0;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size() && seen < count_; ++i) {
        if (counts_[i] == 0) continue;
        seen += counts_[i];
        const double value_ms = static_cast<double>(std::min(highest_at(i), max_)) / ns_per_ms;
        while (seen < count_ && static_cast<double>(seen) / all >= wanted) {
            steps.push_back({.value_ms = value_ms, .part = wanted, .count = seen});
            const double halvings = std::floor(std::log2(1 / (1 - wanted))) + 1;
            wanted += 1 / (ticks_per_halving * std::exp2(halvings));
        }
    }
    steps.push_back(
        {.value_ms = static_cast<double>(max_) / ns_per_ms, .part = 1, .count = count_});
    return steps;
}

std::string Histogram::percentile_file() const {
    std::string text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n";
    char line[160];
    for (const Step& step : steps()) {
        const auto count = static_cast<unsigned long long>(step.count);
        if (step.part < 1)
            std::snprintf(line, sizeof line, "%12.3f %2.12f %10llu %14.2f\n", step.value_ms,
                          step.part, count, 1 / (1 - step.part));
        else
            std::snprintf(line, sizeof line, "%12.3f %2.12f %10llu\n", step.value_ms, step.part,
                          count);
        text += line;
    }
    std::snprintf(line, sizeof line, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
                  mean_ns() / ns_per_ms, deviation_ns() / ns_per_ms);
    text += line;
    std::snprintf(line, sizeof line, "#[Max     = %12.3f, Total count    = %12llu]\n",
                  static_cast<double>(max_) / ns_per_ms, static_cast<unsigned long long>(count_));
    text += line;
    std::snprintf(line, sizeof line, "#[Buckets = %12u, SubBuckets     = %12llu]\n", buckets,
                  static_cast<unsigned long long>(2 * half));
    return text + line;
}

}  // namespace logwisp::bench
