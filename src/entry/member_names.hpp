// The names that the members of one object have so far, so that no two are alike in what we write:
// many readers of JSON keep only one of two members with the same name. One thread; made once,
// cleared for every line without touching its memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logwisp {

// More members than any log line has; a line with more is text, not fields.
inline constexpr std::size_t json_members_max = 1024;

class MemberNames {
  public:
    void clear();

    // How many members may still be added.
    [[nodiscard]] std::size_t room() const { return json_members_max - count_; }

    // True: `name` was not there and is now; its bytes must stay where they are until clear().
    // REQUIRES: room() > 0.
    bool add(std::string_view name);

    // What to tell the next one of the same name apart by: 2 when asked for the first time, then 3
    // ... REQUIRES: `name` was added.
    std::uint32_t next_number(std::string_view name);

  private:
    struct Slot {
        const char* name;
        std::uint32_t name_bytes;
        std::uint32_t hash;
        std::uint32_t generation;  // of another generation: free
        std::uint32_t next_number;
    };
    static constexpr std::size_t slots_count = 2 * json_members_max;

    // The slot of `name`, or the free one it belongs in.
    Slot& find(std::string_view name, std::uint32_t hash);

    std::array<Slot, slots_count> slots_{};
    std::uint32_t generation_ = 1;
    std::size_t count_ = 0;
};

}  // namespace logwisp
