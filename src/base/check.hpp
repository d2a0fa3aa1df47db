// CHECK asserts our own bugs and stays on in release; DCHECK is for inner loops. One condition each. The world's faults (a bad
// request, a full disk, a vanished file) are values, never CHECKs.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace logwisp {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "logwisp: bug: CHECK(%s) failed at %s:%d\n", condition, file, line);
    std::abort();
}

}  // namespace logwisp

#define CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::logwisp::check_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define DCHECK(condition) static_cast<void>(0)
#else
#define DCHECK(condition) CHECK(condition)
#endif
