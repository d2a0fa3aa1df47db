// What failed is given back when it is due, once, in the order of time, whatever happened to its
// waiting time meanwhile: small scripts against a struct with a Retry.
#include "tail/retry_list.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace logwisp::test {
namespace {

struct Thing {
    Retry retry;
};

TEST(RetryListTest, in_the_order_of_time) {
    Thing one;
    Thing two;
    RetryList<Thing> list;
    EXPECT_EQ(list.next_ms(), RetryList<Thing>::never);
    one.retry.fail(1000);
    one.retry.fail(1000);  // 200 ms
    list.add(one);
    two.retry.fail(1050);
    list.add(two);
    EXPECT_EQ(list.next_ms(), 1150u);
    EXPECT_EQ(list.take(1149), nullptr);
    EXPECT_EQ(list.take(1500), &two);
    EXPECT_EQ(list.take(1500), &one);
    EXPECT_EQ(list.take(1500), nullptr);
}

TEST(RetryListTest, whoever_works_again_is_not_given_back) {
    Thing one;
    RetryList<Thing> list;
    one.retry.fail(1000);
    list.add(one);
    one.retry.works();
    EXPECT_EQ(list.take(2000), nullptr);
    EXPECT_EQ(list.next_ms(), RetryList<Thing>::never);
}

TEST(RetryListTest, a_later_time_waits_and_an_earlier_one_counts) {
    Thing one;
    RetryList<Thing> list;
    one.retry.fail(1000);
    list.add(one);  // at 1100
    one.retry.fail(1050);
    list.add(one);  // at 1250 now
    EXPECT_EQ(list.take(1100), nullptr);
    EXPECT_EQ(list.next_ms(), 1250u);
    one.retry.again_soon(1100);
    list.add(one);  // at 1200
    EXPECT_EQ(list.next_ms(), 1200u);
    EXPECT_EQ(list.take(1300), &one);
    EXPECT_EQ(list.take(1300), nullptr);  // not a second time for its stale place
}

TEST(RetryListTest, many_fail_and_some_go) {
    std::vector<std::unique_ptr<Thing>> things;
    RetryList<Thing> list;
    for (std::uint64_t index = 0; index < 1000; ++index) {
        things.push_back(std::make_unique<Thing>());
        for (std::uint64_t failure = 0; failure <= index % 4; ++failure) {
            things.back()->retry.fail(1000 + failure);
            list.add(*things.back());
        }
    }
    for (std::size_t index = 0; index < 1000; index += 2) {
        list.forget(*things[index]);
        things[index].reset();
    }
    std::size_t taken = 0;
    while (list.take(100'000) != nullptr) ++taken;
    EXPECT_EQ(taken, 500u);
    EXPECT_EQ(list.next_ms(), RetryList<Thing>::never);
}

}  // namespace
}  // namespace logwisp::test
