#!/usr/bin/env bash
# lint.sh : layer law, format, cppcheck, clang-tidy over the library and the tool. Exit 1 if any complains.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
python3 scripts/check-layers.py || failed=1
python3 scripts/check-docs.py || failed=1
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror || failed=1
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
  --suppress=normalCheckLevelMaxBranches --suppress=missingIncludeSystem -Iinclude -Isrc src cli || failed=1
cmake --preset release > /dev/null && cmake --build build > /dev/null || failed=1
# One file a run: of several, version 14 takes the va_list of a later one for uninitialised.
git ls-files 'src/*.c' 'cli/*.c' | grep -v _neon.c | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build 2> /dev/null || failed=1
[ $failed = 0 ] && echo "lint: clean"
exit $failed
