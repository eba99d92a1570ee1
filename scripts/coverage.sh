#!/usr/bin/env bash
# coverage.sh : runs the C tests of build-coverage and prints lines covered, a file a line.
set -euo pipefail
cd "$(dirname "$0")/.."
(cd build-coverage && ctest -LE script -j "$(nproc)" > test.log 2>&1) || { tail -20 build-coverage/test.log; exit 1; }
gcovr --root . --filter src/ build-coverage
