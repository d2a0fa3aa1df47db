// What the service gives up when it has what it needs: in this order, once, and before there is a second thread, for a thread that is there
// already would keep it all. Nothing of it can be had back. Control thread.
#pragma once

#include "logwisp/config.hpp"
#include "logwisp/sandbox.hpp"

namespace logwisp {

// What cannot be given up here (an old kernel, a container) is left and said in what is returned.
SandboxFacts confine(const Config& config);

// The same for people: "no new privileges, no capabilities, no core dumps".
std::string sandbox_text(const SandboxFacts& facts);

}  // namespace logwisp
