#!/bin/bash
# tells.sh - what real daemons tell of themselves: why a member is as it is, where packets go, and
# what happens.
# shellcheck disable=SC2016,SC2034 # conditions in quotes are for eval
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

# ---- words of this story -----------------------------------------------------------------------

# why HOST PEER CODE EXIT: it gives that reason, and ends so.
why() {
	local status=0
	ipop_on "$1" why "$2" lab --json >"$LAB_DIR/why" 2>&1 || status=$?
	cat "$LAB_DIR/why"
	((status == $4)) && grep -qF "\"code\": \"$3\"" "$LAB_DIR/why"
}

# event HOST TEXT: who monitors there was told this.
event() {
	grep -F "$2" "$LAB_DIR/$1/monitor.log"
}

# ended HOST: who monitored there has ended, and said this.
ended() {
	! lab_runs "$1" monitor && grep -F "$2" "$LAB_DIR/$1/monitor.log"
}

# The node of a host, as programs in the lab see it.
node_of() {
	lab_run lab pgrep -f -- "ipopd --child .*/$1( |$)" | head -n 1
}

make_network() {
	lab_begin tells
	lab_host one two
	lab_router r
	lab_link one 192.0.2.2/24 r 192.0.2.1/24
	lab_link two 198.51.100.2/24 r 198.51.100.1/24
	members_found one 192.0.2.2
	members_admit one two
	members_up one two
	V4=$(member_is two ipv4) V6=$(member_is two ipv6)
	lab_wait_until 20 'member_goes one two direct && member_goes two one direct'
}

# ---- what is told ------------------------------------------------------------------------------

test_why() {
	lab_check "why: who is reached directly" why one two direct 0
	lab_check "why: an address will do" why one "$V4" direct 0
	lab_check "why: nobody has that name" why one nobody unknown 5
	lab_check "why: this host itself" why one one self 0
}

test_routes() {
	ipop_on one routes lab >"$LAB_DIR/routes"
	lab_check "routes: the addresses of the other, and its way" eval \
		'cat "$LAB_DIR/routes"; grep -qE "^$V4 +two +direct 198.51.100.2:4767$" "$LAB_DIR/routes" &&
			grep -qE "^$V6 +two +direct 198.51.100.2:4767$" "$LAB_DIR/routes"'
}

test_monitor() {
	lab_start one monitor "$IPOP" monitor lab --root "$LAB_DIR/one" --json
	lab_wait_until 10 'event one "what happens from now on"'
	ipop_on two down lab
	lab_check "monitor: a member goes" lab_wait_until 20 'event one "\"event\":\"peer-down\",\"name\":\"two\""'
	ipop_on two up lab >"$LAB_DIR/two/up"
	lab_check "monitor: a member comes" lab_wait_until 20 'event one "\"event\":\"peer-up\",\"name\":\"two\""'
	lab_run lab kill -SEGV "$(node_of one)"
	lab_check "monitor: the node ends" lab_wait_until 10 'event one "\"event\":\"node-gone\""'
	lab_check "monitor: another one answers" lab_wait_until 20 'event one "\"event\":\"node-back\""'
	ipop_on one down lab
	lab_check "monitor: the daemon ends, and so does it" lab_wait_until 20 'ended one "is not running"'
	ipop_on one up lab >"$LAB_DIR/one/up"
}

make_network
test_why
test_routes
test_monitor
lab_end
