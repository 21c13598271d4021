# A table of contents: each target is a line or two of the tools below. `make help` explains them.
MAKEFLAGS += --no-print-directory --no-builtin-rules
TIME ?= 600
SEEDS ?= 1000
FIRST ?= 1
PREFIX ?= /usr/local

.PHONY: help deps build check test lint san fuzz swarm sim-large sim-growth sim-hostile soak bench bench-peers demo demo-keep install deb deb-test clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1|\2/p' Makefile | column -t -s '|'

deps: ## install the missing Debian packages of tools/deps.txt (silent when there are none)
	@tools/deps

build: deps ## compile everything with gcc into build/
	@tools/build main

check: build ## before each commit, within 2 minutes: unit and scenario tests, quick lint
	@tools/test --set check

test: build ## the whole suite: every line of tools/suites.txt
	@tools/test --set test

lint: build ## all linters on all files
	@tools/lint/all

san: deps ## unit tests, scenarios and fuzz corpora under the address and undefined-behaviour sanitizers
	@tools/test san fuzz-corpus

fuzz: deps ## fuzz one target: T=reader [TIME=seconds]; without T, list the targets
	@tools/fuzz "$(T)" "$(TIME)"

swarm: build ## small networks in which everything goes wrong: SEEDS=1000 [FIRST=1]
	@tests/swarm/seeds "$(SEEDS)" "$(FIRST)"

sim-large: deps ## ten thousand members join within seconds, on the simulator: most of an hour, 7 GB
	@tools/build large
	@build/large/src/prog/ipop-sim/ipop-sim-large --scenario large

sim-growth: deps ## what a member costs against the size of the network, as a page: [NODES="50 100 ..."]; long
	@tools/build large
	@tests/sim/growth $(if $(NODES),--nodes "$(NODES)")

sim-hostile: deps ## look-ups past hostile members of each kind and share, of 1,000: hours
	@tools/build large
	@tests/sim/hostile

soak: build ## the long forms of the tests: hours; [PARTS="day real"] [HOURS=24] [MINUTES=60] [HANDSHAKES=100000]
	@tools/run tests/soak/run.sh $(PARTS)

bench: build ## time the parts that pass packets, and compare with the stored run
	@tools/run bench/run.sh

bench-peers: build ## measure IPOP beside other VPNs: [ROUNDS=5] [PEERS="raw ipop ..."] [JSON=file]; an hour (root)
	@tools/deps --no-services deps-peers.txt
	@tools/run bench/bench-peers

demo: build ## machines behind NATs, in network namespaces, join a group and talk (root)
	@tools/run tests/lab/demo.sh

demo-keep: build ## the same, and leave it standing to play with
	@tools/run tests/lab/demo.sh --keep

install: deps ## build without tests and install (DESTDIR=, PREFIX=/usr/local)
	@PREFIX="$(PREFIX)" tools/build release
	@meson install -C build/release --no-rebuild $(if $(DESTDIR),--destdir "$(abspath $(DESTDIR))")

deb: deps ## the Debian package, in build/deb
	@tools/deps --no-services deps-deb.txt
	@tools/deb

deb-test: deps ## is it reproducible, and does a clean Debian install, upgrade and purge it? some minutes (root)
	@tools/test deb

clean: ## remove build/
	rm -rf build
