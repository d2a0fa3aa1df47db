#!/bin/sh
# The long run: every file on both backends, 1,000 kills (TORTURE_CYCLES), hundreds of rotations. Needs what `make test` builds.
#
#   tests/torture/long.sh                 everything
#   tests/torture/long.sh kills mounts    some of the files
#   tests/torture/long.sh --peers         beside tail -F and rsyslog, on one backend
set -eu
cd "$(dirname "$0")/../.."
export E2E_PROGRAM="$PWD/build/release/src/logwisp" E2E_REFUSE="$PWD/build/release/tests/refuse"
export E2E_DEADLINE_MS=60000 TORTURE_LONG=1 TORTURE_CYCLES="${TORTURE_CYCLES:-1000}"
if [ "${1:-}" = --peers ]; then
    export E2E_BACKEND="${E2E_BACKEND:-auto}"
    exec tests/torture/run.sh node tests/torture/peers.mjs
fi
[ $# -gt 0 ] || set -- rotations files mounts state kills
failed=
for backend in io_uring epoll; do
    for name in "$@"; do
        echo "=== $name, $backend"
        E2E_BACKEND=$backend tests/torture/run.sh node "tests/torture/$name.test.mjs" || failed="$failed $name/$backend"
    done
done
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
