#!/bin/bash
# soak.sh - a daemon with whom $HANDSHAKES (100000) handshakes are completed within $MINUTES (60), by members
# who come for a moment, while strangers knock and users ask, is afterwards what it was: no memory, descriptor,
# session or timer stays. `make soak PARTS=real`; by default here, in short: 260 in 9 s.
#
# Memory is looked at when all have left: with $WARM_MINUTES the first of that time is a crowd of its own, after
# which daemons have what they keep; without it, it is compared with before anybody came.
#
# $KEEP is a directory for the rows (rows.jsonl) and the picture (soak.svg). With $HOURS a network lives for so
# long on the simulator meanwhile (soak_day.c).
# shellcheck disable=SC2016 # conditions in quotes are for eval
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

GUESTS=$LAB_BUILD/tests/soak/soak_guests
SOAK=$LAB_HERE/../soak
MINUTES=${MINUTES:-0.15} HANDSHAKES=${HANDSHAKES:-260} WARM_MINUTES=${WARM_MINUTES:-0}
GROWTH_PER_MILLE=${GROWTH_PER_MILLE:-150}
WARM=$(awk "BEGIN { print int($HANDSHAKES * $WARM_MINUTES / $MINUTES) }")
WARM_S=$(awk "BEGIN { print int($WARM_MINUTES * 60) }")
MAIN_S=$(awk "BEGIN { print int($MINUTES * 60) - $WARM_S }")
CROWD_STATUS=0
IDENTITIES=1500 SOURCES=40 RUSH=150 STORM=300
[[ -x $GUESTS ]] || lab_die "build first: no $GUESTS"

make_network() {
	local host addresses=192.0.2.99/24 i
	for ((i = 0; i < SOURCES; i++)); do addresses+=,192.0.2.$((100 + i))/24; done
	lab_begin soak
	lab_host alpha beta guests
	lab_router r
	lab_lan r 192.0.2.254/24 alpha 192.0.2.1/24 beta 192.0.2.2/24 guests "$addresses"
	members_found alpha 192.0.2.1
	members_admit alpha beta
	for host in alpha beta; do
		lab_start "$host" ipopd "$IPOPD" --root "$LAB_DIR/$host" --foreground lab
	done
	lab_wait_until 20 'member_goes alpha beta direct && member_goes beta alpha direct'
}

# crowd N HANDSHAKES SECONDS RUSH: one comes and leaves; so many at a time come at once.
crowd() {
	local i status=0 addresses=()
	for ((i = 0; i < SOURCES; i++)); do addresses+=("192.0.2.$((100 + i))"); done
	lab_wait_until 400 "grep -q '^# watching $1' $LAB_DIR/watch || ! kill -0 $WATCH"
	lab_start guests "crowd$1" "$GUESTS" "$LAB_DIR/alpha" lab "$2" "$3" "$IDENTITIES" "$4" \
		192.0.2.99 "${addresses[@]}"
	lab_wait guests "crowd$1" || status=$?
	((status == 0)) || CROWD_STATUS=$status
	touch "$LAB_DIR/guests/gone$1"
}

# What watch.py says is shown as it comes: it is how far the run is.
watch() {
	lab_run alpha python3 "$SOAK/watch.py" "$LAB_DIR" "$LAB_DIR/rows.jsonl" "$((WARM_S + MAIN_S))" \
		$((WARM_S > 0 ? 2 : 1)) alpha beta >"$LAB_DIR/watch" 2>&1 &
	WATCH=$!
	tail --pid=$$ --follow --lines=+1 --quiet "$LAB_DIR/watch" 2>/dev/null &
	TAIL=$!
}

judge() {
	python3 "$SOAK/judge.py" "$1" "$LAB_DIR/rows.jsonl" "${@:2}"
}

day_is_over() {
	wait "$DAY" && cat "$LAB_TOP/day"
}

if [[ -n ${HOURS:-} ]]; then
	"$LAB_BUILD/tests/soak/soak_day" "$HOURS" >"$LAB_TOP/day" 2>&1 {LAB_STDOUT}>&- &
	DAY=$!
fi
make_network
watch
if ((WARM_S > 0)); then
	crowd 1 "$WARM" "$WARM_S" $STORM # the largest there will be: on a busy machine others grow by themselves
	crowd 2 $((HANDSHAKES - WARM)) "$MAIN_S" $RUSH
else
	crowd 1 "$HANDSHAKES" "$MAIN_S" $RUSH
fi
wait "$WATCH" || { cat "$LAB_DIR/watch"; exit 1; }
kill "$TAIL" 2>/dev/null || true
if [[ -n ${KEEP:-} ]]; then
	mkdir -p "$KEEP"
	cp "$LAB_DIR/rows.jsonl" "$LAB_DIR"/guests/crowd*.log "$KEEP"
	judge picture >"$KEEP/soak.svg"
fi
judge table
lab_check "$HANDSHAKES handshakes were completed with the daemon, and each guest had its answer" \
	judge handshakes "$HANDSHAKES" "$CROWD_STATUS"
lab_check "strangers and users were there, and no process was started anew" judge company
lab_check "memory grew by less than $GROWTH_PER_MILLE thousandths" \
	judge memory "$GROWTH_PER_MILLE"
lab_check "descriptors, sessions, keys and timers are what they were before" judge base
[[ -z ${HOURS:-} ]] || lab_check "so it is on the simulator, in hours: $HOURS" day_is_over
lab_end
