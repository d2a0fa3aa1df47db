// A path walked component by component, every symbolic link judged before it is followed. What is
// judged are open descriptors, never names, so that nobody can put something else in between.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "tail/link_rule.hpp"

namespace logwisp {

class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    explicit operator bool() const { return number_ >= 0; }
    [[nodiscard]] int number() const { return number_; }
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

// Where the walk ended. The descriptors are O_PATH: they name, and give nothing to read.
struct WalkEnd {
    Descriptor parent;
    std::string name;  // in it
    Descriptor found;  // none: there is no such name
    struct stat status {};
    std::string far_end;                 // as FarEnd's
    std::optional<std::uint32_t> owner;  // the same
};

// ENOENT only for what comes before the last component.
Result<WalkEnd> walk_path(const std::string& path, const LinkRule& rule);

// Opens for reading. The kernel itself walks where no link is on the way, which is nearly always.
// `flags`: O_DIRECTORY or none; O_PATH gives a descriptor that only names.
Result<int> open_by_rule(const std::string& path, const LinkRule& rule, int flags);

}  // namespace logwisp
