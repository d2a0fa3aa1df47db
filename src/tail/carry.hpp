// The beginning of a line whose LF has not come yet, and the pool such beginnings come from: a file
// has one only while it holds a partial line, and the memory is used again, so that steady flow
// allocates nothing. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace logwisp {

// What the pool keeps for later, all in all.
inline constexpr std::size_t carry_pool_bytes_max = 2 * 1024 * 1024;
inline constexpr std::size_t carry_pool_count_max = 64;
inline constexpr std::size_t carry_bytes_min = 448;
// A line is cut in two by nearly every large read: the first of them costs no allocation either.
inline constexpr std::size_t carry_pool_count_at_start = 4;

struct Carry {
    std::unique_ptr<char[]> bytes;
    std::uint32_t used = 0;
    std::uint32_t capacity = 0;  // line_padding_bytes not counted
};

class CarryPool {
  public:
    CarryPool();
    // Makes room for `more` bytes behind what `carry` holds; its capacity never exceeds
    // `bytes_max`. REQUIRES: used + more <= bytes_max.
    void reserve(Carry& carry, std::size_t more, std::size_t bytes_max);
    // Takes the memory back.
    void release(Carry& carry);

  private:
    // Leaves room for `bytes` in `carry`, empty.
    void take(Carry& carry, std::size_t bytes);

    std::vector<Carry> free_;
    std::size_t free_bytes_ = 0;
};

}  // namespace logwisp
