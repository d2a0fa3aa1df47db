// Who may make names in a directory, by its permission bits. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace logwisp {

// "everybody", "its group" (root's does not count); empty: nobody but its owner.
constexpr std::string_view others_who_write(std::uint32_t mode, std::uint32_t group) {
    if ((mode & 02U) != 0) return "everybody";
    return (mode & 020U) != 0 && group != 0 ? "its group" : "";
}

}  // namespace logwisp
