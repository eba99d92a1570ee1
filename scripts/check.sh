#!/usr/bin/env bash
# check.sh : everything that must hold before a commit lands. The last line is "N passed, N failed[, N skipped]".
set -uo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)
# Several tests run at a time, each with all threads: those that wait must not keep a core busy.
export OMP_WAIT_POLICY=passive

build() { # build PRESET FOLDER
  cmake --preset "$1" -DPSH_WERROR=ON -DPSH_TESTS=ON > /dev/null && cmake --build "$2" -j "$jobs" > "$2/build.log" 2>&1 || {
    grep -E -A8 'error:|warning:|FAILED:' "$2/build.log" | head -60
    echo "the $1 build failed (see $2/build.log)"
    echo "0 passed, 1 failed"
    exit 1
  }
}

echo "== layer law"
python3 scripts/check-layers.py || { echo "0 passed, 1 failed"; exit 1; }
echo "== documents"
python3 scripts/check-docs.py || { echo "0 passed, 1 failed"; exit 1; }
echo "== build, warnings are errors"
build release build
echo "== tests"
(cd build && ctest -V -j "$jobs" > test.log 2>&1)
echo "== the same under AddressSanitizer and UndefinedBehaviorSanitizer"
build asan build-asan
(cd build-asan && UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_stack_use_after_return=1 ctest -V -j "$jobs" -LE script > test.log 2>&1)
scripts/count-tests.awk build/test.log build-asan/test.log
