// Percentiles are true to three digits, whatever the values; the percentile file says the same in
// the form that HdrHistogram's tools read, and a chart can be drawn from it. Method: the sorted
// values themselves as the model.
#include "histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>

#include "chart.hpp"

namespace logwisp::bench {
namespace {

constexpr double three_digits = 1e-3;

TEST(Histogram, PercentilesAreTrueToThreeDigits) {
    std::mt19937_64 random(42);
    std::uniform_real_distribution<double> digits(0, 12);
    std::vector<std::int64_t> values;
    Histogram histogram;
    for (int i = 0; i < 100'000; ++i) {
        values.push_back(static_cast<std::int64_t>(std::pow(10, digits(random))));
        histogram.record(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const double part : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
        const auto index = static_cast<std::size_t>(
            std::max(1.0, std::ceil(part * static_cast<double>(values.size()))) - 1);
        const auto exact = static_cast<double>(values[index]);
        const auto said = static_cast<double>(histogram.at_ns(part));
        EXPECT_GE(said, exact) << part;
        EXPECT_LE(said, exact * (1 + three_digits) + 1) << part;
    }
    EXPECT_EQ(histogram.max_ns(), static_cast<std::uint64_t>(values.back()));
    EXPECT_EQ(histogram.count(), values.size());
}

TEST(Histogram, SmallValuesAreExactAndNothingIsLost) {
    Histogram histogram;
    for (int i = 0; i < 2048; ++i) histogram.record(i);
    for (int i = 0; i < 2048; ++i) EXPECT_EQ(histogram.at_ns((i + 1) / 2048.0), std::uint64_t(i));
    histogram.record(-5);
    histogram.record(INT64_MAX);
    EXPECT_EQ(histogram.count(), 2050u);
    EXPECT_EQ(histogram.at_ns(0), 0u);
    EXPECT_GT(histogram.at_ns(1), 3'600'000'000'000u);
}

TEST(Histogram, ThePercentileFileSaysTheSame) {
    Histogram histogram;
    for (int i = 1; i <= 10'000; ++i) histogram.record(i * 1'000);  // 0.001 to 10 ms
    std::istringstream file(histogram.percentile_file());
    std::string line;
    std::getline(file, line);
    EXPECT_EQ(line, "       Value     Percentile TotalCount 1/(1-Percentile)");
    std::getline(file, line);
    EXPECT_EQ(line, "");
    double before = -1;
    bool complete = false;
    while (std::getline(file, line) && !line.starts_with("#[Mean")) {
        double value = 0, part = 0, inverse = 0;
        unsigned long long count = 0;
        const int fields =
            std::sscanf(line.c_str(), "%lf %lf %llu %lf", &value, &part, &count, &inverse);
        ASSERT_GE(fields, 3) << line;
        EXPECT_GT(part, before);
        before = part;
        EXPECT_GE(static_cast<double>(count), part * 10'000 - 1e-6) << line;
        EXPECT_NEAR(value, static_cast<double>(count) / 1000, value * three_digits + 0.0006)
            << line;
        complete = part == 1 && count == 10'000 && fields == 3;
    }
    EXPECT_TRUE(complete);
    EXPECT_TRUE(line.starts_with("#[Mean    =        5.00")) << line;
    std::getline(file, line);
    EXPECT_EQ(line, "#[Max     =       10.000, Total count    =        10000]");
    std::getline(file, line);
    EXPECT_TRUE(line.starts_with("#[Buckets = ")) << line;
}

TEST(Chart, DrawsTheRunAndTheFilesBesideIt) {
    Histogram histogram;
    for (int i = 1; i <= 10'000; ++i) histogram.record(i * 1'000);
    const std::string path = ::testing::TempDir() + "logwisp-chart-test.hgrm";
    std::ofstream(path) << histogram.percentile_file();
    const auto read = read_percentile_file(path);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), histogram.steps().size());
    EXPECT_EQ(read->back().count, 10'000u);
    const std::string svg = chart_svg({{"a<b&c", histogram.steps()}, {"beside", *read}});
    EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    EXPECT_NE(svg.find("a&lt;b&amp;c"), std::string::npos);
    std::size_t curves = 0;
    for (std::size_t at = 0; (at = svg.find("<polyline", at)) != std::string::npos; ++at) ++curves;
    EXPECT_EQ(curves, 2u);
    EXPECT_FALSE(read_percentile_file(path + ".missing"));
    std::remove(path.c_str());
}

}  // namespace
}  // namespace logwisp::bench
