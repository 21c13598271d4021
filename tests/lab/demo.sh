#!/bin/bash
# demo.sh [--keep] - two machines join a group and talk, and every claim is tried before your eyes.
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

IPOP=$(realpath "$LAB_BUILD")/src/prog/ipop/ipop
SECRET_TEXT="The quick brown fox crosses the Internet, and nobody sees it ($RANDOM$RANDOM)."
STEP=0

# ---- how it speaks -------------------------------------------------------------------------------

# step TITLE: a new paragraph.
step() {
	STEP=$((STEP + 1))
	printf '\n%d. %s\n' "$STEP" "$1"
}

# note TEXT...: a remark.
note() {
	fold -s -w 92 <<<"$*" | sed 's/^/   /'
}

# ipop_on HOST ARGUMENT...: the CLI of that host. Each host has its own /etc/ipop, /run/ipop and
# /var/lib/ipop, below its directory.
ipop_on() {
	lab_run "$1" timeout 30 "$IPOP" --root "$LAB_DIR/$1" "${@:2}"
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

# own HOST FIELD: a field of `ipop status`.
own() {
	ipop_on "$1" status --json lab |
		python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"
}

pings() {
	lab_run "$1" ping -c 3 -i 0.2 -W 2 "$2"
}

page_comes() {
	[[ $(lab_run beta curl --silent --show-error --max-time 10 "http://$1/") == "$SECRET_TEXT" ]]
}

# The search itself must be able to find: the same one finds the text on the inside.
text_is_inside() {
	! "$LAB_HERE/leaks.py" "$LAB_DIR/inside.pcap" "$SECRET_TEXT" "$LAB_DIR/beta.bundle" &&
		grep --text --quiet --fixed-strings "$SECRET_TEXT" "$LAB_DIR/inside.pcap"
}

nothing_leaks() {
	local files
	mapfile -t files < <(grep --recursive --files-with-matches --text -e "-----BEGIN" \
		"$LAB_DIR"/{alpha,beta,beta.*})
	"$LAB_HERE/leaks.py" "$LAB_DIR/outside.pcap" "$SECRET_TEXT" "${files[@]}"
}

throughput() {
	lab_run beta iperf3 --client "$1" --time 3 --format m | grep receiver
}

# What the daemon sent to the stranger, ICMP errors included, as the router between them saw it.
silence() {
	lab_capture net stranger stranger.pcap "ip src $1 or icmp" &&
		lab_run lab "$LAB_HERE/probe.py" poke "stranger,203.0.113.66,0" "$1,4767" &&
		lab_capture_end net stranger &&
		(($(tcpdump -r "$LAB_DIR/stranger.pcap" 2>/dev/null | wc -l) == 0))
}

# A port on which nobody listens does answer: our stranger could hear.
refusal() {
	lab_run lab "$LAB_HERE/probe.py" poke "stranger,203.0.113.66,0" "$1,9" | tee /dev/stderr |
		grep "refused=[1-9]" >/dev/null
}

# The pids of the daemon of a host, steward and child, as the lab counts them.
daemon_of() {
	local pid
	for pid in $(lab_run lab ip netns pids "$1"); do
		[[ $(lab_run lab readlink "/proc/$pid/exe") != */ipopd ]] || echo "$pid"
	done
}

kill_daemon() {
	local pids
	mapfile -t pids < <(daemon_of "$1")
	echo "kill -9 ${pids[*]}"
	lab_run lab kill -KILL "${pids[@]}" && lab_wait_until 5 "[[ -z \$(daemon_of $1) ]]"
}

is_gone() {
	[[ -z $(daemon_of "$1") ]] && ! lab_ip "$1" link show dev lab
}

# ---- the play ------------------------------------------------------------------------------------

lab_begin demo
step "Two machines, and the Internet between them"
lab_host alpha beta stranger
lab_router net
lab_link alpha 192.0.2.1/24,2001:db8:a::1/64 net 192.0.2.254/24,2001:db8:a::ffff/64
lab_link beta 198.51.100.2/24,2001:db8:b::2/64 net 198.51.100.254/24,2001:db8:b::ffff/64
lab_link stranger 203.0.113.66/24 net 203.0.113.254/24
lab_capture net alpha outside.pcap
note "alpha (192.0.2.1) and beta (198.51.100.2) are network namespaces with a router between them," \
	"which from now on records everything that passes. A third machine, the stranger, comes later."

step "alpha makes a group: a certificate authority, with alpha as its first member"
types alpha "ipop group create lab --name alpha --bootstrap 192.0.2.1:4767" - \
	group create lab --name alpha --bootstrap 192.0.2.1:4767
types alpha "ipop up lab" - up lab

step "beta asks, alpha's authority signs, beta joins"
types beta "ipop request --name beta > beta.csr" "$LAB_DIR/beta.csr" request --name beta
types alpha "ipop group sign lab beta.csr > beta.bundle" "$LAB_DIR/beta.bundle" \
	group sign lab "$LAB_DIR/beta.csr"
types beta "ipop join beta.bundle" - join "$LAB_DIR/beta.bundle"
claim "they know each other by name" ipop_on beta ping alpha
said
types beta "ipop status" - status

step "Unmodified programs talk"
alpha4=$(own alpha ipv4) alpha6=$(own alpha ipv6) beta6=$(own beta ipv6)
lab_capture alpha lab inside.pcap
claim "ping over IPv4, beta to $alpha4" pings beta "$alpha4"
claim "ping over IPv6, beta to $alpha6" pings beta "$alpha6"
claim "ping over IPv6, alpha to $beta6" pings alpha "$beta6"
mkdir "$LAB_DIR/alpha/www"
echo "$SECRET_TEXT" >"$LAB_DIR/alpha/www/index.html"
lab_start alpha web python3 -m http.server --bind :: --directory "$LAB_DIR/alpha/www" 80
claim "a web server hears" lab_wait_until 10 lab_run alpha curl --silent --max-time 1 "http://[::1]/"
claim "curl fetches a page over IPv4" page_comes "$alpha4"
claim "curl fetches a page over IPv6" page_comes "[$alpha6]"

step "What the router saw"
lab_capture_end alpha lab
lab_capture_end net alpha
claim "inside the tunnel the page's text stands in the capture, so the search can find" text_is_inside
claim "outside there is neither it nor 16 bytes of any certificate" nothing_leaks
said

step "How fast it is"
lab_start alpha iperf3 iperf3 --server
lab_wait_until 5 'lab_run alpha ss -Hltn "sport = 5201" | grep LISTEN'
claim "iperf3 through the tunnel, TCP for 3 s" throughput "$alpha4"
said

step "A stranger knocks"
claim "a port on which nobody listens refuses, so the stranger can hear" refusal 192.0.2.1
said
claim "the daemon's port gives not a byte back, for 1000 packets" silence 192.0.2.1
said

step "beta's daemon is killed, and comes back"
claim "it is killed" kill_daemon beta
said
claim "nothing passes now" eval '! lab_run alpha ping -c 1 -W 1 "$beta6"'
types beta "ipop up lab" - up lab
claim "alpha reaches it again" lab_wait_until 15 lab_run alpha ping -c 1 -W 1 "$beta6"
claim "and the page comes" page_comes "$alpha4"

if [[ -n $keep ]]; then
	step "It stays for you"
	note "In another terminal, as root:"
	lab_way_in alpha | sed 's/^/      /'
	lab_way_in beta | sed 's/^/      /'
	note "There, ipop is: $IPOP --root $LAB_DIR/alpha (or beta). Enter or Ctrl-C here ends it."
	trap 'exit 0' INT
	if [[ -t 0 ]]; then read -r _; else sleep infinity & wait $!; fi
fi

step "They leave"
types beta "ipop leave lab --yes" - leave lab --yes
types alpha "ipop down lab" - down lab
claim "no daemon and no interface is left" eval 'is_gone alpha && is_gone beta'
printf '\nAll of it held.\n'
