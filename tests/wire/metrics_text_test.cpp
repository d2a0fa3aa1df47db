// Metrics read as both formats have it, and a client is given the one it asks for. Method: pages written by hand, Accept headers of real
// scrapers and of nobody.
#include "wire/metrics_text.hpp"

#include <gtest/gtest.h>

namespace logwisp {
namespace {

std::string page(MetricsFormat format) {
    MetricsText text(format);
    text.family({"a_bytes", MetricKind::counter, "bytes", "One \"line\" with a \\"});
    text.sample({{"stream", "x\"\\\n"}, {"reason", "y"}}, 17);
    text.family({"b", MetricKind::info, "", "What it is"});
    text.sample({{"version", "1"}}, 1);
    text.family({"c_seconds", MetricKind::histogram, "seconds", "How long"});
    text.part("_bucket", {{"le", bound_seconds(2'500'000)}}, 1);
    text.part("_bucket", {{"le", "+Inf"}}, 2);
    text.part_seconds("_sum", {}, 1'000'000'001);
    text.part("_count", {}, 2);
    text.family({"d", MetricKind::gauge, "", "Now"});
    text.sample({}, 3);
    return std::move(text).finish();
}

TEST(MetricsText, IsWhatPrometheusReads) {
    EXPECT_EQ(page(MetricsFormat::text),
              "# HELP a_bytes_total One \"line\" with a \\\\\n"
              "# TYPE a_bytes_total counter\n"
              "a_bytes_total{stream=\"x\\\"\\\\\\n\",reason=\"y\"} 17\n"
              "# HELP b_info What it is\n"
              "# TYPE b_info gauge\n"
              "b_info{version=\"1\"} 1\n"
              "# HELP c_seconds How long\n"
              "# TYPE c_seconds histogram\n"
              "c_seconds_bucket{le=\"0.0025\"} 1\n"
              "c_seconds_bucket{le=\"+Inf\"} 2\n"
              "c_seconds_sum 1.000000001\n"
              "c_seconds_count 2\n"
              "# HELP d Now\n"
              "# TYPE d gauge\n"
              "d 3\n");
}

TEST(MetricsText, IsWhatOpenMetricsAsksFor) {
    EXPECT_EQ(page(MetricsFormat::openmetrics),
              "# HELP a_bytes One \\\"line\\\" with a \\\\\n"
              "# TYPE a_bytes counter\n"
              "# UNIT a_bytes bytes\n"
              "a_bytes_total{stream=\"x\\\"\\\\\\n\",reason=\"y\"} 17\n"
              "# HELP b What it is\n"
              "# TYPE b info\n"
              "b_info{version=\"1\"} 1\n"
              "# HELP c_seconds How long\n"
              "# TYPE c_seconds histogram\n"
              "# UNIT c_seconds seconds\n"
              "c_seconds_bucket{le=\"0.0025\"} 1\n"
              "c_seconds_bucket{le=\"+Inf\"} 2\n"
              "c_seconds_sum 1.000000001\n"
              "c_seconds_count 2\n"
              "# HELP d Now\n"
              "# TYPE d gauge\n"
              "d 3\n"
              "# EOF\n");
}

TEST(MetricsText, BoundsAreNumbersWithAPoint) {
    EXPECT_EQ(bound_seconds(1'000'000'000), "1.0");
    EXPECT_EQ(bound_seconds(50'000), "5e-05");
    EXPECT_EQ(bound_seconds(250'000'000), "0.25");
}

TEST(MetricsText, TheClientChooses) {
    for (const char* accept : {
             "application/openmetrics-text;version=1.0.0,application/"
             "openmetrics-text;version=0.0.1;"
             "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
             "application/openmetrics-text",
             "Application/OpenMetrics-Text ; version=1.0.0 , text/plain",
             "text/plain;q=0, application/openmetrics-text;q=0.001",
         })
        EXPECT_EQ(metrics_format(accept), MetricsFormat::openmetrics) << accept;
    for (const char* accept : {
             "",
             "*/*",
             "text/plain",
             "text/html,application/xhtml+xml,*/*;q=0.8",
             "application/openmetrics-text;q=0",
             "application/openmetrics-text;q=0.3,text/plain;q=0.5",
             "application/openmetrics-text;q=0.3,text/*",
             "application/openmetrics-text;q=x",
             "application/openmetrics-text;q=nan",
             "application/openmetrics-text;q=",
             ",;,;;q=,",
             "application/openmetrics-textual",
         })
        EXPECT_EQ(metrics_format(accept), MetricsFormat::text) << accept;
}

}  // namespace
}  // namespace logwisp
