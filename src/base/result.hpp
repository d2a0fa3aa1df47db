// Control-path errors are values: a code (errno), where it happened and on what. Text is made where it is shown.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace logwisp {

// Instead of an errno: nothing failed, a rule of ours says no, and `where` says which. The kernel
// has no such number.
inline constexpr int error_refused = 4096;

struct Error {
    int code = 0;         // errno, error_refused, or 0 when `where` says it all
    std::string where;    // the call that failed, "bind"
    std::string subject;  // what it was about, "127.0.0.1:8080"

    [[nodiscard]] std::string text() const {
        std::string out = subject.empty() ? where : subject + ": " + where;
        if (code != 0 && code != error_refused) out.append(": ").append(std::strerror(code));
        return out;
    }
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(int code, std::string where, std::string subject = {}) {
    return tl::unexpected<Error>(Error{code, std::move(where), std::move(subject)});
}

}  // namespace logwisp
