// FNV-1a, 64 bits: for short keys (a file handle, the head of a file) that must not collide by
// accident. Not against an adversary.
#pragma once

#include <cstdint>
#include <string_view>

namespace logwisp {

inline constexpr std::uint64_t hash_seed = 0xcbf29ce484222325ULL;

// Feeding a text in pieces gives the hash of the whole.
constexpr std::uint64_t hash_more(std::uint64_t hash, std::string_view bytes) {
    for (const char byte : bytes) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 0x100000001b3ULL;
    }
    return hash;
}

}  // namespace logwisp
