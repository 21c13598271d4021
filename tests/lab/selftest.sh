#!/bin/bash
# selftest.sh - the laboratory keeps its word: machines, removal, NATs, bad lines.
# shellcheck disable=SC2016 # conditions and stories in quotes are for another shell, or for eval
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/internet.sh
. "$LAB_HERE/internet.sh"

probe() {
	lab_run lab "$LAB_HERE/probe.py" "$@"
}

# ---- machines --------------------------------------------------------------------------------

test_machines() {
	local host_links
	host_links=$(ip -oneline link)
	lab_begin machines
	lab_host h1 h2 six
	lab_router r1 r2
	lab_link h1 192.0.2.2/24,2001:db8:1::2/64 r1 192.0.2.1/24,2001:db8:1::1/64
	lab_link r1 100.128.0.1/30,2001:db8:f::1/64 r2 100.128.0.2/30,2001:db8:f::2/64
	lab_link h2 198.51.100.2/24,2001:db8:2::2/64 r2 198.51.100.1/24,2001:db8:2::1/64
	lab_link six 2001:db8:6::2/64 r2 2001:db8:6::1/64
	lab_route r1 default r2
	lab_route r2 192.0.2.0/24 r1
	lab_route r2 2001:db8:1::/64 r1

	lab_check "two routers carry IPv4" lab_run h1 ping -c 1 -W 2 198.51.100.2
	lab_check "two routers carry IPv6" lab_run h1 ping -c 1 -W 2 2001:db8:2::2
	lab_check "a machine can have IPv6 only" six_speaks_ipv6_only
	lab_check "the host sees nothing of it" test "$host_links" == "$(ip -oneline link)"
	lab_check "a capture holds every packet" capture_is_complete
	lab_mtu r1 r2 1400
	lab_check "a smaller MTU is answered" packet_too_big_is_sent
	lab_down r2
	lab_check "what is down carries nothing" eval '! lab_run h1 ping -c 1 -W 1 198.51.100.2'
	lab_up r2
	lab_check "what is up again carries IPv4" lab_run h1 ping -c 1 -W 2 198.51.100.2
	lab_check "what is up again carries IPv6" lab_run h1 ping -c 1 -W 2 2001:db8:2::2
	lab_check "TCP passes" tcp_passes h1 h2 198.51.100.2
	lab_end
}

six_speaks_ipv6_only() {
	lab_run six ping -c 1 -W 2 2001:db8:1::2 && ! lab_run six ping -c 1 -W 2 192.0.2.2
}

capture_is_complete() {
	lab_capture r1 r2 all.pcap icmp &&
		lab_run h1 ping -q -f -c 2000 -W 2 198.51.100.2 &&
		lab_capture_end r1 r2 &&
		(($(tcpdump -r "$LAB_DIR/all.pcap" 2>/dev/null | wc -l) == 4000))
}

packet_too_big_is_sent() {
	lab_run h1 ping -c 1 -W 2 -M 'do' -s 1372 198.51.100.2 &&
		! lab_run h1 ping -c 1 -W 2 -M 'do' -s 1373 198.51.100.2 >"$LAB_DIR/ping" &&
		grep -q "mtu = 1400" "$LAB_DIR/ping"
}

# tcp_passes CLIENT SERVER ADDRESS: for a second.
tcp_passes() {
	lab_start "$2" iperf3 iperf3 --server --one-off &&
		lab_wait_until 5 "lab_run $2 ss -Hltn 'sport = 5201' | grep -q LISTEN" &&
		lab_run "$1" iperf3 --client "$3" --time 1 &&
		lab_wait "$2" iperf3
}

# ---- programs ----------------------------------------------------------------------------------

test_programs() {
	lab_begin programs
	lab_host h1

	lab_start h1 polite bash -c 'trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.1; done'
	lab_wait_until 5 grep -q up "$LAB_DIR/h1/polite.log"
	lab_check "a program has its pid in a file" lab_run h1 kill -0 "$(<"$LAB_DIR/h1/polite.pid")"
	lab_check "a polite program is stopped" lab_stop h1 polite
	lab_check "its last words are in its log" grep -q bye "$LAB_DIR/h1/polite.log"
	lab_check "what was stopped does not run" eval '! lab_runs h1 polite'

	lab_start h1 deaf bash -c 'trap "" TERM; echo up; while :; do sleep 0.1; done'
	lab_wait_until 5 grep -q up "$LAB_DIR/h1/deaf.log"
	lab_check "a deaf one is killed, and that is told" eval '! lab_stop h1 deaf 1 && ! lab_runs h1 deaf'

	lab_start h1 short bash -c 'exit 7'
	lab_check "a program's status is handed on" eval 'lab_wait h1 short; (($? == 7))'
	lab_check "of jobs that all went well, so is that" eval 'true & first=$!; true & lab_wait_jobs $first $!'
	lab_check "and of some, that the first failed" eval 'false & first=$!; true & ! lab_wait_jobs $first $!'
	lab_start h1 orphans bash -c 'for i in 1 2 3; do (sleep 0.05 &) done'
	lab_wait h1 orphans
	lab_check "orphans are reaped" lab_wait_until 5 '! lab_run h1 ps -A -o stat= | grep -q Z'
	lab_check_within 500 "a condition that holds is seen at once" lab_wait_until 5 true
	lab_check_within 1500 "waiting for one that does not ends" eval '! lab_wait_until 1 false'
	lab_end
}

# ---- what a story says of itself -----------------------------------------------------------------

# story TEXT: runs a story of its own; its output goes to $output, its status to $status.
# shellcheck disable=SC2034 # read by the checks that follow
story() {
	status=0
	output=$(bash -c ". '$LAB_HERE/lab.sh'; $1" 2>&1) || status=$?
}

test_stories() {
	story 'lab_begin s; lab_check "right" true'
	lab_check "a story that went well" eval '[[ $status/$output == 0/"ok 1 - right # "*" ms"*1..1 ]]'
	story 'lab_begin s; lab_check "wrong" eval "echo because; false"; lab_check "right" true'
	lab_check "a failed check fails the story" test "$status" == 1
	lab_check "and shows why" eval '[[ $output == "not ok 1 - wrong"*"| because"*"ok 2 - right"* ]]'
	story 'lab_begin s; lab_check_within 50 "slow" sleep 0.1'
	lab_check "a bound that is missed is told apart" eval '[[ $output == "not ok 1 - slow # MISS "* ]]'
	story 'lab_begin s; lab_check_figure "few" 7 7 lost'
	lab_check "a figure at its bound" eval '[[ $status/$output == 0/"ok 1 - few # 7 lost"* ]]'
	story 'lab_begin s; lab_check_figure "few" 8 7 lost'
	lab_check "a figure beyond it is a miss" eval '[[ $status/$output == 1/"not ok 1 - few # MISS 8 lost, "* ]]'
	story 'lab_begin s; lab_check_figure "few" never 7 lost'
	lab_check "what is no figure is none" eval '[[ $status/$output == 1/"not ok 1 - few # never"* ]]'
	story 'lab_begin s; lab_host h; lab_start h daemon echo note; lab_wait h daemon
		lab_ip h link set nothing up; lab_check "never" true'
	lab_check "a failed step ends the story" eval '((status != 0)) && [[ $output != *"- never"* ]]'
	lab_check "it shows the logs" eval '[[ $output == *h/daemon.log*"| note"* ]]'
	story 'lab_begin s; f() { false; echo 7; }; x=$(f); lab_check "never" true'
	lab_check "also one whose output is wanted" eval '((status != 0)) && [[ $output != *"- never"* ]]'
}

# ---- removal -------------------------------------------------------------------------------------

# The namespaces of a lab, as the kernel names them, and its directory. One of its programs has
# left its session and lost its parent: no list of pids that a script keeps would hold it.
VICTIM='lab_begin victim
	lab_host v1 v2
	lab_link v1 10.1.1.1/24 v2 10.1.1.2/24
	lab_impair v1 v2 --loss 10
	lab_start v1 daemon sleep 60
	lab_run v2 setsid --fork sleep 60
	lab_run v2 sh -c "readlink /proc/self/ns/pid /proc/self/ns/net /proc/1/ns/mnt" >"$NOTE.new"
	echo "$LAB_DIR" >>"$NOTE.new"
	mv "$NOTE.new" "$NOTE"
	'

# victim STATUS [SIGNAL] END: a lab that is ended so, or by a signal in the middle of END, exits with
# STATUS and leaves nothing behind. After SIGKILL its directory is left, to the next sweep.
victim() {
	local expected=$1 signal='' status=0 job
	shift
	(($# == 1)) || { signal=$1; shift; }
	rm -f "$NOTE" "$NOTE.seen"
	# A shell has its background jobs ignore SIGINT.
	env --default-signal=INT bash -c ". '$LAB_HERE/lab.sh'; $VICTIM $1" >"$scratch/out" 2>&1 &
	job=$!
	if ! lab_wait_until 20 test -e "$NOTE" || ! is_there pid || ! is_there net || ! is_there mnt; then
		kill -KILL "$job"
		return 1
	fi
	touch "$NOTE.seen"
	[[ -z $signal ]] || kill -s "$signal" "$job"
	wait "$job" 2>/dev/null || status=$?
	((status == expected)) || return 1
	if [[ $signal == KILL ]]; then
		lab_wait_until 5 '! is_there pid && ! is_there net && ! is_there mnt' &&
			[[ -d $(tail -n 1 "$NOTE") ]] && lab_sweep
	fi
	! is_there pid && ! is_there net && ! is_there mnt && [[ ! -e $(tail -n 1 "$NOTE") ]]
}

# is_there TYPE: whether any process of this machine is in the victim's namespace of that type.
is_there() {
	grep -qxF "$(grep "^$1:" "$NOTE")" < <(find /proc/[0-9]*/ns -type l -printf '%l\n' 2>/dev/null)
}

test_removal() {
	local scratch
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/ipop-selftest.XXXXXX")
	export NOTE=$scratch/note
	local when_seen='lab_wait_until 10 test -e "$NOTE.seen"'
	lab_check "nothing remains of a lab that ended" victim 0 "$when_seen; lab_end"
	lab_check "nothing remains of a script that forgot to end it" victim 0 "$when_seen"
	lab_check "nothing remains after a failure" victim 1 "$when_seen; false"
	lab_check "nothing remains after SIGINT" victim 130 INT "lab_run v1 sleep 60"
	lab_check "nothing remains after SIGTERM" victim 143 TERM "lab_run v1 sleep 60"
	lab_check "nothing runs on after SIGKILL" victim 137 KILL "lab_run v1 sleep 60"
	rm -rf "$scratch"
}

# ---- two labs ------------------------------------------------------------------------------------

# A web server and its client, at the same addresses and at the same time as in the other lab.
TWIN='lab_begin twin
	lab_host h1 h2
	lab_link h1 10.1.1.1/24 h2 10.1.1.2/24
	echo "$ME" >"$LAB_DIR/h2/name"
	lab_start h2 web python3 -m http.server --directory "$LAB_DIR/h2" 80
	lab_wait_until 10 lab_run h1 curl -sf http://10.1.1.2/name
	touch "$MEETING/$ME.up"
	lab_wait_until 10 test -e "$MEETING/$OTHER.up"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		lab_run h1 curl -sf http://10.1.1.2/name >>"$MEETING/$ME"
	done
	touch "$MEETING/$ME.done"
	lab_wait_until 10 test -e "$MEETING/$OTHER.done"'

test_two_labs() {
	local first second
	export MEETING
	MEETING=$(mktemp -d "${TMPDIR:-/tmp}/ipop-selftest.XXXXXX")
	ME=one OTHER=two bash -c ". '$LAB_HERE/lab.sh'; $TWIN" >"$MEETING/out" 2>&1 &
	first=$!
	ME=two OTHER=one bash -c ". '$LAB_HERE/lab.sh'; $TWIN" >>"$MEETING/out" 2>&1 &
	second=$!
	lab_check "one of two labs at once goes well" wait "$first"
	lab_check "so does the other" wait "$second"
	lab_check "each meets only its own server" test \
		"$(sort "$MEETING/one" "$MEETING/two" | uniq -c | xargs)" == "10 one 10 two"
	rm -rf "$MEETING"
}

# ---- NATs ----------------------------------------------------------------------------------------

S1=s1,203.0.113.2 S2=s2,198.51.100.2 HOME_A=a,10.0.0.2,0

test_nats() {
	lab_begin nats
	lab_host a s1 s2
	lab_router box net
	lab_link a 10.0.0.2/24,2001:db8:a::2/64 box 10.0.0.1/24,2001:db8:a::1/64
	lab_link box 100.128.0.2/24,2001:db8:f::2/64 net 100.128.0.1/24,2001:db8:f::1/64
	lab_link s1 203.0.113.2/24,2001:db8:1::2/64 net 203.0.113.1/24,2001:db8:1::1/64
	lab_link s2 198.51.100.2/24 net 198.51.100.1/24
	lab_route box default net
	lab_route net 2001:db8:a::/64 box

	kind_is full-cone endpoint-independent endpoint-independent admitted
	kind_is restricted endpoint-independent address-dependent kept
	kind_is port-restricted endpoint-independent address-and-port-dependent kept
	kind_is symmetric address-and-port-dependent address-and-port-dependent remapped
	kind_is linuxaccept endpoint-independent address-and-port-dependent remapped
	lab_check "ping passes a NAT" lab_run a ping -c 1 -W 2 203.0.113.2
	lab_check "IPv6 passes untranslated" lab_run s1 ping -c 1 -W 2 2001:db8:a::2
	lab_check "nobody outside has a way in" eval '! lab_run s1 ping -c 1 -W 1 10.0.0.2'
	for kind in full-cone symmetric; do
		lab_nat box a net "$kind" 1
		lab_check "$kind: an idle mapping ends in its time" mapping_ends lab_wait_until 5 is_idle
		lab_nat box a net "$kind"
		lab_check "$kind: a mapping can be forgotten" mapping_ends lab_nat_forget box
		lab_check "$kind: and does not survive a reboot" mapping_ends lab_nat_reboot box
	done
	lab_check "symmetric: the next mapping has another port" next_mapping '!='
	lab_nat box a net port-restricted
	lab_check "port-restricted: the next mapping has the same" next_mapping ==
	lab_check "a mapping can be moved" mapping_ends lab_nat_rebind box 20001
	lab_check "to the port that was asked for, for all peers" is_mapped_to 20001
	lab_nat box a net port-restricted
	lab_end
}

kind_is() {
	lab_nat box a net "$1"
	lab_check "$1 is what RFC 4787 calls it" is_seen_as "mapping=$2 filtering=$3 early-knock=$4"
}

is_seen_as() {
	local seen
	seen=$(probe nat "$HOME_A" "$S1" "$S2" | xargs)
	echo "seen: $seen"
	[[ $seen == "$1" ]]
}

is_idle() {
	local left
	left=$(lab_run box conntrack -L -p udp 2>/dev/null) && [[ -z $left ]]
}

# mapping_ends COMMAND...: a mapping works until the command has run, and not after it.
mapping_ends() {
	local outside
	outside=$(probe map a,10.0.0.2,5000 "$S1,7000") &&
		[[ $(probe knock "$S1,7000" "$outside" a,10.0.0.2,5000) == in ]] &&
		"$@" &&
		[[ $(probe knock "$S1,7000" "$outside" a,10.0.0.2,5000) == out ]]
}

# next_mapping RELATION: whether a mapping that has been forgotten is in that relation to the next.
next_mapping() {
	local first second
	first=$(probe map a,10.0.0.2,5000 "$S1,7000") && lab_nat_forget box &&
		second=$(probe map a,10.0.0.2,5000 "$S1,7000") && test "$first" "$1" "$second"
}

is_mapped_to() {
	probe map a,10.0.0.2,5000 "$S1,7000" | grep ",$1\$" &&
		probe map a,10.0.0.2,5000 "$S2,7000" | grep ",$1\$" &&
		[[ $(probe knock "$S2,7000" "100.128.0.2,$1" a,10.0.0.2,5000) == in ]]
}

# ---- an Internet ---------------------------------------------------------------------------------

test_internet() {
	lab_begin internet
	internet
	lab_host dual six four
	internet_line dual north
	internet_line six west 6
	internet_line four east 4
	internet_home box1 west port-restricted a b
	internet_home box2 east port-restricted c

	lab_check "providers carry IPv4" lab_run dual ping -c 1 -W 2 "${ADDRESS4[four]}"
	lab_check "and IPv6" lab_run dual ping -c 1 -W 2 "${ADDRESS6[six]}"
	lab_check "who has IPv6 only reaches no IPv4" eval '! lab_run six ping -c 1 -W 1 "${ADDRESS4[four]}"'
	lab_check "who has IPv4 only has no IPv6" eval '! lab_run four ping -c 1 -W 1 "${ADDRESS6[six]}"'
	lab_check "homes have the same addresses" test "$(addresses_of a)" == "$(addresses_of c)"
	lab_check "at home one sees the other's own address" test \
		"$(probe map a,192.168.1.2,5000 b,192.168.1.3,7000)" == 192.168.1.2,5000
	lab_check "outside they share one" test \
		"$(probe map b,192.168.1.3,5000 "dual,${ADDRESS4[dual]},7000")" == "${ADDRESS4[box1]},5000"
	lab_check "a packet can pass one box and not the other" dies_on_the_way
	lab_nat_reboot box1
	lab_check "a box that was off carries its home again" lab_run a ping -c 1 -W 2 "${ADDRESS4[dual]}"
	lab_check "and is its switch" lab_run a ping -c 1 -W 2 192.168.1.3
	lab_end
}

addresses_of() {
	lab_ip "$1" -4 -oneline address show | awk '{ print $4 }'
}

# With a time to live of 2 it passes the own box, and the provider says that it died there.
dies_on_the_way() {
	! lab_run a ping -c 1 -W 2 -t 2 "${ADDRESS4[box2]}" >"$LAB_DIR/ping" &&
		grep "From ${ADDRESS4[box1]%.*}.[0-9]* .*Time to live exceeded" "$LAB_DIR/ping"
}

# ---- bad lines -----------------------------------------------------------------------------------

# becomes CONDITION OPTION...: sends 2000 packets of 500 bytes in half a second over a line with these
# options. Whether the condition holds, in arithmetic, of what became of them: the words are those
# of probe.py, and `lost`. Where a share is expected the bounds are four standard deviations.
becomes() {
	local condition=$1 word sent=0 came=0 damaged=0
	shift
	lab_impair a b "$@" || return 1
	for word in $(probe flow a,192.0.2.1,0 b,192.0.2.2,7000 2000 500 4000); do
		echo "$word"
		local "${word?}"
	done
	# shellcheck disable=SC2034 # read by the condition
	local lost=$((sent - came - damaged))
	((sent == 2000 && (condition)))
}

# Who is moved to another processor in the midst may overtake itself: so many of 2000, where a line
# that reorders does so with hundreds.
# shellcheck disable=SC2034 # read by conditions
STRAY=20

test_bad_lines() {
	local carrier_changes
	lab_begin lines
	lab_host a b
	lab_link a 192.0.2.1/24,2001:db8::1/64 b 192.0.2.2/24,2001:db8::2/64
	lab_impair a b
	carrier_changes=$(lab_run a cat /sys/class/net/b/carrier_changes)
	lab_check "a line is good until told otherwise" \
		becomes 'lost + twice + damaged == 0 && late <= STRAY && median_us < 5000'
	lab_check "loss" becomes 'lost >= 518 && lost <= 682 && twice + damaged == 0 && late <= STRAY' \
		--loss 30
	lab_check "a small loss" becomes 'lost >= 18 && lost <= 82' --loss 2.5
	lab_check "loss in bursts" becomes 'lost >= 420 && lost <= 780 && runs * 2 < lost' \
		--loss 30 --burst 3
	lab_check "delay" becomes 'least_us >= 30000 && median_us < 35000' --delay 30
	lab_check "jitter" becomes 'most_us - least_us > 8000 && median_us > 30000 && late <= STRAY' \
		--delay 30 --jitter 10
	lab_check "duplication" becomes 'twice >= 911 && twice <= 1089 && lost == 0' --duplicate 50
	lab_check "reordering" becomes 'late >= 400 && late <= 600 && lost == 0' --reorder 25
	lab_check "corruption" becomes 'damaged >= 518 && damaged <= 682 && lost == 0' --corrupt 30
	lab_check "a rate" becomes 'kbit > 3400 && kbit < 3800 && most_us < 130000' --rate 4000
	lab_check "a black hole" becomes 'lost == 2000' --blackhole 527
	lab_check "what is just short enough passes it" becomes 'lost == 0' --blackhole 528
	lab_check "one direction alone" becomes 'lost == 0' --loss 100 --only ba
	lab_check "the other" becomes 'lost == 2000' --loss 100 --only ab
	lab_check "neighbours are found all the same" neighbours_are_found
	lab_check "a line heals" becomes 'lost == 0'
	lab_check "and carries TCP" tcp_passes a b 192.0.2.2
	lab_check "both ends stayed up all the time" test \
		"$(lab_run a cat /sys/class/net/b/carrier_changes)" == "$carrier_changes"
	lab_check "options that do not exist are refused" eval '! (lab_impair a b --nonsense 1)'
	lab_check "it counts what it did" counts_agree
	lab_end
}

neighbours_are_found() {
	lab_ip a neigh flush dev b && lab_impair a b --loss 100 &&
		! lab_run a ping -c 1 -W 1 192.0.2.2 && ! lab_run a ping -c 1 -W 1 2001:db8::2 &&
		lab_ip a neigh show 192.0.2.2 | grep lladdr &&
		lab_ip a neigh show 2001:db8::2 | grep lladdr
}

counts_agree() {
	lab_unplug a b | tee /dev/stderr | grep >/dev/null "^both overflow=0 oversize=0 "
}

test_machines
test_programs
test_stories
test_removal
test_two_labs
test_nats
test_internet
test_bad_lines
