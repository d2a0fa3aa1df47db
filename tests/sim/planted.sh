#!/bin/bash
# Shows that the simulation finds bugs: plants each one of planted/*.patch into a copy of the tree, builds the copy and runs seeds until
# one fails. A patch that no longer applies, or a bug that no seed finds, is an error.
#
#   planted.sh [NAME...]      SEEDS (default 5000) and SECONDS_MAX (default 120) for each bug, JOBS for the build
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
copy=${PLANTED_DIR:-$root/build/planted}
seeds=${SEEDS:-5000}
seconds=${SECONDS_MAX:-120}

mkdir -p "$copy"
# Only what differs is copied, with the time of now: a second run builds little, and never trusts an object of a planted bug.
(cd "$root" && git ls-files) | while read -r file; do
    cmp --silent "$root/$file" "$copy/tree/$file" && continue
    mkdir -p "$copy/tree/$(dirname "$file")" && cp "$root/$file" "$copy/tree/$file" || exit 1
done || exit 1
if [ -d "$root/build/third_party" ]; then
    mkdir -p "$copy/tree/build" && cp -r "$root/build/third_party" "$copy/tree/build/"
fi
cmake -S "$copy/tree" -B "$copy/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo > "$copy/cmake.log" || exit 1

build() { ninja -C "$copy/build" -j "${JOBS:-2}" sim_tests > "$copy/build.log" 2>&1; }
# In a shell of its own, which keeps the word "Aborted" to itself.
run() { ("$copy/build/tests/sim_tests" --seeds="$1" --seconds="$2" --gtest_brief=1 || exit 1) > "$copy/run.log" 2>&1; }

missed=0
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for patch in "$here"/planted/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi
for name in "${names[@]}"; do
    patch=$here/planted/$name.patch
    if ! patch --silent --batch --directory="$copy/tree" -p1 < "$patch"; then
        echo "$name: the patch does not apply"
        missed=$((missed + 1))
        continue
    fi
    if ! build; then
        echo "$name: does not build, see $copy/build.log"
        missed=$((missed + 1))
    elif run "$seeds" "$seconds"; then
        echo "$name: NOT FOUND; $(grep -m1 'seeds in' "$copy/run.log")"
        missed=$((missed + 1))
    else
        echo "$name: found, $(grep -m1 -o 'failing seed: [0-9]*' "$copy/run.log"): $(grep -m1 -E 'violation|CHECK' "$copy/run.log" | cut -c1-110)"
    fi
    patch --silent --batch --reverse --directory="$copy/tree" -p1 < "$patch"
done
[ "$missed" -eq 0 ]
