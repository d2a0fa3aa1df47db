// Which places of the file system a configuration needs: what Landlock is told at the start, and what a reload is held against, since what
// was given up cannot be had back. Looks at the file system, where links lead and what is there.
//
// To the kernel a place is the directory that has the name now. One that is removed and made again is another, and so is one that a link
// leads to later. So the directory in which such a one stands is granted, too, unless it is one that everything stands in (/, /var, /home).
// A place that is not there yet is granted by the nearest directory above it that is. One on a file system that may hang (base/mounts.hpp) is
// not looked at: the directory in which that is mounted is granted instead.
#pragma once

#include <string>
#include <vector>

#include "base/confinement.hpp"
#include "logwisp/config.hpp"
#include "sandbox/landlock.hpp"

namespace logwisp {

// To follow the targets, to write the state, to read the configuration again.
std::vector<Grant> needed_places(const Config& config);
// The same, and what makes it last: see above. What `security.readable` names is among it.
std::vector<Grant> granted_places(const Config& config);

// The same, to tell what is refused.
Confinement confinement_of(const std::vector<Grant>& granted);

// Directories of the system, and homes, that a target makes readable with all that is below: it names one, or a file in one (the kernel has no
// smaller grant for a file that is renamed), or nothing below one is there yet, or a file system that may hang is mounted in one.
struct WidePlace {
    const Target* target = nullptr;
    std::string directory;
    std::string text;  // `"/etc/app.log" lets the service read all of "/etc": ...`
};
std::vector<WidePlace> wide_places(const StreamConfig& stream);

// What of `config` is outside of `granted`: "/srv/app". Empty: nothing.
std::string place_outside(const Config& config, const std::vector<Grant>& granted);

}  // namespace logwisp
