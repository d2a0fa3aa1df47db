// A sync ends once, with 0 or the file's error, however many there are and whatever is cancelled;
// what blocks in it is never the reactor's thread. Method: real files; and for the epoll backend,
// which brings a thread of its own for it, a gate inside fdatasync, so that a sync is under way for
// as long as the test wants.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "reactor/recorder.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

// Holds the syncs of one descriptor while it is closed.
struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    int descriptor = -1;
    int entered = 0;
    std::thread::id thread;
    bool signals_blocked = false;

    void close_for(int held) {
        const std::lock_guard lock(mutex);
        descriptor = held;
        entered = 0;
    }
    void open() {
        const std::lock_guard lock(mutex);
        descriptor = -1;
        changed.notify_all();
    }
    void pass(int passing) {
        std::unique_lock lock(mutex);
        if (passing != descriptor) return;
        ++entered;
        thread = std::this_thread::get_id();
        sigset_t mask;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        signals_blocked = true;
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGALRM})
            signals_blocked = signals_blocked && ::sigismember(&mask, signal) == 1;
        changed.notify_all();
        changed.wait(lock, [&] { return passing != descriptor; });
    }
    bool wait_until_entered() {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(20), [&] { return entered > 0; });
    }
};

Gate& gate() {
    static Gate only;
    return only;
}

}  // namespace
}  // namespace logwisp

// In place of the C library's, for this program.
extern "C" int fdatasync(int descriptor) {
    logwisp::gate().pass(descriptor);
    return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

namespace logwisp {
namespace {

using test::Recorder;

// A file without a name, with something unwritten in it.
class DirtyFile {
  public:
    DirtyFile() : file_(::tmpfile()) {
        CHECK(file_ != nullptr);
        write("first");
    }
    DirtyFile(const DirtyFile&) = delete;
    DirtyFile& operator=(const DirtyFile&) = delete;
    ~DirtyFile() { ::fclose(file_); }
    [[nodiscard]] int descriptor() const { return ::fileno(file_); }
    void write(std::string_view bytes) const {
        CHECK(::write(descriptor(), bytes.data(), bytes.size()) ==
              static_cast<ssize_t>(bytes.size()));
    }

  private:
    FILE* file_;
};

class Sync : public test::BackendTest {};
LOGWISP_ON_ALL_BACKENDS(Sync);

TEST_P(Sync, of_a_file_answers_zero_and_may_be_repeated_from_its_callback) {
    const DirtyFile file;
    Recorder syncing;
    syncing.action = [&](const Outcome& outcome) {
        EXPECT_FALSE(outcome.more);
        file.write("more");
        if (syncing.finals < 5) reactor().sync(syncing.completion, file.descriptor());
    };
    reactor().sync(syncing.completion, file.descriptor());
    EXPECT_EQ(syncing.finals, 0);
    ASSERT_TRUE(turn_until([&] { return syncing.finals == 5; }));
    EXPECT_EQ(syncing.results, std::vector<std::int32_t>(5, 0));
}

TEST_P(Sync, of_what_cannot_be_synced_says_so) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
    Recorder syncing;
    reactor().sync(syncing.completion, ends[1]);
    ASSERT_TRUE(turn_until([&] { return syncing.ended(); }));
    EXPECT_EQ(syncing.last(), -EINVAL);
    backend().close(ends[0]);
    backend().close(ends[1]);
    reactor().sync(syncing.completion, ends[1]);
    ASSERT_TRUE(turn_until([&] { return syncing.finals == 2; }));
    EXPECT_EQ(syncing.last(), -EBADF);
}

TEST_P(Sync, many_at_once_end_once_each) {
    const std::array<DirtyFile, 8> files;
    std::array<Recorder, 200> syncing;
    for (std::size_t i = 0; i < syncing.size(); ++i)
        reactor().sync(syncing[i].completion, files[i % files.size()].descriptor());
    const auto all_ended = [&] {
        return std::all_of(syncing.begin(), syncing.end(),
                           [](const Recorder& one) { return one.ended(); });
    };
    ASSERT_TRUE(turn_until(all_ended));
    for (int i = 0; i < 5; ++i) reactor().run_turn(0);
    for (const Recorder& one : syncing) EXPECT_EQ(one.results, std::vector<std::int32_t>{0});
}

TEST_P(Sync, cancelled_at_once_ends_once) {
    const DirtyFile file;
    Recorder syncing;
    reactor().sync(syncing.completion, file.descriptor());
    reactor().cancel(syncing.completion);
    ASSERT_TRUE(turn_until([&] { return syncing.ended(); }));
    // io_uring begins it and the cancel in one call: either may win.
    EXPECT_TRUE(syncing.last() == -ECANCELED || syncing.last() == 0) << syncing.last();
    for (int i = 0; i < 5; ++i) reactor().run_turn(0);
    EXPECT_EQ(syncing.finals, 1);
}

TEST_P(Sync, cancel_races_end_exactly_once) {
    const DirtyFile file;
    for (std::size_t round = 0; round < 200; ++round) {
        std::array<Recorder, 6> syncing;
        file.write("x");
        for (Recorder& one : syncing) reactor().sync(one.completion, file.descriptor());
        for (std::size_t turn = 0; turn < round % 4; ++turn) reactor().run_turn(0);
        for (std::size_t i = 0; i < syncing.size(); ++i)
            if ((round >> i & 1) != 0) reactor().cancel(syncing[i].completion);
        ASSERT_TRUE(turn_until([&] {
            return std::none_of(syncing.begin(), syncing.end(),
                                [](const Recorder& one) { return one.completion.in_flight(); });
        }));
        for (const Recorder& one : syncing) {
            EXPECT_EQ(one.finals, 1);
            EXPECT_TRUE(one.last() == 0 || one.last() == -ECANCELED) << one.last();
        }
    }
}

TEST_P(Sync, under_way_when_the_backend_goes_away_is_never_answered) {
    const DirtyFile file;
    // The owner may go away after the backend only; what would have been answered is free then.
    std::array<Recorder, 3> syncing;
    {
        Reactor ending(test::make_started(GetParam()));
        for (Recorder& one : syncing) ending.sync(one.completion, file.descriptor());
        ending.run_turn(0);
    }
    for (Recorder& one : syncing) {
        EXPECT_LE(one.finals, 1);
        one.completion.operation = Operation::none;
    }
}

using SyncDeathTest = Sync;
LOGWISP_ON_ALL_BACKENDS(SyncDeathTest);

TEST_P(SyncDeathTest, closing_under_it_is_a_bug) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            const DirtyFile file;
            Recorder syncing;
            reactor().sync(syncing.completion, file.descriptor());
            backend().close(file.descriptor());
        },
        "CHECK");
}

// --- The epoll backend's thread ---

class SyncThreadTest : public ::testing::Test {
  protected:
    void SetUp() override { gate().close_for(held_.descriptor()); }
    void TearDown() override { gate().open(); }

    DirtyFile held_;
    DirtyFile other_;
    Reactor reactor_{test::make_started({"epoll", &make_epoll_backend})};
};

TEST_F(SyncThreadTest, a_sync_that_takes_long_holds_up_nobody_else) {
    Recorder syncing;
    Recorder reading;
    reactor_.sync(syncing.completion, held_.descriptor());
    reactor_.run_turn(0);
    ASSERT_TRUE(gate().wait_until_entered());
    std::array<char, 8> buffer{};
    for (int i = 0; i < 3; ++i) {
        reactor_.read(reading.completion, held_.descriptor(), buffer, 0);
        ASSERT_TRUE(test::turn_until(reactor_, [&] { return reading.ended(); }));
        EXPECT_EQ(reading.last(), 5);
    }
    EXPECT_EQ(syncing.finals, 0);
    gate().open();
    ASSERT_TRUE(test::turn_until(reactor_, [&] { return syncing.ended(); }));
    EXPECT_EQ(syncing.last(), 0);
}

TEST_F(SyncThreadTest, ends_the_wait_of_a_turn_without_limit) {
    Recorder syncing;
    reactor_.sync(syncing.completion, held_.descriptor());
    reactor_.run_turn(0);
    ASSERT_TRUE(gate().wait_until_entered());
    std::thread opening([] { gate().open(); });
    while (!syncing.ended()) reactor_.run_turn(-1);
    opening.join();
    EXPECT_EQ(syncing.last(), 0);
}

TEST_F(SyncThreadTest, cancel_takes_back_what_waits_and_not_what_is_under_way) {
    Recorder under_way;
    Recorder waiting;
    Recorder last;
    reactor_.sync(under_way.completion, held_.descriptor());
    reactor_.sync(waiting.completion, other_.descriptor());
    reactor_.sync(last.completion, other_.descriptor());
    reactor_.run_turn(0);
    ASSERT_TRUE(gate().wait_until_entered());
    reactor_.cancel(under_way.completion);
    reactor_.cancel(waiting.completion);
    ASSERT_TRUE(test::turn_until(reactor_, [&] { return waiting.ended(); }));
    EXPECT_EQ(waiting.last(), -ECANCELED);
    EXPECT_EQ(under_way.finals, 0);
    gate().open();
    ASSERT_TRUE(test::turn_until(reactor_, [&] { return under_way.ended() && last.ended(); }));
    EXPECT_EQ(under_way.last(), 0);
    EXPECT_EQ(last.last(), 0);
    EXPECT_EQ(under_way.finals + waiting.finals + last.finals, 3);
}

TEST_F(SyncThreadTest, hears_no_signals_and_leaves_the_reactors_alone) {
    sigset_t before;
    sigset_t after;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
    Recorder syncing;
    reactor_.sync(syncing.completion, held_.descriptor());
    reactor_.run_turn(0);
    ASSERT_TRUE(gate().wait_until_entered());
    ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
    {
        const std::lock_guard lock(gate().mutex);
        EXPECT_TRUE(gate().signals_blocked);
        EXPECT_NE(gate().thread, std::this_thread::get_id());
    }
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGALRM})
        EXPECT_EQ(::sigismember(&before, signal), ::sigismember(&after, signal));
    gate().open();
    ASSERT_TRUE(test::turn_until(reactor_, [&] { return syncing.ended(); }));
}

TEST_F(SyncThreadTest, the_end_of_the_backend_waits_for_the_one_under_way_and_begins_no_other) {
    Recorder under_way;
    Recorder waiting;
    std::thread opening;
    {
        Reactor ending(test::make_started({"epoll", &make_epoll_backend}));
        ending.sync(under_way.completion, held_.descriptor());
        ending.sync(waiting.completion, held_.descriptor());
        ending.run_turn(0);
        ASSERT_TRUE(gate().wait_until_entered());
        opening = std::thread([] { gate().open(); });
    }
    opening.join();
    for (Recorder* one : {&under_way, &waiting}) {
        EXPECT_EQ(one->finals, 0);
        one->completion.operation = Operation::none;
    }
}

}  // namespace
}  // namespace logwisp
