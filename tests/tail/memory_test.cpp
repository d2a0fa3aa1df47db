// Memory: while lines flow nothing is allocated, and a file that is silent costs less than a KiB.
// Counted in operator new.
#include <malloc.h>

#include <cstdlib>
#include <new>

#include "tail_fixture.hpp"

namespace {
std::size_t allocations = 0;
std::size_t bytes_in_use = 0;

void* counted(std::size_t bytes) {
    void* const memory = std::malloc(bytes);
    if (memory == nullptr) throw std::bad_alloc();
    ++allocations;
    bytes_in_use += ::malloc_usable_size(memory);
    return memory;
}
void released(void* memory) {
    bytes_in_use -= ::malloc_usable_size(memory);
    std::free(memory);
}
}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes); }
void* operator new[](std::size_t bytes) { return counted(bytes); }
void operator delete(void* memory) noexcept { released(memory); }
void operator delete[](void* memory) noexcept { released(memory); }
void operator delete(void* memory, std::size_t) noexcept { released(memory); }
void operator delete[](void* memory, std::size_t) noexcept { released(memory); }

namespace logwisp::test {
namespace {

class MemoryTest : public TailTest {};

TEST_P(MemoryTest, nothing_is_allocated_while_lines_flow) {
    start();
    sink.keep = false;
    const int file = open_for_append("app.log");
    // Blocks that end inside a line, so that lines are held across reads.
    std::string block = numbers(1, 20'000);
    block.pop_back();
    write_to(file, block);
    write_to(file, block + "\n");
    std::size_t expected = 39'999;
    ASSERT_TRUE(until([&] { return sink.count == expected; }));
    // Reads and rotations are over; a sweep has been.
    turns_for(1200);
    const std::size_t before = allocations;
    for (int round = 0; round < 25; ++round) {
        write_to(file, block);
        turn();
        turn();
        write_to(file, block);
        write_to(file, "\n");
        expected += 39'999;
        const bool all = until([&] { return sink.count == expected; });
        if (!all) break;
    }
    EXPECT_EQ(allocations - before, 0u);
    EXPECT_EQ(sink.count, expected);
    ::close(file);
}

TEST_P(MemoryTest, a_silent_file_costs_less_than_a_kilobyte) {
    constexpr std::size_t count = 1000;
    for (std::size_t file = 0; file < count; ++file)
        write("f" + std::to_string(file) + ".log", "1\n");
    sink.keep = false;
    write("first.log", "1\n");
    start();
    ASSERT_TRUE(until_count(count + 1));
    turns_for(50);
    const std::size_t with_few = bytes_in_use;
    for (std::size_t file = 0; file < count; ++file)
        write("g" + std::to_string(file) + ".log", "1\n");
    ASSERT_TRUE(until_count(2 * count + 1));
    turns_for(50);
    const std::size_t per_file = (bytes_in_use - with_few) / count;
    RecordProperty("bytes_per_silent_file", static_cast<int>(per_file));
    std::printf("bytes per silent file: %zu\n", per_file);
    EXPECT_LE(per_file, 1024u);
}

LOGWISP_ON_ALL_BACKENDS(MemoryTest);

}  // namespace
}  // namespace logwisp::test
