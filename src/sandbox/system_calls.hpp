// The system calls that a running service needs, on either backend; all others are refused with EPERM. A filter of the kernel's (seccomp),
// which it keeps for good, and every thread with it. What a ring is asked for it does not see: reactor/uring_ring.hpp restricts that.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "base/result.hpp"

namespace logwisp {

// The program for this machine's architecture. Calls from another one (int 0x80) are refused, too.
std::vector<sock_filter> system_call_filter();

// For all threads, there and to come. `log`: the kernel's audit log has a line for each refusal. REQUIRES: forbid_new_privileges(), or
// CAP_SYS_ADMIN. Fails where the kernel has no such filters, or another filter forbids this one.
Result<void> filter_system_calls(bool log);

// Whether filter_system_calls() would work here, as far as can be asked without doing it.
Result<void> can_filter_system_calls();

}  // namespace logwisp
