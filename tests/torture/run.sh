#!/bin/sh
# Runs a command where it may mount what it likes: what it mounted is gone when it ends, however it ends. Where that is refused, the command
# runs all the same, and its tests say what they cannot do.
if unshare --mount true 2>/dev/null; then
    exec unshare --mount --propagation private "$@"
fi
exec "$@"
