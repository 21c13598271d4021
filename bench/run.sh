#!/bin/sh
# run.sh - runs every benchmark, one after the other, and says on what machine.
set -eu
cd "$(dirname "$0")/.."

sed -n '/^model name[^:]*: /{s///p;q}' /proc/cpuinfo
for file in bench/bench_*.c; do
	name=$(basename "$file" .c)
	echo "== $name"
	"build/bench/$name"
done
