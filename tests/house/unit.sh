#!/bin/sh
# The systemd units are accepted by systemd without a word, and the service stays locked down: unit.sh PROGRAM.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
sed "s#@LOGWISP_INSTALLED@#$1#" systemd/logwisp.service.in >"$dir/logwisp.service"

cp systemd/logwisp.socket "$dir/"
words=$(systemd-analyze verify --man=no "$dir/logwisp.service" "$dir/logwisp.socket" 2>&1) || {
    echo "$words"
    exit 1
}
[ -z "$words" ] || {
    echo "systemd-analyze says: $words"
    exit 1
}
# 1.1 when written; the threshold is in tenths.
systemd-analyze security --offline=true --threshold=15 --no-pager "$dir/logwisp.service" | tail -1
