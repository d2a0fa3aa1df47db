// A callback's time is not before what it is called for: the clock is read when the wait has ended, not when the turn before it had. Method: a
// wake that is sent after the clock was looked at.
#include "support/backends.hpp"

namespace logwisp {
namespace {

class Clock : public test::BackendTest {};
LOGWISP_ON_ALL_BACKENDS(Clock);

TEST_P(Clock, is_read_before_the_callbacks) {
    std::uint64_t heard_at = 0;
    backend().on_wake = [&] { heard_at = reactor().now_ns(); };
    const std::uint64_t woken_at = backend().now_ns();
    backend().wake_from_anywhere();
    ASSERT_TRUE(turn_until([&] { return heard_at != 0; }));
    EXPECT_GE(heard_at, woken_at);
    EXPECT_EQ(reactor().now_ms(), reactor().now_ns() / 1'000'000);
}

}  // namespace
}  // namespace logwisp
