// Once it is made, an Encoder allocates nothing for lines up to json_line_bytes_reserved. Method:
// the program's operator new counts.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "encode_line.hpp"
#include "entry/json_line.hpp"

namespace {
std::atomic<std::size_t> allocations{0};

// Not inlined: the compiler would see malloc through new and warn of the free in delete.
[[gnu::noinline]] void* count_and_allocate(std::size_t bytes) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(bytes == 0 ? 1 : bytes);
}

[[gnu::noinline]] void release(void* memory) { std::free(memory); }
}  // namespace

void* operator new(std::size_t bytes) {
    if (void* memory = count_and_allocate(bytes)) return memory;
    throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return count_and_allocate(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    return count_and_allocate(bytes);
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { release(memory); }

namespace logwisp {
namespace {

TEST(AllocationTest, NoneAfterConstruction) {
    std::vector<std::string> lines{
        "2024-01-02 03:04:05 INFO plain",
        std::string("caf\xE9 \x01 \"quoted\""),
        R"({"ts":1704067200.5,"level":30,"msg":"x","a":{"b":[1,2]},"a":1,"fields":{"c":null}})",
        "{\"msg\":\"caf\xE9\"}",
        R"({"msg":"cut)",
    };
    std::string longest = "{\"" + std::string(json_line_bytes_reserved / 2, 'k') + "\":\"";
    longest += std::string(json_line_bytes_reserved - longest.size() - 2, '\xFF') + "\"}";
    ASSERT_EQ(longest.size(), json_line_bytes_reserved);
    lines.push_back(longest);
    lines.push_back(std::string(json_line_bytes_reserved, '\0'));
    for (std::string& line : lines) line += std::string(line_padding_bytes, '\n');
    std::vector<char> out(entry_bytes_max(json_line_bytes_reserved));

    Encoder encoder;
    const auto encode = [&](const std::string& held) {
        return encoder.encode(
            {.bytes = std::string_view(held).substr(0, held.size() - line_padding_bytes),
             .source = "app.log",
             .read_at = test::read_at},
            out.data());
    };
    const std::size_t before = allocations.load();
    std::size_t bytes = 0;
    for (const std::string& line : lines) bytes += encode(line);
    for (int round = 0; round < 50'000; ++round)
        for (std::size_t index = 0; index < 5; ++index) bytes += encode(lines[index]);
    EXPECT_EQ(allocations.load() - before, 0U);
    EXPECT_GT(bytes, 0U);
}

// Longer lines cost memory once.
TEST(AllocationTest, LongLinesGrowOnce) {
    Encoder encoder;
    std::string line = "{\"msg\":\"" + std::string(1'000'000, '\xFF') + "\"}";
    const std::size_t bytes = line.size();
    line += std::string(line_padding_bytes, '\n');
    std::vector<char> out(entry_bytes_max(bytes));
    const auto encode = [&] {
        return encoder.encode({.bytes = std::string_view(line).substr(0, bytes),
                               .source = "app.log",
                               .read_at = test::read_at},
                              out.data());
    };
    encode();
    const std::size_t before = allocations.load();
    encode();
    EXPECT_EQ(allocations.load() - before, 0U);
}

}  // namespace
}  // namespace logwisp
