// What following tells of files, as /status says it. Pure.
#pragma once

#include "serve/status.hpp"
#include "tail/watcher_status.hpp"

namespace logwisp {

WatchersJson watchers_json(const Watchers& watchers);

}  // namespace logwisp
