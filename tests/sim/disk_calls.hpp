// See disk_calls.cpp.
#pragma once

namespace logwisp::sim {

// The machine starts again: its boot id is another one from now on.
void boot_again();

}  // namespace logwisp::sim
