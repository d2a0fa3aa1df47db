// Directories of targets in which others may make names: whoever reads them as root has to know.
#pragma once

#include "app/load.hpp"

namespace logwisp {

// As warnings; none unless this runs as root. Looks at the file system.
Problems writable_directories(const Loaded& loaded);

}  // namespace logwisp
