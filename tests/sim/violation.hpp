// How an oracle says that the program broke a promise: by name, and the process ends, as with a
// CHECK; main.cpp then prints the seed and the command that replays it.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace logwisp::sim {

template <class... Args>
[[noreturn]] void violation(fmt::format_string<Args...> format, Args&&... args) {
    const std::string text = fmt::format(format, std::forward<Args>(args)...);
    std::fprintf(stderr, "violation: %s\n", text.c_str());
    std::abort();
}

}  // namespace logwisp::sim
