// Whether a look at files comes to an end. A call on a file system that hangs does not return, and often the process that made it cannot even
// be killed. So a child does the look first, and this process only what the child came to the end of. What hangs between the two is not caught.
// For commands that look once; a thread that serves must not fork.
#pragma once

#include <functional>

namespace logwisp {

// `look` runs in a child: nothing of what it does is seen here, and it must not print. False: for look_silence_ms it neither ended nor did
// anything at all; or a signal came that this process handles. However long it works, it is waited for. Where no child can be had: true.
bool comes_to_an_end(const std::function<void()>& look);

}  // namespace logwisp
