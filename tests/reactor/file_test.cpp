// Read is a read of a file at an offset; poll on a regular file is ready at once, and on anything
// else when it is. Method: a temporary file and a pipe.
#include <poll.h>
#include <stdio.h>

#include <array>

#include "reactor/recorder.hpp"
#include "support/backends.hpp"

namespace logwisp {
namespace {

using test::Recorder;

class File : public test::BackendTest {};
LOGWISP_ON_ALL_BACKENDS(File);

TEST_P(File, is_read_at_its_offset_and_short_at_its_end) {
    FILE* file = ::tmpfile();
    ASSERT_NE(file, nullptr);
    const int descriptor = ::fileno(file);
    ASSERT_EQ(::write(descriptor, "0123456789", 10), 10);
    std::array<char, 8> buffer{};
    Recorder reading;
    reactor().read(reading.completion, descriptor, buffer, 7);
    ASSERT_TRUE(turn_until([&] { return reading.ended(); }));
    EXPECT_EQ(reading.last(), 3);
    EXPECT_EQ(std::string(buffer.data(), 3), "789");
    reactor().read(reading.completion, descriptor, buffer, 10);
    ASSERT_TRUE(turn_until([&] { return reading.results.size() == 2; }));
    EXPECT_EQ(reading.last(), 0);

    Recorder polling;
    reactor().poll(polling.completion, descriptor, POLLIN);
    ASSERT_TRUE(turn_until([&] { return polling.ended(); }));
    EXPECT_NE(polling.last() & POLLIN, 0);
    ::fclose(file);
}

TEST_P(File, poll_waits_for_readiness_and_sees_what_is_already_there) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
    Recorder polling;
    for (int round = 0; round < 3; ++round) {
        reactor().poll(polling.completion, ends[0], POLLIN);
        reactor().run_turn(0);
        EXPECT_TRUE(polling.completion.in_flight());
        ASSERT_EQ(::write(ends[1], "x", 1), 1);
        ASSERT_TRUE(turn_until([&] { return !polling.completion.in_flight(); }));
        EXPECT_NE(polling.last() & POLLIN, 0);
        // Not read yet: a poll looks at the state, not for a change.
        reactor().poll(polling.completion, ends[0], POLLIN);
        ASSERT_TRUE(turn_until([&] { return !polling.completion.in_flight(); }));
        char byte = 0;
        ASSERT_EQ(::read(ends[0], &byte, 1), 1);
    }
    backend().close(ends[0]);
    backend().close(ends[1]);
}

TEST_P(File, a_number_closed_elsewhere_and_reused_is_noticed) {
    std::array<int, 2> ends{};
    Recorder polling;
    for (int round = 0; round < 3; ++round) {
        ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
        reactor().poll(polling.completion, ends[0], POLLIN);
        reactor().run_turn(0);
        ASSERT_EQ(::write(ends[1], "x", 1), 1);
        ASSERT_TRUE(turn_until([&] { return !polling.completion.in_flight(); }));
        ::close(ends[0]);  // not through the backend
        ::close(ends[1]);
    }
}

}  // namespace
}  // namespace logwisp
