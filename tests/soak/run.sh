#!/bin/sh
# run.sh - the long forms of what `make test` does shortly; hours, by hand.
#
#   ROUNDS   rounds of all that crypto/ does, with flat memory (default 200000, some hours)
#   SEEDS    seeds of each member scenario, beyond those of `make test` (default 1000)
#   SECONDS_OF_FUZZ   for the certificate parser (default 6200: about 10^8 executions)
#
# Each step says what it does; the first that fails ends the run.
set -eu
cd "$(dirname "$0")/../.."

step() {
	printf '%s  %s\n' "$(date +%H:%M:%S)" "$1"
	shift
	"$@"
}

seeds() {
	seed=1000
	while [ "$seed" -lt $((1000 + ${SEEDS:-1000})) ]; do
		build/tests/scenario/test_node --seed "$seed" >build/soak.log ||
			{ cat build/soak.log; return 1; }
		seed=$((seed + 1))
	done
}

step "all that crypto/ does, ${ROUNDS:-200000} times: memory stays flat" \
	env CRYPTO_ROUNDS="${ROUNDS:-200000}" build/tests/unit/test_crypto_memory
for test in session_pair session_bits session_attack; do
	step "test_$test, every case" env IPOP_SOAK=1 "build/tests/unit/test_$test"
done
step "members on the simulated Internet, ${SEEDS:-1000} seeds" seeds
step "the certificate parser, fuzzed" tools/fuzz certificate "${SECONDS_OF_FUZZ:-6200}"
printf '%s  all of it held\n' "$(date +%H:%M:%S)"
