#!/bin/bash
# ways.sh - what becomes of ways: found at home, lost with a relay or a mapping, found again, narrower
# than they look; what a relay can see of what it passes on; and what all that costs while nobody says
# anything.
# shellcheck disable=SC2016 # conditions in quotes are for eval
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/internet.sh
. "$LAB_HERE/internet.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

TEXT="The quick brown fox takes a relay, and nobody there sees it ($RANDOM$RANDOM)."
REBIND_MS=5000 REBINDS=12
PSS_BYTES=10000000
# A day of this minute: the second to third of a network, in which a pair that only a relay can join
# still tries for a direct way, three times, at some 5 MB a day each. What a settled member costs, 20 MB a
# day at most, is held by the simulator's scenario `idle`, which waits for that.
IDLE_BYTES=30000000
# Of one that also relays for the pair: what they try comes and goes again, so each time counts twice.
ENTRANCE_BYTES=45000000
CALM_MS=60000           # after which a network that just began is idle: it has tried what there is to try

# mute ROUTER...: they tell nobody that a packet is too big for a line.
mute() {
	local router
	for router; do
		lab_run "$router" nft -f - <<-END
			table ip mute {
				chain told {
					type filter hook output priority 0
					icmp type destination-unreachable drop
				}
			}
		END
	done
}

# ---- places --------------------------------------------------------------------------------------------

# Five networks. One for what happens: gate and aid are public, left and right behind symmetric NATs,
# so that they need one of them, twin1 and twin2 in one home, roamer behind a NAT that will not
# keep still, and strait behind a line that is narrow, and routers that say nothing of it. One of families: six has IPv6 only, four has IPv4 only, both has both. One of an
# office whose founder is switched off, and whose switches lead nowhere: desks with IPv4, pods with IPv6.
# And one of five to whom nothing happens.
make_places() {
	lab_begin ways
	internet
	lab_host gate aid both six quiet1 quiet2
	internet_line gate north
	internet_line aid east
	internet_home left-box west symmetric left
	internet_home right-box east symmetric right
	internet_home twin-box west port-restricted twin1 twin2
	internet_home roamer-box north port-restricted roamer
	internet_home strait-box north port-restricted strait
	lab_mtu north strait-box 1400
	mute north strait-box
	internet_line both north
	internet_line six east 6
	internet_home four-box west port-restricted four
	internet_line quiet1 north 4
	internet_line quiet2 east 4
	internet_home quiet3-box west port-restricted quiet3
	internet_home quiet4-box east restricted quiet4
	internet_home quiet5-box north symmetric quiet5
	lab_host office desk1 desk2 pod1 pod2
	lab_router switch4 switch6
	lab_lan switch4 10.9.0.1/24 desk1 10.9.0.2/24 desk2 10.9.0.3/24
	lab_lan switch6 fd00:9::1/64 pod1 fd00:9::2/64 pod2 fd00:9::3/64
	members_found gate "${ADDRESS4[gate]}"
	members_admit gate aid left right twin1 twin2 roamer strait
	members_found both "${ADDRESS4[both]}" "${ADDRESS6[both]}"
	members_admit both six four
	members_found quiet1 "${ADDRESS4[quiet1]}"
	members_admit quiet1 quiet2 quiet3 quiet4 quiet5
	members_found office 203.0.113.99
	members_admit office desk1 desk2 pod1 pod2
	members_up gate both quiet1
	members_up aid left right twin1 twin2 roamer strait
	members_up six four
	members_up quiet2 quiet3 quiet4 quiet5
	lab__clock
	QUIET_SINCE=$LAB_NOW
}

# ---- found ---------------------------------------------------------------------------------------------

pings() {
	lab_run "$1" ping -c 3 -i 0.1 -W 2 "$(member_is "$2" ipv6)"
}

both_go() {
	member_goes "$1" "$2" "$3" && member_goes "$2" "$1" "$3"
}

test_found() {
	lab_check "two behind one NAT talk" pings twin1 twin2
	lab_check "on their own Ethernet" lab_wait_until 10 both_go twin1 twin2 'direct 192\.168\.1\.'
	lab_check "IPv6 only and both talk" pings six both
	lab_check "directly" lab_wait_until 10 both_go six both "direct \\[2001:db8:"
	lab_check "IPv4 only and both talk" pings four both
	lab_check "directly, too" lab_wait_until 10 both_go four both direct
	lab_check "IPv6 only and IPv4 only talk" pings six four
	lab_check "by who has both" lab_wait_until 10 both_go six four "relay both"
}

# Nobody of the bundle is there; they hear of each other.
test_segment() {
	members_up desk1 desk2 pod1 pod2
	lab_check "two on one switch meet without an entrance" lab_wait_until 10 both_go desk1 desk2 'direct 10\.9\.0\.'
	lab_check "and talk" pings desk1 desk2
	lab_check "two with IPv6 alone meet as well" lab_wait_until 10 both_go pod1 pod2 'direct \[fd00:9::'
	lab_check "and talk, too" pings pod1 pod2
}

# ---- narrow --------------------------------------------------------------------------------------------

# is_told FROM TO MTU: a ping of 1360 bytes that may not be cut is answered with that.
is_told() {
	local said
	said=$(lab_run "$1" ping -c 1 -W 1 -M "do" -s 1332 "$(member_is "$2" ipv4)" 2>&1 || true)
	grep -E "mtu ?= ?$3" <<<"$said"
}

has_mtu() {
	ipop_on "$1" peers lab | grep "^$2 .*, mtu $3\b"
}

# Of the least that every IPv6 line carries.
pings_of_1280() {
	lab_run "$1" ping -c 3 -i 0.1 -W 1 -s 1232 "$(member_is "$2" ipv6)" | grep " 0% packet loss"
}

# fetches FROM ADDRESS: a page of 1 MB.
fetches() {
	lab_run "$1" curl --silent --show-error --max-time 8 -o "$LAB_DIR/$1/page" "http://$2/" &&
		cmp "$LAB_DIR/$1/page" "$LAB_DIR/strait/www/index.html"
}

# What one knows of the other's line. All of 1500 bytes passes the Ethernets at both ends.
test_narrow() {
	mkdir "$LAB_DIR/strait/www"
	head -c 1000000 /dev/urandom >"$LAB_DIR/strait/www/index.html"
	lab_start strait web python3 -m http.server --bind :: --directory "$LAB_DIR/strait/www" 80
	lab_check "aid and who has a line of 1400 talk" pings aid strait
	lab_check "directly" lab_wait_until 10 both_go aid strait direct
	lab_check "what is too large is answered" lab_wait_until 10 is_told aid strait 1332
	lab_check "and the other way" lab_wait_until 10 is_told strait aid 1332
	lab_check "users see it" has_mtu aid strait 1332
	lab_check "a page comes" fetches aid "[$(member_is strait ipv6)]"
	lab_mtu north strait-box 1280
	lab_check "the line has 1280: as much passes" lab_wait_until 20 pings_of_1280 aid strait
	lab_check "and back" lab_wait_until 20 pings_of_1280 strait aid
	lab_check "users see that" has_mtu aid strait 1212
	lab_check "a page comes by IPv6" fetches aid "[$(member_is strait ipv6)]"
	lab_check "and by IPv4" fetches aid "$(member_is strait ipv4)"
}

# ---- a relay: what it sees, and when it dies ----------------------------------------------------------------

# stream RATE SECONDS: from left to right, in the background.
stream() {
	rm -f "$LAB_DIR/lab/stream.log"
	lab_start lab stream "$LAB_HERE/probe.py" stream "left,$(member_is left ipv4),0" \
		"right,$(member_is right ipv4),7000" "$1" "$2" "$TEXT"
	lab_wait_until 10 grep -q "stream begins" "$LAB_DIR/lab/stream.log"
}

# A field of what the stream said at its end.
of_stream() {
	tail -n 1 "$LAB_DIR/lab/stream.log" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

stream_is_whole() {
	lab_wait lab stream && tail -n 1 "$LAB_DIR/lab/stream.log" &&
		(($(of_stream came) == $(of_stream sent) && $(of_stream sent) > 0))
}

relay_is_blind() {
	local outside
	outside=$(tcpdump -r "$LAB_DIR/relay.pcap" -n "src host ${ADDRESS4[left-box]}" 2>/dev/null |
		awk 'NR == 1 { sub(/.*\./, "", $3); print $3 }')
	# shellcheck disable=SC2046 # words
	lab_run lab "$LAB_HERE/blind.py" "$LAB_DIR/relay.pcap" "${ADDRESS4[left-box]},$outside" "$TEXT" \
		"$(member_node left)" $(member_pids "$1")
}

no_text_in_capture() {
	[[ $(grep --text --count --fixed-strings "$TEXT" "$LAB_DIR/relay.pcap") == 0 ]]
}

relay_is_traced() {
	ipop_on left trace right --count 1 >"$LAB_DIR/trace" && cat "$LAB_DIR/trace" &&
		grep -q "^  1  $(member_ways left | awk '$1 == "right" { print $3 }')  *direct" "$LAB_DIR/trace" &&
		grep -q "^  2  right  *direct  *-  " "$LAB_DIR/trace"
}

# Along the ring some other member stands between the two.
another_is_traced() {
	ipop_on left trace right --ring --json --count 1 >"$LAB_DIR/trace" && cat "$LAB_DIR/trace" &&
		python3 -c '
import json, sys
trace = json.load(open(sys.argv[1]))
hops = [hop["name"] for hop in trace["hops"]]
assert trace["reached"] and hops[-1] == "right" and 2 <= len(hops) <= 5 and "left" not in hops, hops' \
			"$LAB_DIR/trace"
}

# Each member told its links, and the picture is one.
all_are_drawn() {
	ipop_on left graph --json >"$LAB_DIR/graph" &&
		ipop_on left graph --svg -o "$LAB_DIR/graph.svg" && python3 -c '
import json, sys, xml.etree.ElementTree
graph = json.load(open(sys.argv[1]))
names = {member["name"] for member in graph["members"] if member["answered"]}
assert {"left", "right", "gate", "aid"} <= names, names
assert all(link["way"] in ("direct", "relay") for link in graph["links"])
xml.etree.ElementTree.parse(sys.argv[2])' "$LAB_DIR/graph" "$LAB_DIR/graph.svg"
}

# Who relays now goes to RELAY, who else could to RESERVE, and the provider of the first to LINE.
find_relay() {
	RELAY=$(member_ways left | awk '$1 == "right" { print $3 }')
	if [[ $RELAY == gate ]]; then RESERVE=aid LINE=north; else RESERVE=gate LINE=east; fi
}

test_relay() {
	lab_check "two behind symmetric NATs talk" pings left right
	lab_check "by a relay" lab_wait_until 10 both_go left right "relay"
	find_relay
	lab_capture "$LINE" "$RELAY" relay.pcap "udp and host ${ADDRESS4[left-box]}"
	stream 200000 6
	lab_wait_until 10 'pings left right' # while it flows
	lab_capture_end "$LINE" "$RELAY"
	lab_check "the relay is seen on the way" lab_wait_until 10 relay_is_traced
	lab_check "and on the ring another member" another_is_traced
	lab_check "who is linked with whom is drawn" all_are_drawn
	lab_check "a capture at the relay does not have the text" no_text_in_capture
	lab_check "its memory has neither the text nor a key that opens what it passes on" relay_is_blind "$RELAY"
	lab_check "all of a TCP stream came" stream_is_whole

	# A bulk of which the end of the first relay is in the middle.
	stream 500000 4
	lab_wait_until 10 'pings left right'
	find_relay
	lab_check "the relay is killed" member_kill "$RELAY"
	lab_check "a TCP stream goes on by the other" stream_is_whole
	lab_check_figure "and was silent for less than a second" "$(of_stream longest_ms)" 1000 ms
	lab_check "they have a relay" lab_wait_until 10 both_go left right "relay"
	lab_check "the other one" both_go left right "relay $RESERVE"
	members_up "$RELAY"
}

# ---- a NAT that will not keep still ------------------------------------------------------------------------

at_ms() {
	lab__clock
	((LAB_NOW >= $1))
}

# rebinds COUNT FROM TO: FROM pings TO ten times a second while roamer's box moves its mappings COUNT
# times. The longest time without an answer, in ms, up to the end of the pings: that is long after the
# last move, so who is not heard again is silent for all that time.
rebinds() {
	local start count=$1 from=$2 to=$3 i begin=$EPOCHREALTIME
	lab_start "$from" pings ping -D -n -i 0.1 -w $((count * REBIND_MS / 1000 + 2)) "$(member_is "$to" ipv6)"
	lab_wait_until 10 grep -q "bytes from" "$LAB_DIR/$from/pings.log"
	lab__clock
	start=$LAB_NOW
	for ((i = 0; i < count; i++)); do
		lab_wait_until 10 at_ms $((start + i * REBIND_MS))
		lab_nat_rebind roamer-box $((20000 + RANDOM))
	done
	lab_wait "$from" pings || true # it says so if one was lost
	longest_silence "$begin" "$EPOCHREALTIME" "$LAB_DIR/$from/pings.log"
}

# longest_silence BEGIN END LOG: in what `ping -D` wrote between these times, in ms.
longest_silence() {
	{ echo "$1" && sed -n 's/^\[\([0-9.]*\)\] .* bytes from .*/\1/p' "$3" && echo "$2"; } |
		awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { printf "%d\n", most * 1000 }'
}

test_rebinding() {
	local far near
	lab_check "a public member and one behind a NAT talk" pings aid roamer
	lab_check "directly" lab_wait_until 10 both_go aid roamer direct
	far=$(rebinds $((REBINDS * 2 / 3)) aid roamer)
	lab_check_figure "a mapping moves each 5 s: who is outside talks, and is heard again" "$far" 3500 ms
	near=$(rebinds $((REBINDS / 3)) roamer aid)
	lab_check_figure "who is inside talks, and is heard again" "$near" 3500 ms
	lab_check "and directly at the end" lab_wait_until 10 both_go aid roamer direct
}

# ---- idle ------------------------------------------------------------------------------------------------------

begin_idle() {
	lab_wait_until 60 at_ms $((QUIET_SINCE + CALM_MS))
	lab_capture west quiet3-box idle3.pcap udp
	lab_capture north quiet1 idle1.pcap udp
	lab__clock
	IDLE_SINCE=$LAB_NOW
}

# What a day costs a member on whose line was captured, in bytes.
idle_day() {
	lab_run lab "$LAB_HERE/purposes.py" "$LAB_DIR/$1" "$((IDLE_MS / 1000)).$((IDLE_MS % 1000))" "$2" \
		"$(member_node "$3")" >"$LAB_DIR/idle" || return 1
	lab_say "$3, idle in a network of five for $((IDLE_MS / 1000)) s, to and from it:" >&2
	sed 's/^/#   /' "$LAB_DIR/idle" >&2
	sed -n 's/^total //p' "$LAB_DIR/idle"
}

all_is_known() {
	! grep -E "^(unopened|kind)" "$LAB_DIR/idle"
}

pss_bytes() {
	local pid sum=0
	for pid in $(member_pids "$1"); do
		sum=$((sum + $(lab_run lab awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup")))
	done
	((sum > 0)) && echo $((1024 * sum)) # who is gone needs no memory
}

# The first packets, each within a second.
all_come() {
	lab_run "$1" ping -c 3 -i 0.2 -W 1 "$(member_is "$2" ipv6)" | tee /dev/stderr | grep " 0% packet loss" >/dev/null
}

test_idle() {
	lab_wait_until 60 at_ms $((IDLE_SINCE + 60000))
	IDLE_MS=$((LAB_NOW - IDLE_SINCE))
	lab_capture_end west quiet3-box
	lab_capture_end north quiet1
	lab_check_figure "both processes of an idle member: PSS" "$(pss_bytes quiet3)" $PSS_BYTES bytes
	lab_check_figure "of one that others enter by" "$(pss_bytes quiet1)" $PSS_BYTES bytes
	lab_check_figure "a day of an idle member behind a NAT" \
		"$(idle_day idle3.pcap "${ADDRESS4[quiet3-box]}" quiet3)" $IDLE_BYTES bytes
	lab_check "of each frame it is known what it is for" all_is_known
	lab_check_figure "a day of an idle member that others enter by" \
		"$(idle_day idle1.pcap "${ADDRESS4[quiet1]}" quiet1)" $ENTRANCE_BYTES bytes
	# Their boxes have forgotten thrice whatever was not kept alive.
	lab_check "who was idle for so long is reached at once" all_come quiet4 quiet3
}

# Whether to play what has a case of such a name: a second run is for what missed a bound in the first.
is_wanted() {
	[[ -z ${TEST_ONLY:-} ]] || grep -qE "$1" <<<"$TEST_ONLY"
}

make_places
[[ -n ${TEST_ONLY:-} ]] || test_found
[[ -n ${TEST_ONLY:-} ]] || test_segment
[[ -n ${TEST_ONLY:-} ]] || test_narrow
! is_wanted "silent" || test_relay
begin_idle
! is_wanted "heard again" || test_rebinding
! is_wanted "idle|others enter by" || test_idle
lab_end
