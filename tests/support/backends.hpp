// Every test that needs a reactor runs on every real backend:
//
//   class MyTest : public BackendTest {};
//   LOGWISP_ON_ALL_BACKENDS(MyTest);
//   TEST_P(MyTest, does_something) { reactor().recv(...); ASSERT_TRUE(turn_until([&] { return done;
//   })); }
//
// Which of them this kernel allows is asked once; where io_uring is forbidden the tests run on
// epoll alone.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "reactor/backend.hpp"
#include "reactor/reactor.hpp"

namespace logwisp::test {

struct BackendFactory {
    const char* name;
    Result<std::unique_ptr<Backend>> (*make)(const BackendOptions&);
};

inline std::ostream& operator<<(std::ostream& out, const BackendFactory& factory) {
    return out << factory.name;
}

inline std::vector<BackendFactory> all_backends() {
    std::vector<BackendFactory> all{{"epoll", &make_epoll_backend}};
    if (make_uring_backend(BackendOptions{})) all.push_back({"uring", &make_uring_backend});
    return all;
}

inline std::unique_ptr<Backend> make_started(const BackendFactory& factory,
                                             const BackendOptions& options = {}) {
    auto made = factory.make(options);
    if (!made) std::fprintf(stderr, "%s\n", made.error().text().c_str());
    CHECK(made.has_value());
    (*made)->start_on_this_thread();
    return std::move(*made);
}

// Turns until `done` holds; false when it did not within the deadline.
template <class Done>
bool turn_until(Reactor& reactor, Done&& done,
                std::chrono::seconds deadline = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) return false;
        reactor.run_turn(10'000'000);
    }
    return true;
}

class BackendTest : public ::testing::TestWithParam<BackendFactory> {
  protected:
    // Before the first use of reactor(): a backend of other dimensions.
    void use(const BackendOptions& options) {
        reactor_ = std::make_unique<Reactor>(make_started(GetParam(), options));
    }
    Reactor& reactor() {
        if (reactor_ == nullptr) use({});
        return *reactor_;
    }
    Backend& backend() { return reactor().backend(); }
    template <class Done>
    bool turn_until(Done&& done) {
        return test::turn_until(reactor(), done);
    }

  private:
    std::unique_ptr<Reactor> reactor_;
};

}  // namespace logwisp::test

#define LOGWISP_ON_ALL_BACKENDS(fixture)                                         \
    INSTANTIATE_TEST_SUITE_P(                                                    \
        Backends, fixture, ::testing::ValuesIn(::logwisp::test::all_backends()), \
        [](const auto& instance) { return std::string(instance.param.name); })
