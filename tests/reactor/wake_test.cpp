// A wake ends the target's wait and runs on_wake, from another reactor, from any thread and from a
// signal handler; wakes are merged and never lost. Method: real threads and a counter that must
// arrive complete; run under ThreadSanitizer too.
#include <signal.h>

#include <atomic>
#include <thread>

#include "reactor/recorder.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

class Wake : public test::BackendTest {};
LOGWISP_ON_ALL_BACKENDS(Wake);

// Runs on a thread of its own until it has seen `expected` posts.
struct Target {
    std::unique_ptr<Reactor> reactor;
    std::atomic<int> posted{0};
    int seen = 0;
    int wakes = 0;
    int expected = 0;

    Target(const test::BackendFactory& factory, int posts) : expected(posts) {
        auto made = factory.make({});
        CHECK(made.has_value());
        (*made)->on_wake = [this] {
            ++wakes;
            seen = posted.load(std::memory_order_acquire);
            if (seen >= expected) reactor->stop();
        };
        reactor = std::make_unique<Reactor>(std::move(*made));
    }
    void run() {
        reactor->backend().start_on_this_thread();
        reactor->run();
    }
};

TEST_P(Wake, from_other_threads_is_merged_and_never_lost) {
    constexpr int threads = 3;
    constexpr int posts = 2000;
    Target target(GetParam(), threads * posts);
    std::thread running([&] { target.run(); });
    std::vector<std::thread> posting;
    for (int i = 0; i < threads; ++i) {
        posting.emplace_back([&] {
            for (int post = 0; post < posts; ++post) {
                target.posted.fetch_add(1, std::memory_order_release);
                target.reactor->backend().wake_from_anywhere();
            }
        });
    }
    for (auto& thread : posting) thread.join();
    running.join();
    EXPECT_EQ(target.seen, threads * posts);
    EXPECT_LE(target.wakes, threads * posts);
}

TEST_P(Wake, from_another_reactor_is_merged_and_never_lost) {
    constexpr int posts = 3000;
    Target target(GetParam(), posts);
    std::thread running([&] { target.run(); });
    std::thread sending([&] {
        Reactor source(test::make_started(GetParam()));
        for (int post = 0; post < posts; ++post) {
            target.posted.fetch_add(1, std::memory_order_release);
            source.backend().wake(target.reactor->backend());
            source.run_turn(0);
        }
    });
    sending.join();
    running.join();
    EXPECT_EQ(target.seen, posts);
}

// Sends something, wakes the target and stops its own reactor in the same turn.
class WakeAndStop final : public TurnHook {
  public:
    WakeAndStop(Reactor& source, Target& target, bool sends)
        : source_(source), target_(target), sends_(sends) {}
    bool on_turn_end() override {
        if (sends_) {
            source_.send(sent.completion, pair_.ours, std::string_view("to a reader"));
            source_.backend().hand_over();
        }
        target_.posted.fetch_add(1, std::memory_order_release);
        source_.backend().wake(target_.reactor->backend());
        source_.stop();
        return false;
    }

    test::Recorder sent;

  private:
    Reactor& source_;
    Target& target_;
    bool sends_;
    test::TcpPair pair_;
};

TEST_P(Wake, noted_in_the_last_turn_still_arrives) {
    for (const bool sends : {false, true}) {
        Target target(GetParam(), 1);
        std::thread running([&] { target.run(); });
        std::thread sending([&] {
            Reactor source(test::make_started(GetParam()));
            WakeAndStop hook(source, target, sends);
            source.add_turn_hook(hook);
            source.backend().wake_from_anywhere();
            source.run();
            EXPECT_EQ(hook.sent.ended(), sends);
        });
        sending.join();
        running.join();
        EXPECT_EQ(target.seen, 1);
    }
}

Backend* signalled = nullptr;

TEST_P(Wake, works_in_a_signal_handler_and_leaves_errno_alone) {
    int wakes = 0;
    backend().on_wake = [&] { ++wakes; };
    signalled = &backend();
    struct sigaction action {};
    action.sa_handler = [](int) { signalled->wake_from_anywhere(); };
    ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
    errno = 12345;
    ASSERT_EQ(::raise(SIGUSR1), 0);
    EXPECT_EQ(errno, 12345);
    ASSERT_TRUE(turn_until([&] { return wakes > 0; }));
    EXPECT_EQ(wakes, 1);
    ::signal(SIGUSR1, SIG_DFL);
}

TEST_P(Wake, of_itself_works) {
    int wakes = 0;
    backend().on_wake = [&] { ++wakes; };
    backend().wake(backend());
    ASSERT_TRUE(turn_until([&] { return wakes > 0; }));
}

TEST_P(Wake, of_a_reactor_that_does_not_run_yet_is_kept) {
    auto made = GetParam().make({});
    ASSERT_TRUE(made.has_value());
    int wakes = 0;
    (*made)->on_wake = [&] { ++wakes; };
    backend().wake(**made);
    for (int i = 0; i < 3; ++i) reactor().run_turn(0);
    (*made)->start_on_this_thread();
    Reactor late(std::move(*made));
    ASSERT_TRUE(test::turn_until(late, [&] { return wakes > 0; }));
}

}  // namespace
}  // namespace logwisp
