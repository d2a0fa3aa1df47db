#!/bin/sh
# The shell scripts of the tree parse, under the shell they name.
set -eu
for script in bootstrap cmake/fetch-* bench/run bench/fetch-peers bench/count-pieces packaging/build-deb tests/house/*.sh tests/torture/*.sh; do
    sh -n "$script"
done
bash -n .ci/run
