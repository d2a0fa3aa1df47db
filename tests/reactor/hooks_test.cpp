// A turn runs callbacks, then timers, then the hooks in the order they were added; a hook that has
// work left is called again without a wait.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>

#include "support/backends.hpp"

namespace logwisp {
namespace {

struct Hook final : TurnHook {
    std::function<bool()> action;
    bool on_turn_end() override { return action(); }
};

class Hooks : public test::BackendTest {};
LOGWISP_ON_ALL_BACKENDS(Hooks);

TEST_P(Hooks, run_in_the_order_they_were_added_after_timers) {
    std::vector<std::string> order;
    Hook first;
    Hook second;
    first.action = [&] { return order.emplace_back("first"), false; };
    second.action = [&] { return order.emplace_back("second"), false; };
    struct {
        std::vector<std::string>* order;
        void on_time() { order->emplace_back("timer"); }
    } alarm{&order};
    Timer timer;
    timer.bind<&decltype(alarm)::on_time>(alarm);
    reactor().add_turn_hook(first);
    reactor().add_turn_hook(second);
    reactor().arm(timer, 0);
    ASSERT_TRUE(turn_until([&] { return !timer.armed(); }));
    ASSERT_GE(order.size(), 3U);
    EXPECT_EQ((std::vector<std::string>{order.end() - 3, order.end()}),
              (std::vector<std::string>{"timer", "first", "second"}));
    reactor().remove_turn_hook(first);
    reactor().remove_turn_hook(second);
}

TEST_P(Hooks, with_work_left_the_next_turn_does_not_wait) {
    int turns = 0;
    Hook hook;
    hook.action = [&] {
        if (++turns == 100) reactor().stop();
        return true;
    };
    reactor().add_turn_hook(hook);
    backend().wake_from_anywhere();  // the first turn
    reactor().run();  // without a limit to its waits: it would hang if it waited at all
    EXPECT_EQ(turns, 100);
    EXPECT_EQ(reactor().turns(), 100U);
}

TEST_P(Hooks, may_be_removed_while_hooks_run) {
    int calls = 0;
    Hook removing;
    Hook removed;
    removing.action = [&] { return reactor().remove_turn_hook(removed), false; };
    removed.action = [&] { return ++calls, false; };
    reactor().add_turn_hook(removing);
    reactor().add_turn_hook(removed);
    reactor().run_turn(0);
    reactor().run_turn(0);
    EXPECT_EQ(calls, 0);
}

TEST_P(Hooks, a_timer_bounds_the_wait) {
    struct {
        Reactor* reactor;
        void on_time() { reactor->stop(); }
    } alarm{&reactor()};
    Timer timer;
    timer.bind<&decltype(alarm)::on_time>(alarm);
    reactor().arm(timer, 20);
    const auto begin = backend().now_ns();
    reactor().run();
    EXPECT_GE(backend().now_ns() - begin, 18'000'000U);
}

}  // namespace
}  // namespace logwisp
