#!/usr/bin/env bash
# install-deps.sh GROUP... : installs the Debian packages of the groups, and only those that are missing; as root, or through sudo.
# build: what the library and the tool need; demo: the images; check, lint, bench: what tests, linters and comparisons need.
set -euo pipefail

declare -A groups=(
  [build]="gcc libc6-dev make cmake ninja-build pkg-config libzip-dev zlib1g-dev libpng-dev libturbojpeg0-dev libtiff-dev libexpat1-dev
           libjansson-dev libdnnl-dev libopenblas-dev liblapacke-dev python3-plotly esbuild"
  [demo]="dataset-fashion-mnist"
  [check]="libcmocka-dev python3-numpy python3-scipy python3-sklearn python3-gudhi python3-pot python3-pil python3-nibabel ripser chromium"
  [lint]="clang clang-format clang-tidy cppcheck gcovr libclang-rt-14-dev libomp-dev"
  [bench]="python3-faiss python3-venv"
)

missing=()
for group in "$@"; do
  [ -n "${groups[$group]:-}" ] || { echo "install-deps.sh: no group '$group'; there are: ${!groups[*]}" >&2; exit 2; }
  for package in ${groups[$group]}; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "Installing Debian packages: ${missing[*]}"
if [ "$(id -u)" -eq 0 ]; then as_root=(env); else as_root=(sudo env); fi
"${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq update
"${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" > /dev/null
