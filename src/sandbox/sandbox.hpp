// What the service gives up when it has what it needs: once, and before there is a second thread, for a thread that is there already would
// keep it all. Nothing of it can be had back. Control thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "logwisp/config.hpp"
#include "logwisp/sandbox.hpp"
#include "sandbox/landlock.hpp"

namespace logwisp {

struct Confined {
    SandboxFacts facts;
    std::vector<Grant> granted;  // empty: files are not restricted
};
// What cannot be given up here (an old kernel, a container) is left and said in what is returned.
Confined confine(const Config& config);

// The same for people: "Landlock 7, system calls filtered, no new privileges, no capabilities, no core dumps".
std::string sandbox_text(const SandboxFacts& facts);

// What confine() would do on this machine, for those who only ask.
struct SandboxForecast {
    Result<int> landlock;  // its version
    Result<void> seccomp;
    std::vector<Grant> granted;  // empty: files would not be restricted
};
SandboxForecast sandbox_forecast(const Config& config);
// The same without the places: looks at no file.
SandboxForecast sandbox_abilities(const Config& config);

}  // namespace logwisp
