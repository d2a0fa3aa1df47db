// What is written to either half is read from the other, and making one needs no descriptor: readers may have taken all of them. Method: the
// same bytes through both halves; a process that may open nothing more.
#include "base/mirrored_memory.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>

namespace logwisp {
namespace {

constexpr std::size_t bytes_wanted = 100'000;

void expect_mirrored(MirroredMemory& memory) {
    char* const first = memory.data();
    char* const second = first + memory.bytes();
    std::memcpy(second - 3, "around", 6);
    EXPECT_EQ(std::memcmp(first, "und", 3), 0);
    std::memcpy(first, "front", 5);
    EXPECT_EQ(std::memcmp(second, "front", 5), 0);
}

TEST(MirroredMemory, RunsOverItsEndIntoItsBeginning) {
    MirroredMemory memory(bytes_wanted);
    EXPECT_EQ(memory.bytes(), 131'072u);
    expect_mirrored(memory);
}

TEST(MirroredMemory, IsMadeWhileThereAreNoDescriptorsLeft) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    // No number from here on may be opened.
    const int next = ::dup(STDIN_FILENO);
    ASSERT_GE(next, 0);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_LT(::dup(STDIN_FILENO), 0);
    {
        MirroredMemory memory(bytes_wanted);
        expect_mirrored(memory);
    }
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace logwisp
