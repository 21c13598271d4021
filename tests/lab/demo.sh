#!/bin/bash
# demo.sh [--keep] - five machines, three of them behind NATs, join a group and talk, and every claim
# is tried before your eyes.
#
# It stops at the first claim that does not hold, with exit status 1, and ends by itself within 90 s.
# With --keep the machines stay until you press Enter or Ctrl-C.
# shellcheck disable=SC2016 # conditions in quotes are for eval
set -eu

keep=''
[[ ${1:-} != --keep ]] || keep=yes
if [[ -z $keep && -z ${DEMO_BOUNDED:-} ]]; then
	DEMO_BOUNDED=yes exec timeout --foreground --kill-after=5 90 "$0" "$@"
fi

# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/internet.sh
. "$LAB_HERE/internet.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

SECRET_TEXT="The quick brown fox crosses the Internet, and nobody sees it ($RANDOM$RANDOM)."
STEP=0
MEMBERS="gate server house flat office"

# ---- how it speaks -------------------------------------------------------------------------------

# step TITLE: a new paragraph.
step() {
	STEP=$((STEP + 1))
	printf '\n%d. %s\n' "$STEP" "$1"
}

# note TEXT...: a remark.
note() {
	fold -s -w 92 <<<"$*" | sed 's/^/   /; s/ *$//'
}

# types HOST LINE OUTPUT ARGUMENT...: shows the line as a person would type it, runs `ipop` with the
# arguments there, and shows what it says. OUTPUT is "-" or the file for its standard output.
types() {
	local host=$1 line=$2 output=$3 status=0
	shift 3
	printf '   %s# %s\n' "$host" "$line"
	if [[ $output == - ]]; then
		ipop_on "$host" "$@" >"$LAB_DIR/said" 2>&1 || status=$?
	else
		ipop_on "$host" "$@" >"$output" 2>"$LAB_DIR/said" || status=$?
	fi
	sed 's/^/      /' "$LAB_DIR/said"
	((status == 0)) || lab_die "ipop ended with status $status"
}

# claim TEXT COMMAND...: it holds if the command succeeds; else the demo is over.
claim() {
	local text=$1 begin
	shift
	lab__clock
	begin=$LAB_NOW
	if ! "$@" >"$LAB_DIR/claim" 2>&1; then
		printf '   FAILED: %s\n' "$text"
		sed 's/^/      /' "$LAB_DIR/claim"
		exit 1
	fi
	lab__clock
	printf '   ok: %s (%d ms)\n' "$text" "$((LAB_NOW - begin))"
}

# said: what the last claim's command printed, for the reader.
said() {
	sed 's/^/      /' "$LAB_DIR/claim"
}

# ---- what it looks at ----------------------------------------------------------------------------

# for_pairs COMMAND...: the command with each two of MEMBERS, all at the same time. Fails if one does.
for_pairs() {
	local a b jobs=() rest=" $MEMBERS "
	for a in $MEMBERS; do
		rest=${rest#" $a"}
		for b in $rest; do
			"$@" "$a" "$b" &
			jobs+=($!)
		done
	done
	lab_wait_jobs "${jobs[@]}"
}

# answers COUNT A B: B answers so many pings of A, over IPv4 and IPv6, and none is lost. What ping
# said is then in the directory of A.
answers() {
	local job status=0
	lab_run "$2" ping -c "$1" -i 0.1 -W 3 "${INSIDE4[$3]}" >"$LAB_DIR/$2/ping4.$3" 2>&1 &
	job=$!
	lab_run "$2" ping -c "$1" -i 0.1 -W 3 "${INSIDE6[$3]}" >"$LAB_DIR/$2/ping6.$3" 2>&1 || status=1
	wait $job || status=1
	((status == 0)) && all_came "$LAB_DIR/$2/ping4.$3" && all_came "$LAB_DIR/$2/ping6.$3" && return
	echo "$2 and $3:"
	cat "$LAB_DIR/$2/ping"[46]".$3"
	return 1
}

all_came() {
	grep -q " 0% packet loss" "$1"
}

# Whether each member of MEMBERS goes to each other directly, but for house and office, behind whose
# boxes no hole fits: these go by another of MEMBERS, so by none that is dead.
ways_are_right() {
	local a b way
	for a in $MEMBERS; do
		member_ways "$a" >"$LAB_DIR/$a/ways" || return 1
		for b in $MEMBERS; do
			[[ $a != "$b" ]] || continue
			way=direct
			[[ "$a $b" != "house office" && "$a $b" != "office house" ]] ||
				way="relay (${MEMBERS// /|})"
			grep -qE "^$b $way( |\$)" "$LAB_DIR/$a/ways" && continue
			echo "$a wants $way to $(grep "^$b" "$LAB_DIR/$a/ways")"
			return 1
		done
	done
}

# describe A B: a line about a pair that answers() has asked.
describe() {
	local way4 way6 way
	way4=$(sed -n 's/^rtt [^=]*= [^/]*\/\([^/]*\).*/\1/p' "$LAB_DIR/$1/ping4.$2")
	way6=$(sed -n 's/^rtt [^=]*= [^/]*\/\([^/]*\).*/\1/p' "$LAB_DIR/$1/ping6.$2")
	way=$(sed -n "s/^$2 //p" "$LAB_DIR/$1/ways")
	printf '%-7s %-7s IPv4 %s ms, IPv6 %s ms   %s\n' "$1" "$2" "$way4" "$way6" \
		"${way/relay /relay by }"
}

# all_talk: every pair of MEMBERS, and a table of it.
all_talk() {
	for_pairs answers 3 && for_pairs describe | sort
}

pings() {
	lab_run "$1" ping -c 1 -W 1 "$2"
}

page_comes() {
	[[ $(lab_run "$1" curl --silent --show-error --max-time 10 "http://$2/") == "$SECRET_TEXT" ]]
}

# The search itself must be able to find: the same one finds the text on the inside.
text_is_inside() {
	local status=0
	"$LAB_HERE/leaks.py" "$LAB_DIR/inside.pcap" "$SECRET_TEXT" "$LAB_DIR/house/bundle" || status=$?
	((status == 1)) &&
		grep --text --quiet --fixed-strings "$SECRET_TEXT" "$LAB_DIR/inside.pcap"
}

nothing_leaks() {
	local files capture
	mapfile -t files < <(cd "$LAB_DIR" && grep --recursive --files-with-matches --text -e "-----BEGIN" \
		gate server house flat office)
	for capture in gate server house flat office; do
		printf '%s: ' "$capture"
		(cd "$LAB_DIR" && "$LAB_HERE/leaks.py" "$capture.pcap" "$SECRET_TEXT" "${files[@]}") || return 1
	done
}

# throughput A B: TCP from A to B.
throughput() {
	lab_run "$1" iperf3 --client "${INSIDE4[$2]}" --time 3 --format m | grep receiver
}

# What the daemon sent to the stranger, ICMP errors included, as the router between them saw it.
silence() {
	local heard
	lab_capture west stranger stranger.pcap "ip src $1 or icmp" &&
		lab_run lab "$LAB_HERE/probe.py" poke "stranger,${ADDRESS4[stranger]},0" "$1,4767" &&
		lab_capture_end west stranger &&
		heard=$(tcpdump -r "$LAB_DIR/stranger.pcap" 2>/dev/null) && [[ -z $heard ]]
}

# A port on which nobody listens does answer: our stranger could hear.
refusal() {
	lab_run lab "$LAB_HERE/probe.py" poke "stranger,${ADDRESS4[stranger]},0" "$1,9" | tee /dev/stderr |
		grep "refused=[1-9]" >/dev/null
}

is_gone() {
	local pids
	pids=$(member_pids "$1") && [[ -z $pids ]] && ! lab_ip "$1" link show dev lab
}

all_gone() {
	local member
	for member in $MEMBERS; do
		is_gone "$member" || return 1
	done
}

# ---- the play ------------------------------------------------------------------------------------

lab_begin demo
step "Five machines on an Internet of four routers"
internet
lab_host gate server stranger
internet_line gate north
internet_line server east
internet_line stranger west 4
internet_home house-box west port-restricted house
internet_home flat-box east restricted flat
internet_home office-box north symmetric office
cat <<END
   gate    ${ADDRESS4[gate]}     public; by it the others find the group
   server  ${ADDRESS4[server]}    public
   house   192.168.1.2     behind ${ADDRESS4[house-box]}, a NAT that lets in who was asked (port-restricted)
   flat    192.168.1.2     behind ${ADDRESS4[flat-box]}, a NAT that asks for the address alone (restricted)
   office  192.168.1.2     behind ${ADDRESS4[office-box]}, a NAT that shows another port to each peer (symmetric)
END
note "They are network namespaces with real kernels' NATs; a sixth, the stranger, comes later. What" \
	"passes in front of the five is recorded from now on."
lab_capture west house-box house.pcap
lab_capture north gate gate.pcap
lab_capture east server server.pcap
lab_capture east flat-box flat.pcap
lab_capture north office-box office.pcap

step "gate makes a group: a certificate authority, with gate as its first member"
line="ipop group create lab --name gate --bootstrap ${ADDRESS4[gate]}:4767"
# shellcheck disable=SC2086 # words
types gate "$line" - ${line#ipop }
types gate "ipop up lab" - up lab

step "house asks, gate's authority signs, house joins; and so do the others"
types house "ipop request --name house > house.request" "$LAB_DIR/house/request" request --name house
types gate "ipop group sign lab house.request > house.bundle" "$LAB_DIR/house/bundle" \
	group sign lab "$LAB_DIR/house/request"
types house "ipop join house.bundle" - join "$LAB_DIR/house/bundle"
members_admit gate server flat office
claim "the others are up, too" members_up server flat office
declare -A INSIDE4=() INSIDE6=()
for member in $MEMBERS; do
	INSIDE4[$member]=$(member_is "$member" ipv4) INSIDE6[$member]=$(member_is "$member" ipv6)
done

step "Everybody talks to everybody, and nobody has configured anything"
claim "the first packet of each pair arrives, IPv4 and IPv6" for_pairs answers 1
note "It went from member to member, along a ring. Meanwhile each two have tried to punch holes into" \
	"their NATs. That cannot succeed where one NAT admits only the port that was asked and the other" \
	"shows a port that nobody can foresee; these two take a member as a relay."
claim "all pairs go direct, but house and office have a relay" lab_wait_until 10 ways_are_right
claim "nothing is lost on these ways" all_talk
said
types office "ipop peers lab" - peers lab

step "Unmodified programs talk"
lab_capture house lab inside.pcap
mkdir "$LAB_DIR/house/www"
echo "$SECRET_TEXT" >"$LAB_DIR/house/www/index.html"
lab_start house web python3 -m http.server --bind :: --directory "$LAB_DIR/house/www" 80
claim "a web server hears on house" lab_wait_until 10 lab_run house curl --silent --max-time 1 "http://[::1]/"
claim "curl on flat fetches its page, direct, over IPv4" page_comes flat "${INSIDE4[house]}"
claim "curl on office fetches it, relayed, over IPv4" page_comes office "${INSIDE4[house]}"
claim "and over IPv6" page_comes office "[${INSIDE6[house]}]"

step "What the Internet saw, and what the relay saw"
lab_capture_end house lab
lab_capture_end west house-box
lab_capture_end north gate
lab_capture_end east server
lab_capture_end east flat-box
lab_capture_end north office-box
claim "inside the tunnel the page's text stands in the capture, so the search can find" text_is_inside
claim "in front of the five there is neither it nor 16 bytes of any certificate" nothing_leaks
said

step "How fast it is"
lab_start house iperf3 iperf3 --server
lab_wait_until 5 'lab_run house ss -Hltn "sport = 5201" | grep LISTEN'
claim "iperf3 from flat to house, direct, TCP for 3 s" throughput flat house
said
claim "iperf3 from office to house, relayed: members give 10 Mbit/s unless told otherwise" throughput office house
said

step "A stranger knocks"
claim "a port on which nobody listens refuses, so the stranger can hear" refusal "${ADDRESS4[gate]}"
said
claim "the daemon's port gives not a byte back, for 1000 packets" silence "${ADDRESS4[gate]}"
said

step "gate is stopped, by which everybody came in, and all goes on"
MEMBERS="server house flat office"
claim "its daemon is killed" member_kill gate
claim "nothing comes from there any more" eval '! pings server "${INSIDE4[gate]}"'
claim "the others have their ways" lab_wait_until 10 ways_are_right
claim "and lose nothing on them" all_talk
said

step "house restarts, and comes back without gate"
types house "ipop down lab" - down lab
claim "it is gone" lab_wait_until 2 is_gone house
types house "ipop up lab" - up lab
note "It remembered its neighbours."
claim "all reach it and each other again" lab_wait_until 10 for_pairs answers 1
claim "by the same ways" lab_wait_until 10 ways_are_right
claim "and the page comes" page_comes office "${INSIDE4[house]}"

step "The NAT of office is switched off and on: it has forgotten all its mappings"
claim "office is off the network" eval 'lab_down office-box && ! pings house "${INSIDE4[office]}"'
lab_nat_forget office-box
lab_up office-box
claim "house reaches it again" lab_wait_until 10 pings house "${INSIDE4[office]}"
claim "server, too" lab_wait_until 10 pings server "${INSIDE4[office]}"
claim "and the page comes" page_comes office "[${INSIDE6[house]}]"

step "gate comes back"
types gate "ipop up lab" - up lab
MEMBERS="gate server house flat office"
claim "all five talk" lab_wait_until 10 for_pairs answers 1

if [[ -n $keep ]]; then
	step "It stays for you"
	note "In another terminal, as root, these lead to a shell on a machine, where ipop is in the path:"
	for member in $MEMBERS; do
		mkdir "$LAB_DIR/$member/bin"
		printf '#!/bin/sh\nexec %s "$@" --root %s\n' "$IPOP" "$LAB_DIR/$member" >"$LAB_DIR/$member/bin/ipop"
		printf '#!/bin/sh\nexec %s PATH=%s:"$PATH" PS1="%s# " %s\n' "$(lab_way_in "$member" env)" \
			"$LAB_DIR/$member/bin" "$member" "bash --norc" >"$LAB_DIR/$member/enter"
		chmod +x "$LAB_DIR/$member/enter" "$LAB_DIR/$member/bin/ipop"
		printf '      %s\n' "$LAB_DIR/$member/enter"
	done
	note "Try there: ipop peers lab; ping ${INSIDE4[house]}. Enter or Ctrl-C here ends it all."
	trap 'exit 0' INT
	if [[ -t 0 ]]; then read -r _; else sleep infinity & wait $!; fi
fi

step "They leave"
types flat "ipop leave lab --yes" - leave lab --yes
members_down gate server house office
claim "no daemon and no interface is left" lab_wait_until 2 all_gone
printf '\nAll of it held.\n'
