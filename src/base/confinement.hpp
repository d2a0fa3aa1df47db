// Which places Landlock lets this process read, as they were when it confined itself: what tells a refusal of the sandbox from one of
// permissions, which the kernel gives the same number. Filled before any other thread exists, constant then; any thread.
//
// The kernel grants the directory that had a name at the start, so places are known by device and inode. A granted one keeps its inode:
// the kernel holds on to it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"

namespace logwisp {

enum class Wanted : unsigned char { names, contents };

class Confinement {
  public:
    // Of a process that may read everything.
    Confinement() = default;

    struct Place {
        std::string path;
        Wanted may;  // contents: names, too
    };
    // Looks at each: to be called when the kernel is told of them, or for a forecast.
    explicit Confinement(const std::vector<Place>& places);

    // For a path that could not be opened: that permissions let it be read and the sandbox does not, and what to do, as a part of a
    // sentence. Empty: the sandbox is not the cause.
    [[nodiscard]] std::string why_denied(const std::string& path, Wanted wanted) const;

    // An error that came of opening `path`, with that.
    [[nodiscard]] std::string text(const Error& error, const std::string& path,
                                   Wanted wanted) const;

    // Whether the sandbox lets it be read, permissions aside. What is not there is.
    [[nodiscard]] bool lets(const std::string& path, Wanted wanted) const;

  private:
    struct Known {
        Place place;
        dev_t device = 0;
        ino_t inode = 0;
    };
    // `path`: from the root, without links.
    [[nodiscard]] bool is_inside(std::string path, Wanted wanted) const;

    bool everything_ = true;
    std::vector<Known> known_;
};

}  // namespace logwisp
