#!/bin/sh
# Installs the npm packages of the lock file, unless they are there already.
set -eu
cd "$(dirname "$0")"
cmp -s package-lock.json node_modules/.installed-from || {
    npm ci
    cp package-lock.json node_modules/.installed-from
}
