#include "sandbox/privileges.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace logwisp {

namespace {

constexpr unsigned capabilities_max = 64;
using Sets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

constexpr Capabilities bit(unsigned capability) { return Capabilities{1} << capability; }

// libcap would be a library for two calls.
bool get_sets(Sets& sets) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    return ::syscall(SYS_capget, &header, sets.data()) == 0;
}

bool set_sets(const Sets& sets) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    return ::syscall(SYS_capset, &header, sets.data()) == 0;
}

Capabilities permitted_of(const Sets& sets) {
    return sets[0].permitted | Capabilities{sets[1].permitted} << 32;
}

// What a program could be given when it is executed. Needs CAP_SETPCAP; without it there is little in the way of it.
void shrink_bounding_set(Capabilities kept) {
    for (unsigned one = 0; one < capabilities_max; ++one) {
        const int there = ::prctl(PR_CAPBSET_READ, one, 0, 0, 0);
        if (there < 0) return;  // the kernel has no more
        if (there == 1 && (kept & bit(one)) == 0) ::prctl(PR_CAPBSET_DROP, one, 0, 0, 0);
    }
}

}  // namespace

Capabilities needed_capabilities(bool writes_as_another) {
    return bit(CAP_NET_BIND_SERVICE) | bit(CAP_DAC_READ_SEARCH) |
           (writes_as_another ? bit(CAP_DAC_OVERRIDE) : 0);
}

bool forbid_new_privileges() { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; }

Capabilities keep_capabilities(Capabilities kept) {
    Sets sets{};
    if (!get_sets(sets)) return 0;
    const Capabilities before = permitted_of(sets);
    shrink_bounding_set(kept);
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    const Capabilities left = before & kept;
    const Sets given = sets;
    for (unsigned word = 0; word < sets.size(); ++word) {
        const auto bits = static_cast<std::uint32_t>(left >> (32 * word));
        sets[word] = {.effective = bits, .permitted = bits, .inheritable = 0};
    }
    // Nothing to give up is nothing to ask for: a filter of system calls may be in the way of it.
    const bool same = std::memcmp(&given, &sets, sizeof sets) == 0;
    return same || set_sets(sets) ? left : before;
}

void forbid_core_dumps() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
    // One byte: with none the kernel would still hand a dump to a program that /proc/sys/kernel/core_pattern names; with one it does not,
    // and no file is that small. Where the limit is none already it stays so.
    limit.rlim_cur = limit.rlim_max = std::min<rlim_t>(limit.rlim_max, 1);
    ::setrlimit(RLIMIT_CORE, &limit);
}

void allow_core_dumps() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_CORE, &limit);
}

std::vector<std::string> capability_names(Capabilities capabilities) {
    std::vector<std::string> names;
    for (unsigned one = 0; one < capabilities_max; ++one) {
        if ((capabilities & bit(one)) == 0) continue;
        if (one == CAP_NET_BIND_SERVICE)
            names.emplace_back("net_bind_service");
        else if (one == CAP_DAC_READ_SEARCH)
            names.emplace_back("dac_read_search");
        else if (one == CAP_DAC_OVERRIDE)
            names.emplace_back("dac_override");
        else
            names.push_back(std::to_string(one));
    }
    return names;
}

}  // namespace logwisp
