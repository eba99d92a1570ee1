#!/usr/bin/env bash
# fuzz.sh [SECONDS] [NAME...] : runs the fuzz targets of build-fuzz, two at a time, each for SECONDS (60) from its corpus; prints one line each.
# New inputs stay in build-fuzz/corpus/NAME; whatever breaks a target is kept as build-fuzz/crash/NAME-*. Exit 1 if anything broke.
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift
export seconds
mkdir -p build-fuzz/crash build-fuzz/log

one() {
  mkdir -p "build-fuzz/corpus/$1"
  ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 "build-fuzz/tests/fuzz_$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -max_len=16384 -print_final_stats=1 -verbosity=1 -artifact_prefix="build-fuzz/crash/$1-" "build-fuzz/corpus/$1" "tests/fuzz/corpus/$1" > "build-fuzz/log/$1" 2>&1
  local status=$? runs cover
  runs=$(awk '/stat::number_of_executed_units/ { print $2 }' "build-fuzz/log/$1")
  cover=$(grep -o 'cov: [0-9]*' "build-fuzz/log/$1" | tail -1)
  printf '%-14s %9s runs  %-10s %s\n' "$1" "${runs:-?}" "$cover" "$([ $status = 0 ] && echo clean || grep -m1 -E 'ERROR:|runtime error' "build-fuzz/log/$1")"
  return $status
}
export -f one

names=("$@")
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(ls build-fuzz/tests | sed -n 's/^fuzz_//p' | grep -v '\.')
printf '%s\n' "${names[@]}" | xargs -P 2 -I{} bash -c 'one {}'
