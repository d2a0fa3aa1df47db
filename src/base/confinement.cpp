#include "base/confinement.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "base/path.hpp"

namespace logwisp {

namespace {

// Looking where a path leads is allowed everywhere. Empty: nowhere.
std::string real_place(const std::string& path) {
    char real[PATH_MAX];
    return ::realpath(path.c_str(), real) == nullptr ? std::string() : real;
}

}  // namespace

Confinement::Confinement(const std::vector<Place>& places) : everything_(false) {
    for (const Place& place : places) {
        struct stat found {};
        if (::stat(place.path.c_str(), &found) == 0)
            known_.push_back({place, found.st_dev, found.st_ino});
    }
}

// As the kernel decides: by the directories above, one after the other.
bool Confinement::is_inside(std::string path, Wanted wanted) const {
    for (;; path.resize(std::max(path.rfind('/'), std::size_t{1}))) {
        struct stat found {};
        const bool there = ::stat(path.c_str(), &found) == 0;
        const bool granted =
            there && std::any_of(known_.begin(), known_.end(), [&](const Known& known) {
                return known.place.may >= wanted && known.device == found.st_dev &&
                       known.inode == found.st_ino;
            });
        if (granted) return true;
        if (path == "/") return false;
    }
}

bool Confinement::lets(const std::string& path, Wanted wanted) const {
    if (everything_) return true;
    const std::string real = real_place(path);
    return real.empty() || is_inside(real, wanted);
}

std::string Confinement::text(const Error& error, const std::string& path, Wanted wanted) const {
    const std::string why = error.code == EACCES ? why_denied(path, wanted) : std::string();
    return why.empty() ? error.text() : error.text() + " " + why;
}

std::string Confinement::why_denied(const std::string& path, Wanted wanted) const {
    if (lets(path, wanted)) return {};
    const std::string real = real_place(path);
    if (::faccessat(AT_FDCWD, real.c_str(), R_OK, AT_EACCESS) != 0) return {};
    const bool had_that_name = std::any_of(known_.begin(), known_.end(), [&](const Known& known) {
        return known.place.may >= wanted && lies_in(real, known.place.path);
    });
    return had_that_name
               ? "by the sandbox: it or its directory was made anew since the start: restart "
                 "(SANDBOX in logwisp(1))"
               : "by the sandbox: it lies outside of what was granted at the start: name its "
                 "directory in security.readable and restart (SANDBOX in logwisp(1))";
}

}  // namespace logwisp
