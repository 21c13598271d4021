#!/bin/bash
# tells.sh - what real daemons tell of themselves: why a member is as it is, where packets go, what
# happens, and a report for whoever helps; and that all of it is as doc/schema has it.
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
	lab_host one two copy
	lab_router r
	lab_link one 192.0.2.2/24 r 192.0.2.1/24
	lab_link two 198.51.100.2/24 r 198.51.100.1/24
	lab_link copy 203.0.113.2/24 r 203.0.113.1/24
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

# A firewall on the host itself: what it forbids to leave the kernel says, what it drops on its way in nobody.
test_firewall() {
	lab_run two nft -f - <<-END
		table inet wall {
			chain out {
				type filter hook output priority 0;
				udp sport 4767 drop
			}
		}
	END
	# Only who has something to send hears of it: two members at rest say nothing for 20 s and more.
	lab_check "status: a firewall keeps datagrams from leaving" lab_wait_until 20 '! ipop_on two ping one lab --count 1 &&
		ipop_on two status lab | grep -q "this host.s firewall keeps UDP datagrams of port 4767 from leaving"'
	lab_check "why: something on this host" why two one host 5
	lab_run two nft flush chain inet wall out
	lab_run two nft add chain inet wall in '{ type filter hook input priority 0; }'
	lab_run two nft add rule inet wall in udp dport 4767 drop
	ipop_on two down lab
	ipop_on two up lab >"$LAB_DIR/told" || true # it says that nobody answers
	lab_check "why: who reaches nobody is told of firewalls, and not that the other is off" why two one alone 5
	lab_run two nft delete table inet wall
	lab_check "it is in the network once that is open" lab_wait_until 30 'member_goes two one direct'
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

test_report() {
	ipop_on one bugreport lab -o "$LAB_DIR/one/report" >"$LAB_DIR/told"
	lab_check "bugreport: the log and the peers, and where none of them is" eval \
		'grep -q "info node lab: encrypts packets with" "$LAB_DIR/one/report" &&
			grep -q "\"remote\": \"198.51.x.x:4767\"" "$LAB_DIR/one/report" &&
			! grep -qF -e 198.51.100 -e 192.0.2 "$LAB_DIR/one/report"'
	lab_check "bugreport: no key, no secret" eval '! grep -qF -e "$(secret_of one)" -e PRIVATE "$LAB_DIR/one/report"'
}

secret_of() {
	sed -n 's/^ *"secret": "\(.*\)"$/\1/p' "$LAB_DIR/$1/var/lib/ipop/lab/bundle.json"
}

# answer NAME EXIT VERB [WORD...]: keeps what host one says to it as JSON, for the schemas.
answer() {
	local name=$1 code=$2 status=0
	shift 2
	ipop_on one "$@" --json >"$LAB_DIR/answers/$name" 2>"$LAB_DIR/said" || status=$?
	((status == code)) || lab_die "ipop $*: exit code $status, not $code"
}

# asks VERB [FIELDS]: what the daemon itself says to that, on its socket.
asks() {
	lab_run lab python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"{\"schema\":\"ipop.request/1\",\"verb\":\"%s\"%s}\n" % (sys.argv[2].encode(), sys.argv[3].encode()))
print(s.makefile().readline())' "$LAB_DIR/one/run/ipop/lab/control" "$1" "${2:-}"
}

test_schemas() {
	local verb
	mkdir "$LAB_DIR/answers"
	for verb in status peers routes "trace two" graph version "group list lab" \
		"ping two --count 1" "why two" "top --once --interval 1"; do
		# shellcheck disable=SC2086 # words
		answer "${verb// /-}" 0 $verb
	done
	answer check 0 check
	answer bootstrap 0 group bootstrap list lab
	answer reload 0 reload
	echo "relay = 20M" >>"$LAB_DIR/one/etc/ipop/lab.conf"
	answer check-diff 0 check --diff
	answer why-nobody 5 why nobody
	answer ping-nobody 5 ping nobody --count 1
	lab_start two listener "$IPOP" bench --listen --once --json lab --root "$LAB_DIR/two"
	lab_wait_until 10 grep -q "^Listening for members of lab" "$LAB_DIR/two/listener.log"
	answer bench 0 bench two --time 1
	lab_wait two listener
	grep '^{' "$LAB_DIR/two/listener.log" >"$LAB_DIR/answers/bench-served"
	grep '^{' "$LAB_DIR/one/monitor.log" >"$LAB_DIR/answers/monitor"
	asks version >"$LAB_DIR/answers/asked-version"
	asks monitor >"$LAB_DIR/answers/asked-monitor"
	asks who ',"peer":"two","links":true' >"$LAB_DIR/answers/asked-who"
	asks config >"$LAB_DIR/answers/asked-config"
	asks nonsense >"$LAB_DIR/answers/asked-nonsense"
	asks down >"$LAB_DIR/answers/asked-down"
	lab_check "schemas: each answer fits its own" "$LAB_HERE/../tools/schemas" "$LAB_DIR"/answers/*
	lab_check "schemas: each has an answer" every_schema_is_met
}

every_schema_is_met() {
	local file name
	for file in "$LAB_HERE"/../../doc/schema/*.json; do
		name=$(basename "$file" -1.json)
		grep -qE "\"schema\": ?\"ipop.$name/1\"" "$LAB_DIR"/answers/* || { echo "no answer is of ipop.$name/1"; return 1; }
	done
}

# A disk was copied, with the key on it: two machines are one member, and take each other's place.
test_copied_key() {
	cp -a "$LAB_DIR"/two/{etc,var} "$LAB_DIR/copy"
	ipop_on one up lab >"$LAB_DIR/told"
	lab_wait_until 20 'member_goes one two direct'
	ipop_on copy up lab >"$LAB_DIR/told"
	lab_check "status: another machine has the key, on both" lab_wait_until 60 \
		'ipop_on two status lab | grep -q "another machine has it, too" &&
			ipop_on copy status lab --json | grep -q "\"key_is_twice\": *true"'
	lab_check "and whose word it is" eval 'ipop_on two status lab | grep -qE "cuts the other off, say(s one| one and three| three and one|s three)\."'
	lab_check "so does its log" grep -qE "another machine runs with this host's key, .* member=(one|three)" \
		"$LAB_DIR/two/run/ipop/lab/log"
	lab_check "why, on them: that is the cause" lab_wait_until 30 \
		'ipop_on two why one lab >"$LAB_DIR/told"; grep -q "Another machine runs with this host.s key" "$LAB_DIR/told"'
	lab_check "why: so say the others" lab_wait_until 30 'why one two key-twice 0 || why one two key-twice 6'
	ipop_on copy down lab >"$LAB_DIR/told"
}

make_network
test_why
test_routes
test_firewall
test_monitor
lab_wait_until 20 'member_goes one two direct'
test_report
test_schemas
test_copied_key
lab_end
