// Where a running service hears `logwisp reload`: an abstract UNIX socket that is named for its process, so that there is no file to be left
// behind, and no place to be configured. Whoever connects asks for a reload; the answer is an exit code (sysexits) and a line feed, then what
// there is to say, and the end. Both sides look whose process the other is (SO_PEERCRED): anybody may take a name.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace logwisp {

inline constexpr std::string_view control_name_prefix = "logwisp/control/";
// An answer of more than this is cut: a hundred faults of a configuration.
inline constexpr std::size_t control_answer_bytes_max = 64 * 1024;

struct ControlAddress {
    sockaddr_un address{};
    socklen_t bytes = 0;
};

inline ControlAddress control_address(pid_t process) {
    ControlAddress out;
    const std::string name = std::string(control_name_prefix) + std::to_string(process);
    out.address.sun_family = AF_UNIX;
    std::memcpy(out.address.sun_path + 1, name.data(), name.size());  // the first stays NUL
    out.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    return out;
}

}  // namespace logwisp
