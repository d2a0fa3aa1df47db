#!/bin/sh
# Every source is as clang-format leaves it.
set -eu
find src include tests bench \( -name node_modules -o -name third_party \) -prune -o \
    \( -name '*.cpp' -o -name '*.hpp' -o -name '*.c' \) -print | xargs clang-format --dry-run -Werror
