// Messages arrive in the order they were posted, none twice and none lost, between two threads and however full the mailbox is.
#include "core/mailbox.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "core/fabric.hpp"
#include "logwisp/limits.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

TEST(Mailbox, KeepsOrderBetweenTwoThreads) {
    constexpr std::uint64_t count = 200'000;
    Mailbox mailbox(64);
    std::thread producer([&] {
        for (std::uint64_t sequence = 1; sequence <= count; ++sequence) {
            Message message;
            message.kind = Message::Kind::attached;
            message.sequence = sequence;
            while (!mailbox.push(message)) std::this_thread::yield();
        }
    });
    std::uint64_t expected = 1;
    while (expected <= count) {
        Message message;
        if (!mailbox.pop(message)) {
            std::this_thread::yield();
            continue;
        }
        ASSERT_EQ(message.sequence, expected);
        ++expected;
    }
    producer.join();
    Message message;
    EXPECT_FALSE(mailbox.pop(message));
}

TEST(Fabric, AFullMailboxRefusesBatchesAndKeepsControlMessages) {
    Fabric fabric(2);
    auto first = test::make_started(test::all_backends()[0]);
    auto second = test::make_started(test::all_backends()[0]);
    fabric.attach(0, *first);
    fabric.attach(1, *second);
    std::uint64_t posted = 0;
    while (fabric.has_room_for_batch(0, 1)) {
        Message message;
        message.kind = Message::Kind::attached;
        message.sequence = ++posted;
        fabric.post(0, 1, std::move(message));
    }
    EXPECT_EQ(posted, batches_in_flight_max);
    for (int extra = 0; extra < 1000; ++extra) {
        Message message;
        message.kind = Message::Kind::detach;
        message.sequence = ++posted;
        fabric.post(0, 1, std::move(message));
    }
    std::uint64_t received = 0;
    while (received < posted) {
        Message message;
        if (!fabric.receive(1, message)) {
            fabric.flush(0);
            ASSERT_TRUE(fabric.receive(1, message));
        }
        ASSERT_EQ(message.sequence, ++received);
        ASSERT_EQ(message.from, 0u);
    }
    EXPECT_FALSE(fabric.flush(0).any());
}

}  // namespace
}  // namespace logwisp
