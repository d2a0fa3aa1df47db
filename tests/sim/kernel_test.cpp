// The simulated kernel keeps its own rules: outcomes once and last, order per operation, virtual
// time, poisoned buffers, aborts on misuse.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "file_system.hpp"
#include "kernel.hpp"

namespace logwisp::sim {
namespace {

struct Waiter {
    Waiter() { completion.bind<&Waiter::on_outcome>(*this); }
    void on_outcome(const Outcome& outcome) {
        results.push_back(outcome.result);
        data.append(outcome.data.begin(), outcome.data.end());
        last = outcome.data;
        if (!outcome.more) ++finals;
    }
    void prepare(Operation operation, int descriptor) {
        completion.operation = operation;
        completion.descriptor = descriptor;
    }
    Completion completion;
    std::vector<int> results;
    std::string data;
    std::span<const char> last;
    int finals = 0;
};

struct KernelTest : testing::Test {
    KernelTest() { kernel.start_on_this_thread(); }
    World world{1};
    SimBackend kernel{world};
    Network network{world};
    SimFileSystem files{world};
};

TEST_F(KernelTest, AcceptsReceivesAndPoisonsTheBufferAfterwards) {
    const int listener = network.listen(8080);
    Waiter accepted;
    accepted.prepare(Operation::accept, listener);
    kernel.submit(accepted.completion);
    const auto client = network.connect(8080);
    ASSERT_NE(client, nullptr);
    EXPECT_EQ(kernel.turn(0), 1u);
    ASSERT_EQ(accepted.results.size(), 1u);
    const int socket = accepted.results[0];

    Waiter received;
    received.prepare(Operation::recv, socket);
    kernel.submit(received.completion);
    client->peer_send("hello");
    kernel.turn(0);
    EXPECT_EQ(received.data, "hello");
    EXPECT_EQ(received.last[0], static_cast<char>(0xDD));

    client->peer_close();
    kernel.turn(0);
    EXPECT_EQ(received.results.back(), 0);
    EXPECT_EQ(received.finals, 1);
    kernel.close(socket);
    kernel.cancel(accepted.completion);
    kernel.turn(0);
    EXPECT_EQ(accepted.results.back(), -ECANCELED);
    kernel.close(listener);
    EXPECT_EQ(world.descriptors.count(), 0u);
}

TEST_F(KernelTest, WaitsInVirtualTimeForTheNextEvent) {
    bool happened = false;
    world.after(5'000'000'000, [&] {
        happened = true;
        kernel.wake_from_anywhere();
    });
    const std::uint64_t before = kernel.now_ns();
    kernel.turn(1'000'000'000);
    EXPECT_FALSE(happened);
    kernel.turn(-1);
    EXPECT_TRUE(happened);
    EXPECT_GE(kernel.now_ns() - before, 5'000'000'000u);
}

TEST_F(KernelTest, OutcomesOfOneOperationKeepTheirOrder) {
    world.faults.delay = 700;
    world.faults.reorder = true;
    world.faults.short_recv = 900;
    const int listener = network.listen(1);
    Waiter accepted;
    accepted.prepare(Operation::accept, listener);
    kernel.submit(accepted.completion);
    const auto client = network.connect(1);
    while (accepted.results.empty()) kernel.turn(-1);
    Waiter received;
    received.prepare(Operation::recv, accepted.results[0]);
    kernel.submit(received.completion);
    std::string sent;
    for (int i = 0; i < 500; ++i) sent += std::to_string(i) + ",";
    client->peer_send(sent);
    client->peer_close();
    while (received.finals == 0) kernel.turn(-1);
    EXPECT_EQ(received.data, sent);
    kernel.close(accepted.results[0]);
    kernel.cancel(accepted.completion);
    while (accepted.finals == 0) kernel.turn(-1);
    kernel.close(listener);
}

TEST_F(KernelTest, ASyncTakesItsTimeAndMayFail) {
    Writer writer;
    ASSERT_EQ(files.open_writer("/ledger", true, writer), 0);
    files.close_writer(writer);
    const Result<int> file = files.open("/ledger");
    ASSERT_TRUE(file.has_value());
    Waiter synced;
    const auto sync = [&](int descriptor) {
        synced.prepare(Operation::sync, descriptor);
        kernel.submit(synced.completion);
        const int before = synced.finals;
        while (synced.finals == before) kernel.turn(-1);
        return synced.results.back();
    };
    EXPECT_EQ(sync(*file), 0);

    world.faults.sync_ns_max = 10'000'000;
    const std::uint64_t begin = kernel.now_ns();
    std::uint64_t longest = 0;
    for (int i = 0; i < 50; ++i) {
        const std::uint64_t before = kernel.now_ns();
        EXPECT_EQ(sync(*file), 0);
        longest = std::max(longest, kernel.now_ns() - before);
    }
    EXPECT_GT(longest, 5'000'000u);
    EXPECT_LT(kernel.now_ns() - begin, 50 * 11'000'000u);

    world.faults.sync_error = 1000;
    EXPECT_EQ(sync(*file), -EIO);
    world.faults.calm();
    EXPECT_EQ(sync(*file), 0);

    const int listener = network.listen(1);
    EXPECT_EQ(sync(listener), -EINVAL);
    kernel.close(listener);
    files.close(*file);
}

using KernelDeathTest = KernelTest;

TEST_F(KernelDeathTest, MisuseAborts) {
    const int listener = network.listen(1);
    EXPECT_DEATH(
        {
            Waiter waiter;
            waiter.prepare(Operation::accept, listener);
            kernel.submit(waiter.completion);
            kernel.close(listener);
        },
        "in_flight");
    EXPECT_DEATH(
        {
            kernel.close(listener);
            kernel.close(listener);
        },
        "CHECK");
    EXPECT_DEATH(
        {
            Waiter waiter;
            waiter.prepare(Operation::accept, listener + 1);
            kernel.submit(waiter.completion);
        },
        "CHECK");
    kernel.close(listener);
}

TEST_F(KernelDeathTest, BytesOfASendMustNotChangeBeforeItsOutcome) {
    const int listener = network.listen(1);
    Waiter accepted;
    accepted.prepare(Operation::accept, listener);
    kernel.submit(accepted.completion);
    const auto client = network.connect(1);
    kernel.turn(0);
    std::string ring = "one two three";
    Waiter sent;
    sent.prepare(Operation::send, accepted.results[0]);
    sent.completion.buffer = ring.data();
    sent.completion.bytes = static_cast<std::uint32_t>(ring.size());
    kernel.submit(sent.completion);
    EXPECT_DEATH(
        {
            ring[4] = 'T';
            kernel.turn(0);
        },
        "checksum");
    kernel.turn(0);
    EXPECT_EQ(sent.results.back(), 13);
    EXPECT_EQ(client->peer_receive(100), ring);
    kernel.close(accepted.results[0]);
    kernel.cancel(accepted.completion);
    kernel.turn(0);
    kernel.close(listener);
}

TEST_F(KernelTest, InodeNumbersComeBackWithAnotherGeneration) {
    Writer writer;
    ASSERT_EQ(files.open_writer("/a", true, writer), 0);
    files.write(writer, "x");
    files.close_writer(writer);
    const auto first = files.status("/a");
    files.remove("/a");
    ASSERT_EQ(files.open_writer("/a", true, writer), 0);
    files.close_writer(writer);
    const auto second = files.status("/a");
    EXPECT_EQ(first->identity.inode, second->identity.inode);
    EXPECT_NE(first->identity.generation, second->identity.generation);
}

}  // namespace
}  // namespace logwisp::sim
