# shellcheck shell=bash
# members.sh - members of a network on the machines of a lab; sourced after lab.sh.
#
# The network is called `lab`. Each machine has an /etc/ipop, a /run/ipop and a /var/lib/ipop of its
# own, below $LAB_DIR/MACHINE, so one lab has room for several networks.

IPOP=$(realpath "$LAB_BUILD")/src/prog/ipop/ipop
# shellcheck disable=SC2034 # of those who source this
IPOPD=$(realpath "$LAB_BUILD")/src/prog/ipopd/ipopd
[[ -x $IPOP && -x $IPOPD ]] || lab_die "build first: no $IPOPD"

# root_of HOST: of its files.
root_of() {
	echo "$LAB_DIR/$1"
}

# ipop_on HOST VERB [ARGUMENT...]: the CLI there.
ipop_on() {
	lab_run "$1" timeout 60 "$IPOP" "${@:2}" --root "$LAB_DIR/$1"
}

# members_found HOST ADDRESS...: a group whose CA and first member is HOST. The others reach it there.
members_found() {
	local host=$1 address options=()
	shift
	for address; do
		[[ $address != *:* ]] || address="[$address]"
		options+=(--bootstrap "$address:4767")
	done
	ipop_on "$host" group create lab --name "$host" "${options[@]}" >"$LAB_DIR/$host/created"
}

# members_admit CA HOST...: each asks, the CA signs, it joins. No daemon is started.
members_admit() {
	local ca=$1 host
	shift
	for host; do
		ipop_on "$host" request --name "$host" >"$LAB_DIR/$host/request" 2>"$LAB_DIR/$host/join"
		ipop_on "$ca" group sign lab "$LAB_DIR/$host/request" \
			>"$LAB_DIR/$host/bundle" 2>>"$LAB_DIR/$host/join"
		ipop_on "$host" join "$LAB_DIR/$host/bundle" --no-up >>"$LAB_DIR/$host/join" 2>&1
	done
}

# members_up HOST...: starts daemons in the background, and returns when each is up; fails if one is not.
members_up() {
	local host jobs=()
	for host; do
		ipop_on "$host" up lab >"$LAB_DIR/$host/up" 2>&1 &
		jobs+=($!)
	done
	lab_wait_jobs "${jobs[@]}"
}

# members_down HOST...: ends them, all at once; fails if one does not.
members_down() {
	local host jobs=()
	for host; do
		ipop_on "$host" down lab >"$LAB_DIR/$host/down" 2>&1 &
		jobs+=($!)
	done
	lab_wait_jobs "${jobs[@]}"
}

# member_is HOST FIELD: a field of its status.
member_is() {
	ipop_on "$1" status lab --json |
		python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"
}

# member_ways HOST: a line for each peer that HOST knows, and how its packets go there: "PEER direct
# ENDPOINT", "PEER relay NAME", "PEER ring", or the state it is in ("PEER connecting").
member_ways() {
	ipop_on "$1" peers lab --json | python3 -c '
import json, sys
for peer in json.load(sys.stdin)["peers"]:
    way = peer["way"] if peer["state"] == "up" else peer["state"]
    print(peer["name"], way, {"direct": peer["remote"], "relay": peer["relay"]}.get(way, ""))'
}

# member_goes HOST PEER WAY: whether the packets of HOST go to PEER by that way: "direct", "relay NAME".
member_goes() {
	member_ways "$1" | grep "^$2 $3\b"
}

# member_pids HOST: of its daemon, steward and node, as the lab counts them.
member_pids() {
	local pid pids
	pids=$(lab_run lab ip netns pids "$1") || return 1
	for pid in $pids; do
		[[ $(lab_run lab readlink "/proc/$pid/exe") != */ipopd ]] || echo "$pid"
	done
}

# member_node HOST: its node, the child of its steward.
member_node() {
	lab_run lab pgrep --parent "$(member_pids "$1" | xargs | tr ' ' ,)" -f -- --child
}

# Of a daemon that lab_start has started as `ipopd`, whichever program that is: steward_of HOST,
# node_of HOST.
steward_of() {
	cat "$LAB_DIR/$1/ipopd.pid"
}

node_of() {
	lab_run lab pgrep --parent "$(steward_of "$1")" -f -- --child
}

# is_ready HOST, knows_peer HOST: its addresses stand; a member is up.
is_ready() {
	ipop_on "$1" status lab --json | grep -q '"ready": *true'
}

knows_peer() {
	ipop_on "$1" peers lab --json | grep -q '"state": *"up"'
}

# value_of HOST FIELD: of its status, a string; nothing while there is none.
value_of() {
	ipop_on "$1" status lab --json | sed -n "s/.*\"$2\": *\"\([^\"]*\)\".*/\1/p" | head -n 1
}

# member_kill HOST: both processes, by SIGKILL.
member_kill() {
	local pids
	mapfile -t pids < <(member_pids "$1")
	lab_run lab kill -KILL "${pids[@]}" && lab_wait_until 5 "[[ -z \$(member_pids $1) ]]"
}

# carries FROM TO ADDRESS: $MEGABYTES of random bytes by TCP from one to the other, and the hashes agree.
carries() {
	lab_start "$2" sink python3 -c '
import hashlib, socket, sys
listener = socket.create_server((sys.argv[1], 7), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
stream, _ = listener.accept()
digest, block = hashlib.sha256(), b"x"
while block:
    block = stream.recv(1 << 20)
    digest.update(block)
stream.sendall(digest.digest())' "$3"
	lab_wait_until 5 "lab_run $2 ss -Hltn 'sport = 7' | grep -q LISTEN" &&
		lab_run "$1" timeout $((60 + MEGABYTES / 10)) python3 -c '
import hashlib, os, socket, sys
stream = socket.create_connection((sys.argv[1], 7), timeout=60)
block, digest = os.urandom(1 << 20), hashlib.sha256()
for i in range(int(sys.argv[2])):
    piece = block[i % 4096 :] + block[: i % 4096]
    digest.update(piece)
    stream.sendall(piece)
stream.shutdown(socket.SHUT_WR)
sys.exit(stream.recv(32, socket.MSG_WAITALL) != digest.digest())' "$3" "$MEGABYTES" &&
		lab_wait "$2" sink
}
