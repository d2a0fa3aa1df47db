// A process started with standard input, output or error closed would give its number to the next file or
// socket, and write diagnostics to a client. main() calls this before anything is opened or printed.
#pragma once

namespace logwisp {

// Whichever of 0, 1 and 2 is closed becomes /dev/null.
void open_standard_descriptors();

}  // namespace logwisp
