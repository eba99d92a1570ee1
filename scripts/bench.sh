#!/usr/bin/env bash
# bench.sh [NAME...] : builds and runs bench/bench_<name>.c and the peers' bench/bench_<name>_*.py, one after another; prints their tables.
# Without NAMES: all but pdgan, which trains for an hour or more.
# Peers come from Debian (/usr/bin/python3); the newest GUDHI and POT from PyPI in build-bench/venv, if PyPI can be reached.
set -uo pipefail
cd "$(dirname "$0")/.."
cmake --preset bench > /dev/null && cmake --build build-bench -j "$(nproc)" > build-bench.log 2>&1 || { tail -20 build-bench.log; exit 1; }
rm -f build-bench.log
if [ ! -x build-bench/venv/bin/python ]; then
  /usr/bin/python3 -m venv build-bench/venv && build-bench/venv/bin/pip -q install numpy scipy gudhi pot scikit-learn > /dev/null 2>&1 ||
    echo "(PyPI is out of reach: comparisons with the newest GUDHI and POT are left out)"
  build-bench/venv/bin/pip -q install ripser giotto-ph > /dev/null 2>&1 || echo "(no ripser.py and giotto-ph: left out of rips)"
fi
export PERSIHASH=$PWD/build-bench/persihash PSH_LIBRARY=$PWD/build-bench/libpersihash.so PSH_DATASETS=$PWD/../shared/datasets
export PSH_NEWEST_PYTHON=$PWD/build-bench/venv/bin/python

names=("$@")
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(ls bench/bench_*.c bench/bench_*.py | sed -E 's|bench/bench_([a-z0-9]+)[_.].*|\1|' | sort -u | grep -vx pdgan)
for name in "${names[@]}"; do
  echo; echo "=== $name"
  [ -x "build-bench/bench/bench_$name" ] && "build-bench/bench/bench_$name"
  if [ "$name" = quality ]; then # further tables of one script
    for part in "--seeds 3" "--curve points" --ceiling; do echo "--- bench/bench_quality.py $part"; /usr/bin/python3 bench/bench_quality.py $part; done
    continue
  fi
  for script in bench/bench_"$name".py bench/bench_"$name"_*.py; do
    [ -f "$script" ] && { echo "--- $script"; /usr/bin/python3 "$script"; }
  done
done
