// Every observation is in the one range whose bound is the first not below it. Method: each bound, one less and one more.
#include "base/histogram.hpp"

#include <gtest/gtest.h>

namespace logwisp {
namespace {

TEST(Histogram, ABoundIsInItsOwnRange) {
    std::uint64_t sum = 0;
    Histogram histogram;
    for (const std::uint64_t bound : Histogram::bounds_ns)
        for (const std::uint64_t ns : {bound - 1, bound, bound + 1}) {
            histogram.observe(ns);
            sum += ns;
        }
    EXPECT_EQ(histogram.count(0), 2U);  // one less and the bound itself
    for (std::size_t range = 1; range < Histogram::bounds_ns.size(); ++range)
        EXPECT_EQ(histogram.count(range), 3U) << range;
    EXPECT_EQ(histogram.count(Histogram::ranges - 1), 1U);
    EXPECT_EQ(histogram.sum_ns(), sum);
}

}  // namespace
}  // namespace logwisp
