#!/usr/bin/env bash
# tsan.sh : runs the C tests of build-tsan under ThreadSanitizer, with LLVM's OpenMP, whose barriers it understands.
set -euo pipefail
cd "$(dirname "$0")/../build-tsan"
TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1" ctest -LE script --output-on-failure
