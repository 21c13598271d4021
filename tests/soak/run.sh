#!/bin/sh
# run.sh [PART...] - the long forms of what `make test` does shortly; hours, by hand. Without PART all:
#
#   day           HOURS (24) of virtual time: what members of a network that never rests hold is the same at its
#                 end as after two hours
#   real          HANDSHAKES (100000) in MINUTES (60) with a real daemon: afterwards it is what it was; rows and a
#                 picture are left in build/soak
#   handshakes    HANDSHAKES (1000000) in one process, with flat memory
#   crypto        all that crypto/ does, ROUNDS (200000) times, with flat memory
#   cases         what the test of a session pair tries of each order, with 5,000 seeds
#   seeds         each member scenario with SEEDS (1000) seeds beyond those of `make test`
#   natlab        each pair of NATs of the lab with STARTS (20) fresh starts, and how many missed a bound
#   bulk          GIGABYTES (10) of random data over a cable, a tenth of it over a bad line, and their hashes
#   pauses        what `make test` does to a daemon on a failing host, and processes stopped for PAUSE_S (60) each
#   certificates  the certificate parser, fuzzed for SECONDS_OF_FUZZ (6200: about 10^8 executions)
#
# `make soak PARTS="handshakes seeds" SEEDS=50` runs some of it. A part says each minute how far it is,
# how fast, and when it may end, and what it came to in one line; the first that fails ends the run.
set -eu
cd "$(dirname "$0")/../.."

say() {
	printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"
}

# progress WHAT DONE TOTAL: a line, if a minute went by since the last one.
progress() {
	now=$(date +%s)
	[ $((now - told)) -ge 60 ] || return 0
	told=$now
	say "$1: $2 of $3 in $((now - began)) s, some $((($3 - $2) * (now - began) / $2)) s to go"
}

part_day() {
	build/tests/soak/soak_day "${HOURS:-24}"
}

# From after five minutes, or a quarter of the time, to the end memory grows by less than one in a hundred.
part_real() {
	minutes=${MINUTES:-60}
	MINUTES=$minutes HANDSHAKES=${HANDSHAKES:-100000} GROWTH_PER_MILLE=10 KEEP=build/soak \
		WARM_MINUTES=$(awk "BEGIN { print (($minutes > 20) ? 5 : $minutes / 4) }") tests/lab/soak.sh
}

part_handshakes() {
	build/tests/soak/soak_handshakes "${HANDSHAKES:-1000000}"
}

part_crypto() {
	CRYPTO_ROUNDS="${ROUNDS:-200000}" build/tests/unit/test_crypto_memory
}

part_cases() {
	IPOP_SOAK=1 build/tests/unit/test_session_pair
}

part_seeds() {
	total=${SEEDS:-1000} done=0
	while [ "$done" -lt "$total" ]; do
		for test in node overlay twins; do
			"build/tests/scenario/test_$test" --seed $((1000 + done)) >build/soak.log ||
				{ cat build/soak.log; return 1; }
		done
		done=$((done + 1))
		progress seeds "$done" "$total"
	done
}

part_natlab() {
	held=0
	ROUNDS=${STARTS:-20} tests/lab/nat-matrix.sh >build/soak.log || held=1
	grep -e '^# missed: ' -e '^not ok' build/soak.log || held=1
	return $held
}

part_bulk() {
	tests/lab/bulk.sh
}

part_pauses() {
	PAUSE_S=${PAUSE_S:-60} tests/lab/failures.sh >build/soak.log || { grep -e '^not ok' build/soak.log; return 1; }
}

part_certificates() {
	tools/fuzz certificate "${SECONDS_OF_FUZZ:-6200}"
}

[ $# -gt 0 ] || set -- day real handshakes crypto cases seeds natlab bulk pauses certificates
for part in "$@"; do
	case $part in
	day | real | handshakes | crypto | cases | seeds | natlab | bulk | pauses | certificates) ;;
	*)
		echo "soak: no part is called $part; they stand at the head of $0" >&2
		exit 2
		;;
	esac
done
for part in "$@"; do
	say "$part"
	began=$(date +%s) told=$(date +%s)
	"part_$part"
	say "$part: held, in $(($(date +%s) - began)) s"
done
