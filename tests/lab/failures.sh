#!/bin/bash
# failures.sh - what goes wrong on a host, while its daemon runs, passes within a bound, and leaves nothing
# torn: doc/failures.md is the table. PAUSE_S is how long processes are stopped (60 in `make soak`).
# shellcheck disable=SC2016 # conditions in quotes are for eval, or for another shell
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

FAULTY=$LAB_BUILD/tests/lab/ipopd_of_faults # faults.c says what it is told
FAULTY_CLI=$LAB_BUILD/tests/lab/ipop_of_faults
FAULTS=(clock asleep send write read stuck)
PAUSE_S=${PAUSE_S:-5}
TEN_YEARS_S=315576000
SLEPT_S=0         # in all
KEEP_RETRY_S=60   # until the daemon tries again to write what it could not
ENOBUFS=105 EIO=5

# ---- words of this story -----------------------------------------------------------------------

# start HOST [PROGRAM]: its daemon, in the foreground of the lab.
start() {
	lab_start "$1" ipopd "${2:-$FAULTY}" --root "$LAB_DIR/$1" --foreground lab
}

log_of() {
	echo "$LAB_DIR/$1/ipopd.log"
}

# fault NAME VALUE: from now on that is wrong with the host of two.
fault() {
	local i
	for i in "${!FAULTS[@]}"; do
		[[ ${FAULTS[i]} != "$1" ]] || printf '%-32s' "$2" |
			lab_run lab dd of=/run/faults bs=32 seek="$i" conv=notrunc status=none
	done
}

is_gone() {
	! lab_run lab kill -0 "$1"
}

# Packets of one arrive at two, and their answers: each ping has 100 ms.
passes() {
	lab_run one ping -c 1 -W 0.1 "$V6"
}

has_interface() {
	lab_ip two link show dev lab
}

# What the host of two has of the network: the interface, its addresses, its routes.
interface_of_two() {
	lab_ip two -o link show dev lab | cut -d: -f1,2 &&
		lab_ip two -o address show dev lab scope global | awk '{ print $3, $4 }' | sort &&
		lab_ip two route show dev lab && lab_ip two -6 route show dev lab | grep -v '^fe80\|^multicast\|^ff00'
}

is_as_it_was() {
	interface_of_two >"$LAB_DIR/now" && diff "$LAB_DIR/before" "$LAB_DIR/now"
}

# As it was, but for its number.
is_made_again() {
	interface_of_two >"$LAB_DIR/now" && diff <(tail -n +2 "$LAB_DIR/before") <(tail -n +2 "$LAB_DIR/now")
}

remember_interface() {
	interface_of_two >"$LAB_DIR/before"
}

# counter_of PART NAME: of the status of two.
counter_of() {
	ipop_on two status lab --json |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["counters"][sys.argv[1]][sys.argv[2]])' "$1" "$2"
}

# says TEXT [COUNT]: the log of two has such lines, so many at least, since begin_log.
says() {
	(($(tail -n "+$LOG_FROM" "$(log_of two)" | grep -cE -- "$1") >= ${2:-1}))
}

begin_log() {
	LOG_FROM=$(($(wc -l <"$(log_of two)") + 1))
}

is_whole() {
	is_ready two && knows_peer two && passes
}

# ---- a network of two ----------------------------------------------------------------------------

make_network() {
	lab_begin failures
	lab_host one two away
	lab_router r
	lab_link one 192.0.2.2/24,2001:db8:1::2/64 r 192.0.2.1/24,2001:db8:1::1/64
	lab_link two 198.51.100.2/24,2001:db8:2::2/64 r 198.51.100.1/24,2001:db8:2::1/64
	# Of new interfaces, as on a host that nobody has set up for a laboratory.
	lab_run two sysctl -qw net.ipv6.conf.default.keep_addr_on_down=0 net.ipv6.conf.all.keep_addr_on_down=0
	members_found one 192.0.2.2
	members_admit one two
	printf '%-32s' "${FAULTS[@]/*/0}" | lab_run lab dd of=/run/faults status=none
	start one "$IPOPD"
	start two
	lab_wait_until 20 'is_ready one && is_ready two && knows_peer two'
	V6=$(member_is two ipv6)
	lab_check "a network of two" lab_wait_until 20 passes
}

# ---- processes ---------------------------------------------------------------------------------------

test_node_crashes() {
	local node
	node=$(node_of two)
	remember_interface
	lab_start two monitor ip monitor link address route
	lab_run lab kill -KILL "$node"
	lab_check_within 2000 "a node that crashed has a successor" lab_wait_until 10 \
		'[[ -n $(node_of two) && $(node_of two) != '"$node"' ]] && is_ready two'
	lab_check_within 2000 "to whom packets pass" lab_wait_until 10 passes
	lab_check "interface, addresses and routes are as they were" is_as_it_was
	lab_check "and were so at every moment" eval '! grep -E "Deleted.*lab" "$LAB_DIR/two/monitor.log"'
	lab_stop two monitor
}

test_crashes_again_and_again() {
	local i
	begin_log
	for i in 1 2 3 4; do
		lab_wait_until 10 is_ready two
		lab_run lab kill -KILL "$(node_of two)"
		lab_wait_until 5 "says 'the node process died' $i"
	done
	lab_check "a loop of crashes backs off, and the log says so" \
		says 'warning .*starts the node again wait_ms=[2-9][0-9]{3} in_a_row=[4-9]'
	lab_check "so does status" tells_of_crashes
	lab_check "and it goes on" lab_wait_until 10 is_whole
}

tells_of_crashes() {
	! ipop_on two status lab >"$LAB_DIR/output" 2>&1
	cat "$LAB_DIR/output" &&
		grep -q "after [4-9] that ended in a row: the node process died (status 137)" "$LAB_DIR/output"
}

test_steward_killed() {
	local node
	node=$(node_of two)
	lab_kill two ipopd 2>/dev/null
	lab_check_within 2000 "without a steward, node, interface and routes go" lab_wait_until 10 \
		"is_gone $node && ! has_interface && [[ -z \$(lab_ip two route show dev lab) ]]"
	lab_check "its socket's name stays" test -S "$LAB_DIR/two/run/ipop/lab/control"
	start two
	lab_check_within 5000 "and is replaced at the next start" lab_wait_until 20 is_whole

	node=$(node_of two)
	fault stuck "$node"
	lab_kill two ipopd 2>/dev/null
	lab_check_within 2000 "so does a node that hangs" lab_wait_until 10 "is_gone $node && ! has_interface"
	fault stuck 0
	start two
	lab_wait_until 20 is_whole
}

# go_on PID...: what was stopped. With its child nsenter(1) stops itself, and nobody else wakes it.
go_on() {
	lab_run lab kill -CONT "$@" && kill -CONT "${LAB_JOBS[two/ipopd]}"
}

# let_time_pass SECONDS: where the time itself is what is asked for.
let_time_pass() {
	lab_run lab timeout "$1" tail -f /dev/null || true
}

# pauses WHO PID...: stopped for PAUSE_S.
pauses() {
	local who=$1
	shift
	lab_run lab kill -STOP "$@"
	let_time_pass "$PAUSE_S"
	go_on "$@"
	lab_check_within 10000 "$who that stood still for $PAUSE_S s goes on" lab_wait_until 30 is_whole
}

test_stopped() {
	local steward node
	steward=$(steward_of two) node=$(node_of two)
	lab_run lab kill -STOP "$steward"
	lab_check "packets pass while the steward stands still" eval 'passes && passes && passes'
	go_on "$steward"
	pauses "a steward" "$steward"
	((PAUSE_S > 6)) || pauses "a node" "$node"
	pauses "a daemon" "$steward" "$node"
	lab_check "they are the same processes" eval "[[ $node == \$(node_of two) && $steward == \$(steward_of two) ]]"
	lab_run lab kill -STOP "$node"
	lab_check_within 20000 "a node that stands still for longer is replaced" lab_wait_until 30 \
		"is_ready two && [[ $node != \$(node_of two) ]]"
	lab_check_within 2000 "to which packets pass" lab_wait_until 10 passes
	lab_check "the log says why" grep -q "the node process does not answer, and is ended" "$LAB_DIR/two/ipopd.log"
	goes_down_though_it_stands_still
}

# timed FILE COMMAND...: how many milliseconds it took, and what it ended with.
timed() {
	local file=$1 begin code=0
	shift
	lab__clock && begin=$LAB_NOW
	"$@" >"$file.said" 2>&1 || code=$?
	lab__clock && echo $((LAB_NOW - begin)) $code >"$file"
}

# Whoever asks a steward that stands still is told so, and never waits for ever; once it goes on it ends.
goes_down_though_it_stands_still() {
	local steward up down jobs=() i
	lab_stop two ipopd
	start two "$IPOPD" # by its own name
	lab_wait_until 20 is_whole
	steward=$(steward_of two) up=$LAB_DIR/two/up down=$LAB_DIR/two/down
	lab_run lab kill -STOP "$steward"
	timed "$up" ipop_on two up lab &
	jobs+=($!)
	timed "$down" ipop_on two down lab &
	jobs+=($!)
	lab_wait_jobs "${jobs[@]}"
	lab_check "up does not wait for a steward that stands still" grep -q ' 5$' "$up"
	lab_check "it says so" grep -q "the daemon does not answer" "$up.said"
	lab_check_figure "in time" "$(cut -d' ' -f1 "$up")" 16000 ms
	lab_check "nor does down" grep -q ' 1$' "$down"
	lab_check "it says what helps" grep -q "still runs after 15 s; if it stands still, end its process, $steward, by kill -KILL" "$down.said"
	lab_check_figure "in time, too" "$(cut -d' ' -f1 "$down")" 21000 ms
	go_on "$steward"
	lab_check "it ends when it goes on" lab_wait_until 5 '! lab_runs two ipopd'
	lab_wait two ipopd || true
	start two
	lab_wait_until 20 is_whole
}

# ---- what they stand on -------------------------------------------------------------------------------

test_interface() {
	remember_interface
	lab_ip two link delete dev lab
	lab_check_within 2000 "a deleted interface is made again" lab_wait_until 10 'is_ready two && is_made_again'
	lab_check_within 2000 "to which packets pass" lab_wait_until 10 passes
}

test_interface_down() {
	remember_interface
	lab_ip two link set dev lab down
	lab_check "what is down has no route" eval '! lab_ip two -6 route show dev lab | grep -q .'
	lab_ip two link set dev lab up
	lab_check_within 2000 "an interface that was down has its addresses and routes again" \
		lab_wait_until 10 is_as_it_was
	lab_check_within 2000 "packets pass" lab_wait_until 10 passes
}

# trouble WORDS: what the status of two says is in the way on its host.
trouble() {
	ipop_on two status lab | grep -qE "^ +trouble +.*$1"
}

is_well() {
	! trouble .
}

# Nothing of the network is told to others as an address at which two can be reached.
announces_no_tunnel() {
	! says "the host's addresses are .*(fd[0-9a-f]{2}:|$NET4\\.)"
}

is_told_by_why() {
	ipop_on two why one lab >"$LAB_DIR/why" && grep -q "$1" "$LAB_DIR/why"
}

test_interface_changed() {
	NET4=$(ipop_on two status lab --json | sed -n 's/.*"ipv4": *"\([0-9]*\.[0-9]*\)\..*/\1/p')
	begin_log
	lab_ip two link set dev lab down
	lab_check_within 2000 "status tells of an interface that is down" \
		lab_wait_until 10 'trouble "the interface lab is down: ip link set dev lab up"'
	lab_check "and so does why" is_told_by_why "ip link set dev lab up"
	lab_check "and the log" says "warning .*the interface lab is down"
	lab_ip two link set dev lab name foo
	lab_ip two link set dev foo up
	lab_check_within 2000 "status tells of one that was renamed" \
		lab_wait_until 10 'trouble "the interface lab is called foo now: ip link set dev foo down && ip link set dev foo name lab up"'
	lab_check "whose addresses stay out of what others are told" announces_no_tunnel
	lab_ip two link set dev foo down && lab_ip two link set dev foo name lab up
	lab_check_within 2000 "all is well again" lab_wait_until 10 'is_well && passes'
	remember_interface
	lab_ip two link set dev lab netns away
	lab_check_within 3000 "an interface that went to another namespace is made again" \
		lab_wait_until 10 'is_ready two && is_made_again'
	lab_check_within 2000 "to which packets pass" lab_wait_until 10 passes
	lab_check "and the other one is gone" eval '! lab_ip away link show dev lab'
}

test_clash() {
	begin_log
	NET4=$(ipop_on two status lab --json | sed -n 's/.*"ipv4": *"\([0-9]*\.[0-9]*\)\..*/\1/p')
	lab_ip two address add "$NET4.0.77/24" dev r
	lab_check_within 7000 "an address of the network on another interface is told" \
		lab_wait_until 10 'trouble "overlap with the address $NET4.0.77 on interface r: one of them has to go"'
	lab_check "by why, too" is_told_by_why "$NET4.0.77"
	lab_check "and by check" eval '! ipop_on two check lab 2>"$LAB_DIR/check" && grep -q "address $NET4.0.77" "$LAB_DIR/check"'
	lab_check "it is no address that others are told" announces_no_tunnel
	lab_ip two address delete "$NET4.0.77/24" dev r
	lab_check_within 7000 "with it goes the trouble" lab_wait_until 10 is_well
	lab_ip two route add blackhole "$NET4.5.0/24"
	lab_check_within 7000 "a route to nowhere is told" \
		lab_wait_until 10 'trouble "overlap with the route $NET4.5.0/24 to nowhere"'
	lab_ip two route delete blackhole "$NET4.5.0/24"
	lab_ip two rule add from 192.0.2.99 table 100
	lab_ip two route add "$NET4.6.0/24" dev r table 101
	lab_ip two route add "$NET4.7.0/24" dev r table 100
	lab_check_within 12000 "a table that a rule looks at is named, and no other one counts" \
		lab_wait_until 15 'trouble "the route $NET4.7.0/24 on interface r in table 100"'
	lab_ip two route delete "$NET4.7.0/24" dev r table 100
	lab_check_within 7000 "all is well again" lab_wait_until 10 is_well
	lab_ip two rule delete from 192.0.2.99 table 100
	lab_ip two route delete "$NET4.6.0/24" dev r table 101
}

# does_what_it_says: what trouble names as a command, on two.
does_what_it_says() {
	local said
	said=$(ipop_on two status lab --json | sed -n 's/.*"trouble": *"\([^"]*\)".*/\1/p' | grep -oE "ip (route|link) [a-z]+ [^,;]*( mtu [0-9]+| dev lab)") &&
		lab_say "$said" && lab_run two sh -c "$said"
}

# What is for the network leaves the host some other way, or none: nothing overlaps, and all else is well.
test_no_way() {
	local net
	NET4=$(ipop_on two status lab --json | sed -n 's/.*"ipv4": *"\([0-9]*\.[0-9]*\)\..*/\1/p')
	net=$NET4.0.0/16
	begin_log
	lab_wait_until 10 is_well
	lab_ip two route delete "$net" dev lab
	lab_check_within 6000 "a route that somebody deleted is told" lab_wait_until 10 \
		'trouble "no route of this host leads to $NET4.0.0/16 by lab: ip route replace $NET4.0.0/16 dev lab makes one"'
	lab_check "by why" is_told_by_why "no route of this host leads to $net"
	lab_check "by check" eval '! ipop_on two check lab 2>"$LAB_DIR/check" && grep -q "no route of this host leads to" "$LAB_DIR/check"'
	lab_check "and by the log" says "warning .*no route of this host leads to $net"
	lab_check "what it says helps" does_what_it_says
	lab_check_within 6000 "and all is well again" lab_wait_until 10 is_well

	lab_ip two route add default dev r table 100
	lab_ip two rule add to "$net" lookup 100
	lab_check_within 6000 "a rule that leads elsewhere is told" lab_wait_until 10 \
		'trouble "this host sends what is for $NET4.0.0/16 to the interface r, and not to lab"'
	lab_ip two rule delete to "$net" lookup 100
	lab_ip two route delete default dev r table 100
	lab_ip two -6 rule add prohibit to "$V6/48"
	lab_check_within 6000 "one that forbids it is told" lab_wait_until 10 \
		'trouble "this host refuses to send anything to [0-9a-f:]*/48: one of its rules"'
	lab_ip two -6 rule delete prohibit to "$V6/48"
	lab_check_within 6000 "with it goes the trouble" lab_wait_until 10 is_well

	remember_interface
	lab_ip two link set dev lab mtu 600
	lab_check_within 6000 "an MTU that was changed is told" lab_wait_until 10 \
		'trouble "the interface lab has an MTU of 600 instead of [0-9]*, too little for IPv6: ip link set dev lab mtu"'
	lab_check "by check, too" eval '! ipop_on two check lab 2>"$LAB_DIR/check" && grep -q "has an MTU of 600" "$LAB_DIR/check"'
	lab_check "what it says helps" does_what_it_says
	lab_check_within 6000 "and all is well again" lab_wait_until 10 'is_well && is_as_it_was && passes'
}

test_line_down() {
	lab_down two
	lab_check "without a line nothing passes" eval '! passes'
	let_time_pass 5
	lab_up two
	lab_check_within 5000 "a line that was down for 5 s" lab_wait_until 60 passes
	lab_down two
	lab_wait_until 60 '! knows_peer two && ! knows_peer one'
	lab_up two
	lab_check_within 10000 "a line that was down until all was given up" lab_wait_until 60 passes
}

test_no_buffers() {
	local before
	before=$(counter_of sessions established)
	fault send $ENOBUFS
	lab_wait_until 5 '! passes'
	lab_check "ENOBUFS is counted" lab_wait_until 5 '(($(counter_of udp no_buffer) > 0))'
	fault send 0
	lab_check_within 1000 "and over with it" lab_wait_until 10 passes
	lab_check "no session was lost" eval "[[ \$(counter_of sessions established) == $before ]]"
}

# limit PID COUNT: of its descriptors, as its own user, who needs no capability for that.
limit() {
	local uid gid
	read -r uid gid < <(lab_run lab awk '/^Uid:/ { u = $2 } /^Gid:/ { print u, $2 }' "/proc/$1/status")
	lab_run lab setpriv --reuid "$uid" --regid "$gid" --clear-groups prlimit --pid "$1" --nofile="$2:"
}

# exhaust PID: it can open nothing more; the limit is the first number that is free.
exhaust() {
	local free=0
	while lab_run lab test -h "/proc/$1/fd/$free"; do free=$((free + 1)); done
	limit "$1" "$free"
}

test_no_descriptors() {
	local node steward
	node=$(node_of two) steward=$(steward_of two)
	exhaust "$node"
	ipop_on two status lab >"$LAB_DIR/output" 2>&1 || true
	lab_check "a node without a free descriptor goes on" eval "passes && [[ \$(node_of two) == $node ]]"
	limit "$node" 1024
	lab_check_within 2000 "and answers as soon as it has one" lab_wait_until 10 is_ready two

	begin_log
	exhaust "$steward"
	lab_check "a steward without one does not hinder packets" passes
	lab_run lab kill -KILL "$node"
	lab_check "and says what it cannot do" lab_wait_until 5 'says " error .*$LAB_DIR/two/var"'
	limit "$steward" 1024
	lab_check_within 5000 "and does it as soon as it can" lab_wait_until 30 is_whole
}

# ---- time -------------------------------------------------------------------------------------------------

# What its owner sees on that host, where the CLI has the same clock: the day on which the certificate ended,
# or that the clock stands before the program was made.
tells_of_clock() {
	lab_run two "$FAULTY_CLI" --root "$LAB_DIR/two" "$1" "${@:3}" >"$LAB_DIR/output" 2>&1 || true
	grep -q "$2" "$LAB_DIR/output"
}

ENDED="certificate has ended on .*; .*clock says"
EARLY="clock says .*, which is before this program was made"

test_clock() {
	local sign
	begin_log
	for sign in -1 1; do
		fault clock $((sign * TEN_YEARS_S))
		lab_say "clock: $((sign * 10)) years"
		if ((sign < 0)); then
			lab_check_within 10000 "a clock put back by ten years" lab_wait_until 30 is_whole
			lab_check "and status says so" tells_of_clock status "$EARLY" lab
			lab_check "and why" tells_of_clock why "$EARLY" one
			lab_check "and check" tells_of_clock check "$EARLY" lab
		else
			lab_check "a clock put forward by ten years: keys go" lab_wait_until 20 '! passes'
			lab_check "and status says which certificate has ended by which clock" \
				tells_of_clock status "$ENDED" lab
			lab_check "and why" tells_of_clock why "$ENDED" one
			lab_check "and check" tells_of_clock check "$ENDED" lab
		fi
		lab_check "the daemon lives" is_ready two
		fault clock 0
		lab_check_within 10000 "the right time again" lab_wait_until 60 is_whole
	done
}

# sleeps SECONDS: the machine of two.
sleeps() {
	local pids
	mapfile -t pids < <(steward_of two; node_of two)
	lab_run lab kill -STOP "${pids[@]}"
	SLEPT_S=$((SLEPT_S + $1))
	fault asleep $SLEPT_S
	go_on "${pids[@]}"
}

test_suspend() {
	local pids
	mapfile -t pids < <(steward_of two; node_of two)
	sleeps 36000
	lab_check_within 10000 "a machine that slept for ten hours" lab_wait_until 60 is_whole
	lab_check "its processes are the same" eval "[[ '${pids[*]}' == \"\$(steward_of two) \$(node_of two)\" ]]"
}

# ---- what is stored -------------------------------------------------------------------------------------------

# The files of two, and a neighbour of whom it will want to remember something else.
fill_store() {
	lab_run lab cp -a "$LAB_DIR/two/kept/." "$STORE"
	echo "192.0.2.77:4767#$(member_is one id)" | lab_run lab tee "$STORE/neighbours" >"$LAB_DIR/output"
}

# On a disk of their own, of 64 KiB.
give_disk() {
	STORE=$LAB_DIR/two/var/lib/ipop/lab
	cp -a "$STORE" "$LAB_DIR/two/kept"
	lab_run lab mount -t tmpfs -o size=64k,mode=700 tmpfs "$STORE"
	fill_store
	lab_run lab sha256sum "$STORE"/* >"$LAB_DIR/sums"
}

is_untouched() {
	lab_run lab sha256sum --check --quiet "$LAB_DIR/sums" && [[ -z $(lab_run lab find "$STORE" -name '.*' -type f) ]]
}

changed_at() {
	lab_run lab stat -c %z "$STORE"
}

# What is to be written has a file of its own at first, which shows in the directory. (A sleep that faults.c
# makes ends no timer that runs, as a true one does: what follows may come some seconds later.)
is_tried_again() {
	local before
	before=$(changed_at)
	sleeps "$KEEP_RETRY_S"
	lab_wait_until 20 "[[ \$(changed_at) != '$before' ]]" && lab_wait_until 60 is_whole
}

# bad_disk WHAT WORDS: two starts and runs while its disk is so.
bad_disk() {
	begin_log
	start two
	lab_check_within 5000 "$1 is no obstacle" lab_wait_until 20 is_whole
	lab_check "but a line of the log" lab_wait_until 10 "says 'cannot remember neighbours: .*$2'"
	lab_check "and only one" eval '! says "cannot remember neighbours" 2'
	lab_check "nothing that was stored is touched, nothing is left over" is_untouched
}

fill_disk() {
	lab_run lab sh -c 'cat /dev/zero >"$1/filler" 2>/dev/null' sh "$STORE" || true
}

test_disk() {
	lab_stop two ipopd
	give_disk
	fill_disk
	bad_disk "a full disk" "space"
	lab_check "it is tried again" is_tried_again
	lab_check "without a line at each try" eval '! says "cannot remember neighbours" 2'
	lab_check "and without a trace" is_untouched
	lab_check "joining again is refused, and tells why" refuses_to_join "space"
	lab_check "nothing that was stored is touched by that" is_untouched
	lab_run lab rm "$STORE/filler"
	lab_stop two ipopd
	lab_check "with room, neighbours are kept after all" eval '! is_untouched && lab_run lab grep -q "^192.0.2.2:\|2001:db8:1::2" "$STORE/neighbours"'

	fill_store
	lab_run lab mount -o remount,ro "$STORE"
	bad_disk "a disk that cannot be written" "read-only"
	lab_check "joining again is refused there, too" refuses_to_join "read-only"
	lab_run lab mount -o remount,rw "$STORE"
	lab_stop two ipopd

	fill_store
	fault write $EIO
	bad_disk "a disk with errors" ""
	begin_log
	fault read $EIO
	lab_run lab kill -KILL "$(node_of two)"
	lab_check "what a new node needs cannot be read: the log says so" lab_wait_until 5 'says " error .*$STORE"'
	lab_check "the interface stays" has_interface
	fault read 0
	lab_check_within 5000 "and it starts as soon as it can be read" lab_wait_until 30 is_whole
	fault write 0
	lab_stop two ipopd
}

# refuses_to_join WORDS
refuses_to_join() {
	! ipop_on two join "$LAB_DIR/two/bundle" --no-up >"$LAB_DIR/output" 2>&1
	cat "$LAB_DIR/output" && grep -qi -- "$1" "$LAB_DIR/output"
}

make_network
stories=(no_buffers node_crashes steward_killed stopped interface interface_down interface_changed clash no_way line_down no_descriptors clock
	suspend crashes_again_and_again disk)
for story in "${@:-${stories[@]}}"; do "test_$story"; done
lab_end
