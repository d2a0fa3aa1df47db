// What a process gives up by itself, without a filter: new privileges, capabilities, core dumps. Control thread, before there is another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace logwisp {

// By number, as the kernel has them: bit CAP_NET_BIND_SERVICE and so on.
using Capabilities = std::uint64_t;

// What the service may still need after its start, where it has been given it: a reload may open a port below 1024, and logs may belong to
// others. `writes_as_another`: what is kept on the disk belongs to another user, which only CAP_DAC_OVERRIDE gets past.
Capabilities needed_capabilities(bool writes_as_another);

// Nothing that is executed from here on, by whatever means, gains anything. False: the kernel does not know it.
[[nodiscard]] bool forbid_new_privileges();
// Gives up every capability that is not in `kept`. Returns those that are left; what it did not have it does not get.
Capabilities keep_capabilities(Capabilities kept);
// Memory holds what the logs hold.
void forbid_core_dumps();
// As large as the hard limit lets them be: a shell's soft limit is usually 0.
void allow_core_dumps();

// "net_bind_service"; a number for one that has no name here.
std::vector<std::string> capability_names(Capabilities capabilities);

}  // namespace logwisp
