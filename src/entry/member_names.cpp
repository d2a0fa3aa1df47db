#include "entry/member_names.hpp"

#include <cstring>

#include "base/check.hpp"

namespace logwisp {

namespace {

std::uint32_t hash_of(std::string_view name) {
    constexpr std::uint64_t multiplier = 0x9E37'79B9'7F4A'7C15;
    std::uint64_t hash = name.size() * multiplier;
    const char* bytes = name.data();
    std::size_t left = name.size();
    for (; left >= 8; bytes += 8, left -= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes, 8);
        hash = (hash ^ word) * multiplier;
        hash ^= hash >> 29;
    }
    // What is left is read as two halves that may overlap.
    std::uint64_t word = 0;
    if (left >= 4) {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        std::memcpy(&first, bytes, 4);
        std::memcpy(&last, bytes + left - 4, 4);
        word = std::uint64_t{first} << 32 | last;
    } else if (left > 0) {
        word = static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[0])) << 16 |
               static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[left / 2])) << 8 |
               static_cast<unsigned char>(bytes[left - 1]);
    }
    hash = (hash ^ word) * multiplier;
    return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

void MemberNames::clear() {
    count_ = 0;
    if (++generation_ == 0) {
        slots_.fill({});
        generation_ = 1;
    }
}

MemberNames::Slot& MemberNames::find(std::string_view name, std::uint32_t hash) {
    // Half of the slots stay free: the walk ends.
    for (std::size_t index = hash % slots_count;; index = (index + 1) % slots_count) {
        Slot& slot = slots_[index];
        if (slot.generation != generation_) return slot;
        if (slot.hash == hash && slot.name_bytes == name.size() &&
            std::memcmp(slot.name, name.data(), name.size()) == 0)
            return slot;
    }
}

bool MemberNames::add(std::string_view name) {
    CHECK(count_ < json_members_max);
    const std::uint32_t hash = hash_of(name);
    Slot& slot = find(name, hash);
    if (slot.generation == generation_) return false;
    slot = {.name = name.data(),
            .name_bytes = static_cast<std::uint32_t>(name.size()),
            .hash = hash,
            .generation = generation_,
            .next_number = 2};
    ++count_;
    return true;
}

std::uint32_t MemberNames::next_number(std::string_view name) {
    Slot& slot = find(name, hash_of(name));
    CHECK(slot.generation == generation_);
    return slot.next_number++;
}

}  // namespace logwisp
