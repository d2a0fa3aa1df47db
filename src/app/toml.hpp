// toml++ as we use it: without its assertions. Version 3.3.0 asserts that a name begins in the
// right way right before it checks the same and reports the fault with its place, so that
// `[|server]` would end the process instead, during a reload a running one. (With NDEBUG clang
// would even be told that it cannot happen.)
#pragma once

#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
