# A thin front for CMake's presets. `make help` lists what there is.
CMAKE_FLAGS ?=
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
DEMO ?= persihash-demo
QUALITY ?=

.DEFAULT_GOAL := all
.PHONY: all demo check bench bench-quality install format lint help clean debug asan tsan coverage fuzz deps

all: deps ## build the tool (build/persihash) and the libraries
	@cmake --preset release $(CMAKE_FLAGS) > /dev/null
	@cmake --build build -j $(JOBS)

deps:
	@scripts/install-deps.sh build

demo: all ## the whole way on 10,000 real images: installs, builds, runs, writes persihash-demo/report.html
	@scripts/install-deps.sh demo
	@build/persihash demo -o $(DEMO)

check: ## install what is needed, build with warnings as errors, run every test (also under ASan and UBSan)
	@scripts/install-deps.sh build demo check
	@scripts/check.sh

bench: ## measure everything against its peers; prints tables (long)
	@scripts/install-deps.sh build demo check bench
	@scripts/bench.sh

bench-quality: all ## how well codes and vectors stand for exact W1, all sets (minutes; QUALITY=--quick: three sets)
	@scripts/install-deps.sh build demo check
	@/usr/bin/python3 bench/bench_quality.py $(QUALITY)

install: all ## library, headers, pkg-config and CMake packages, man page, completion, under PREFIX
	@cmake --install build --prefix $(PREFIX)

debug asan tsan coverage fuzz: deps ## build (and for coverage: run) that preset in build-<preset>
	@scripts/install-deps.sh check lint
	@cmake --preset $@ > /dev/null
	@cmake --build build-$@ -j $(JOBS)
	@if [ $@ = coverage ]; then scripts/coverage.sh; fi
	@if [ $@ = tsan ]; then scripts/tsan.sh; fi

format: ## clang-format on every C file
	@scripts/install-deps.sh lint
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint: ## layer law, format, cppcheck, clang-tidy
	@scripts/install-deps.sh build check lint
	@scripts/lint.sh

clean: ## remove every build folder
	@rm -rf build build-*

help: ## this list
	@awk -F ':.*## ' '/^[a-z -]+:.*## / {printf "  make %-28s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
