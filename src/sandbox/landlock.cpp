#include "sandbox/landlock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace logwisp {

namespace {

// From the kernel's documentation: Debian 12 has the headers of Linux 6.1, which is version 2, and no C library has the calls.
constexpr long create_ruleset_call = 444;
constexpr long add_rule_call = 445;
constexpr long restrict_self_call = 446;
constexpr std::uint32_t flag_version = 1;
constexpr int rule_path_beneath = 1;

struct Ruleset {
    std::uint64_t files = 0;
    std::uint64_t network = 0;  // since 4
    std::uint64_t scopes = 0;   // since 6
};
struct [[gnu::packed]] PathBeneath {
    std::uint64_t allowed = 0;
    std::int32_t parent = -1;
};

constexpr std::uint64_t write_file = 1 << 1;
constexpr std::uint64_t read_file = 1 << 2;
constexpr std::uint64_t read_directory = 1 << 3;
constexpr std::uint64_t remove_file = 1 << 5;
constexpr std::uint64_t make_directory = 1 << 7;
constexpr std::uint64_t make_file = 1 << 8;
constexpr std::uint64_t truncate = 1 << 14;  // since 3
constexpr std::uint64_t connect_tcp = 1 << 1;
constexpr std::uint64_t abstract_socket_scope = 1 << 0;
constexpr std::uint64_t signal_scope = 1 << 1;

// All rights of a version: 13 at first, then to move between directories (2), to truncate (3), to control devices (5).
std::uint64_t file_rights(int abi) {
    unsigned rights = 13;
    if (abi >= 2) rights = 14;
    if (abi >= 3) rights = 15;
    if (abi >= 5) rights = 16;
    return (std::uint64_t{1} << rights) - 1;
}

// A version's kernel takes this much of the attributes.
std::size_t attribute_bytes(int abi) {
    if (abi >= 6) return sizeof(Ruleset);
    return abi >= 4 ? offsetof(Ruleset, scopes) : offsetof(Ruleset, network);
}

std::uint64_t rights_of(Access access) {
    switch (access) {
        case Access::list:
            return read_directory;
        case Access::read:
            return read_directory | read_file;
        case Access::write:
            break;
    }
    return read_directory | read_file | write_file | truncate | make_file | make_directory |
           remove_file;
}

Result<void> add(int ruleset, const Grant& grant, std::uint64_t handled) {
    const int place = ::open(grant.path.c_str(), O_PATH | O_CLOEXEC);
    if (place < 0) {
        // What is not there, or not to be reached, cannot be read either way.
        if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) return {};
        return failure(errno, "open", grant.path);
    }
    struct stat found {};
    std::uint64_t allowed = rights_of(grant.access) & handled;
    // A file takes only what can be done with a file.
    if (::fstat(place, &found) == 0 && !S_ISDIR(found.st_mode))
        allowed &= read_file | write_file | truncate;
    const PathBeneath rule{.allowed = allowed, .parent = place};
    const bool added =
        allowed == 0 || ::syscall(add_rule_call, ruleset, rule_path_beneath, &rule, 0) == 0;
    const int code = errno;
    ::close(place);
    if (!added) return failure(code, "landlock_add_rule", grant.path);
    return {};
}

Result<void> restrict_with(int ruleset, const std::vector<Grant>& grants, std::uint64_t handled) {
    for (const Grant& grant : grants)
        if (auto added = add(ruleset, grant, handled); !added) return added;
    if (::syscall(restrict_self_call, ruleset, 0) != 0)
        return failure(errno, "landlock_restrict_self");
    return {};
}

}  // namespace

Result<int> landlock_abi() {
#ifdef LOGWISP_SANITIZED
    return failure(0, "built with a sanitizer");
#endif
    const long abi = ::syscall(create_ruleset_call, nullptr, 0, flag_version);
    if (abi >= 1) return static_cast<int>(abi);
    if (abi < 0 && errno == EOPNOTSUPP) return failure(0, "Landlock is switched off");
    return failure(errno, "landlock_create_ruleset");
}

Result<int> restrict_files(const std::vector<Grant>& grants, bool abstract_sockets) {
    Result<int> abi = landlock_abi();
    if (!abi) return abi;
    Ruleset attributes{.files = file_rights(*abi), .network = connect_tcp, .scopes = signal_scope};
    if (!abstract_sockets) attributes.scopes |= abstract_socket_scope;
    const auto ruleset =
        static_cast<int>(::syscall(create_ruleset_call, &attributes, attribute_bytes(*abi), 0));
    if (ruleset < 0) return failure(errno, "landlock_create_ruleset");
    const Result<void> restricted = restrict_with(ruleset, grants, attributes.files);
    ::close(ruleset);
    if (!restricted) return tl::unexpected(restricted.error());
    return *abi;
}

}  // namespace logwisp
