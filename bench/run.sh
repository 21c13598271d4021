#!/bin/bash
# run.sh [--baseline] - runs every benchmark, one after the other, says on what machine, and which
# figures are worse by half than in the stored run: bench/NAME.baseline, which --baseline writes anew.
# Ratios are compared, not times; the machine should have nothing else to do.
set -eu -o pipefail
cd "$(dirname "$0")/.."

# ratios: name and ratio of each line that has one, behind two times.
ratios() {
	sed -nE 's/^(.*[^ ]) {2,}[0-9.]+ +[0-9.]+ +([0-9.]+)$/\1\t\2/p' | grep -v '^yardstick'
}

# compare BASELINE: standard input with that.
compare() {
	awk -F '\t' 'NR == FNR { before[$1] = $2; next }
		($1 in before) && $2 > 1.5 * before[$1] {
			printf "worse: %s: ratio %s, was %s\n", $1, $2, before[$1]
		}' "$1" -
}

sed -n '/^model name[^:]*: /{s///p;q}' /proc/cpuinfo
for file in bench/bench_*.c; do
	name=$(basename "$file" .c)
	name=${name#bench_}
	echo "== $name"
	output=$("build/bench/bench_$name")
	echo "$output"
	if [[ ${1:-} == --baseline ]]; then
		ratios <<<"$output" >"bench/$name.baseline"
	elif [[ -e bench/$name.baseline ]]; then
		ratios <<<"$output" | compare "bench/$name.baseline"
	fi
done
