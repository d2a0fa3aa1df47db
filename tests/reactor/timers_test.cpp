// Timers run in the order of their deadlines, never early, and callbacks may arm and disarm
// anything: checked against hand-made clocks and, for random operations, against a sorted list.
#include "reactor/timers.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

namespace logwisp {
namespace {

struct Alarm {
    Timer timer;
    std::function<void()> action;
    int rings = 0;

    Alarm() { timer.bind<&Alarm::on_time>(*this); }
    void on_time() {
        ++rings;
        if (action) action();
    }
};

TEST(Timers, run_in_order_of_their_deadlines) {
    Timers timers;
    std::vector<int> order;
    std::vector<std::unique_ptr<Alarm>> alarms;
    for (const int delay : {40, 8, 24, 16, 32}) {
        auto alarm = std::make_unique<Alarm>();
        alarm->action = [&order, delay] { order.push_back(delay); };
        timers.arm(alarm->timer, static_cast<std::uint64_t>(delay));
        alarms.push_back(std::move(alarm));
    }
    EXPECT_EQ(timers.next_in_ms(0), 8);
    EXPECT_EQ(timers.run_due(7), 0U);
    EXPECT_EQ(timers.run_due(24), 3U);
    EXPECT_EQ(timers.run_due(100), 2U);
    EXPECT_EQ(order, (std::vector<int>{8, 16, 24, 32, 40}));
    EXPECT_EQ(timers.next_in_ms(100), -1);
}

TEST(Timers, a_deadline_is_rounded_up_to_a_tick_never_down) {
    Timers timers;
    Alarm alarm;
    timers.arm(alarm.timer, 5);
    EXPECT_EQ(timers.run_due(7), 0U);
    EXPECT_EQ(timers.run_due(8), 1U);
}

TEST(Timers, arming_an_armed_timer_moves_it) {
    Timers timers;
    Alarm alarm;
    timers.arm(alarm.timer, 8);
    timers.arm(alarm.timer, 40);
    EXPECT_EQ(timers.run_due(39), 0U);
    timers.arm(alarm.timer, 4);
    EXPECT_EQ(timers.next_in_ms(0), 4);
    EXPECT_EQ(timers.run_due(40), 1U);
    EXPECT_FALSE(alarm.timer.armed());
}

TEST(Timers, a_callback_that_arms_its_own_timer_for_now_runs_in_the_next_call) {
    Timers timers;
    Alarm alarm;
    alarm.action = [&] { timers.arm(alarm.timer, 0); };
    timers.arm(alarm.timer, 8);
    EXPECT_EQ(timers.run_due(8), 1U);
    EXPECT_EQ(timers.next_in_ms(8), 0);
    EXPECT_EQ(timers.run_due(8), 1U);
    EXPECT_EQ(alarm.rings, 2);
}

TEST(Timers, a_callback_may_disarm_or_move_one_that_is_due_at_the_same_time) {
    Timers timers;
    Alarm first;
    Alarm disarmed;
    Alarm moved;
    first.action = [&] {
        timers.disarm(disarmed.timer);
        timers.arm(moved.timer, 100);
    };
    timers.arm(first.timer, 4);
    timers.arm(disarmed.timer, 8);
    timers.arm(moved.timer, 8);
    EXPECT_EQ(timers.run_due(8), 1U);
    EXPECT_EQ(disarmed.rings + moved.rings, 0);
    EXPECT_EQ(timers.run_due(100), 1U);
    EXPECT_EQ(moved.rings, 1);
}

TEST(Timers, a_timer_that_goes_away_disarms_itself_even_while_due) {
    Timers timers;
    auto gone = std::make_unique<Alarm>();
    Alarm first;
    first.action = [&] { gone.reset(); };
    timers.arm(first.timer, 4);
    timers.arm(gone->timer, 8);
    EXPECT_EQ(timers.run_due(8), 1U);
    EXPECT_EQ(timers.next_in_ms(8), -1);
}

TEST(Timers, agree_with_a_sorted_list_under_random_operations) {
    std::mt19937 random(4711);
    Timers timers;
    std::vector<Alarm> alarms(64);
    std::map<std::size_t, std::uint64_t> model;  // alarm -> deadline
    std::uint64_t now_ms = 1000;
    for (int step = 0; step < 20'000; ++step) {
        const std::size_t index = random() % alarms.size();
        if (const auto dice = random() % 10; dice < 5) {
            const std::uint64_t deadline = now_ms + random() % 200;
            timers.arm(alarms[index].timer, deadline);
            model[index] = (deadline + timer_tick_ms - 1) / timer_tick_ms * timer_tick_ms;
        } else if (dice < 7) {
            timers.disarm(alarms[index].timer);
            model.erase(index);
        } else {
            now_ms += random() % 20;
            const auto due =
                std::erase_if(model, [&](const auto& m) { return m.second <= now_ms; });
            ASSERT_EQ(timers.run_due(now_ms), due);
        }
        std::int64_t next = -1;
        for (const auto& [alarm, deadline] : model) {
            const auto in = deadline <= now_ms ? 0 : static_cast<std::int64_t>(deadline - now_ms);
            if (next < 0 || in < next) next = in;
        }
        ASSERT_EQ(timers.next_in_ms(now_ms), next);
    }
}

}  // namespace
}  // namespace logwisp
