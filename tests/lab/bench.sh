#!/bin/bash
# bench.sh - `ipop bench`, by real daemons: it measures what passes, nobody but members can reach who
# listens, junk does it no harm, and each thing that can be wrong is one sentence.
# shellcheck disable=SC2016 # conditions in quotes are for eval
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

# ---- words of this story -----------------------------------------------------------------------

# listens HOST [OPTION...]: it does, until it is stopped.
listens() {
	: >"$LAB_DIR/$1/listener.log"
	lab_start "$1" listener "$IPOP" bench --listen lab --root "$LAB_DIR/$1" "${@:2}"
	lab_wait_until 10 grep -q "^Listening for members of lab" "$LAB_DIR/$1/listener.log"
}

# refused CODE TEXT COMMAND...: the command ends with that exit code, and tells nothing but one line
# that contains the text.
refused() {
	local code=$1 text=$2 status=0
	shift 2
	"$@" >"$LAB_DIR/told" 2>"$LAB_DIR/err" || status=$?
	cat "$LAB_DIR/told" "$LAB_DIR/err"
	grep -v '^bench: ' "$LAB_DIR/err" >"$LAB_DIR/said" || true
	((status == code)) && [[ ! -s $LAB_DIR/told && $(wc -l <"$LAB_DIR/said") == 1 ]] &&
		grep -qF -- "$text" "$LAB_DIR/said"
}

# on HOST CODE: a program in Python there, whose words are what follows.
on() {
	lab_run "$1" timeout 20 python3 -c "$2" "${@:3}"
}

# ---- a network of three ------------------------------------------------------------------------

make_network() {
	lab_begin bench
	lab_host one two three other
	lab_router r
	lab_link one 192.0.2.2/24 r 192.0.2.1/24
	lab_link two 198.51.100.2/24 r 198.51.100.1/24
	lab_link three 203.0.113.2/24 r 203.0.113.1/24
	lab_link other 10.9.9.2/24 r 10.9.9.1/24
	members_found one 192.0.2.2
	members_admit one two three
	members_up one two three
	V4=$(member_is two ipv4) V6=$(member_is two ipv6)
	lab_wait_until 20 'member_goes one two direct && member_goes three two direct'
}

# ---- what it measures --------------------------------------------------------------------------

test_figures() {
	listens two --once --json
	lab_check "it measures, by eight streams, and says so as JSON" eval \
		'ipop_on one bench "$V4" lab --time 1 --streams 8 --json >"$LAB_DIR/figures" && figures_fit "$V6" 8'
	lab_check "with --once the listener ends" lab_wait two listener
	lab_check "and has told what it served" eval \
		'served_fits "$(grep "^{" "$LAB_DIR/two/listener.log")"'
	listens two
	lab_check "for people it is a table of 80 columns" fits_a_screen
	lab_check "and a line on the other side" lab_wait_until 5 \
		'grep -qE "^one: received .* at .*bit/s, sent .* at .*bit/s, [0-9]+ echoes, in [0-9]+ s$" "$LAB_DIR/two/listener.log"'
}

# figures_fit ADDRESS STREAMS: the JSON is what doc/cli.md says, and something has passed.
figures_fit() {
	cat "$LAB_DIR/figures"
	python3 -c '
import json, sys
root = json.load(open(sys.argv[1]))
def fits(value, shape):
    assert set(value) == set(shape), set(value) ^ set(shape)
    for name, kinds in shape.items():
        assert isinstance(value[name], kinds), (name, value[name])
none = type(None)
fits(root, dict(schema=str, peer=str, id=str, address=str, port=int, way=str, remote=(str, none),
    relay=(str, none), way_changed=bool, mtu=int, cipher=str, seconds=int, streams=int, cpus=int,
    idle=dict, to=dict, **{"from": dict}))
part = dict(bits_s=int, bytes=int, duration_us=int, echoes_sent=int, echoes_answered=int,
    rtt_p50_us=int, rtt_p99_us=int, busy_permille=(int, none))
for name in "to", "from":
    fits(root[name], part)
    assert root[name]["bytes"] > 100000 and root[name]["bits_s"] > 1000000, name
    assert 900000 < root[name]["duration_us"] < 20000000, name
for name in "idle", "to", "from":
    got = root[name]
    assert 0 < got["rtt_p50_us"] <= got["rtt_p99_us"] < 2000000, name
    assert 0 < got["echoes_answered"] <= got["echoes_sent"], name
assert root["idle"]["bytes"] is None and root["idle"]["bits_s"] is None
assert root["schema"] == "ipop.bench/1" and root["peer"] == "two" and root["mtu"] == 1360
assert root["way"] == "direct" and root["remote"] == "198.51.100.2:4767" and "256" in root["cipher"]
assert root["address"] == sys.argv[2] and root["streams"] == int(sys.argv[3]), root
' "$LAB_DIR/figures" "$1" "$2"
}

served_fits() {
	echo "$1"
	python3 -c '
import json, sys
root = json.loads(sys.argv[1])
assert root["schema"] == "ipop.bench-served/1" and root["peer"] == "one" and ":" in root["address"]
for name in "received_bytes", "received_bits_s", "sent_bytes", "sent_bits_s", "echoes", "duration_ms":
    assert isinstance(root[name], int) and root[name] > 0, name' "$1"
}

fits_a_screen() {
	ipop_on one bench two --time 1 >"$LAB_DIR/table" 2>"$LAB_DIR/said" &&
		cat "$LAB_DIR/table" "$LAB_DIR/said" && ! grep -q '.\{81\}' "$LAB_DIR/table" &&
		grep -qE "^  to it +[0-9.]+ [kMG]bit/s +[0-9.]+ [kMG]B +[0-9.]+ m?s +[0-9.]+ m?s " "$LAB_DIR/table" &&
		grep -qE "^  from it +[0-9.]+ [kMG]bit/s " "$LAB_DIR/table" &&
		grep -qE "^  idle +- +- +[0-9.]+ m?s " "$LAB_DIR/table" &&
		[[ $(cat "$LAB_DIR/said") == "bench: round trips while nothing else goes to two
bench: to two
bench: from two" ]]
}

# ---- one at a time -----------------------------------------------------------------------------

test_one_at_a_time() {
	lab_start one long "$IPOP" bench two lab --time 60 --root "$LAB_DIR/one"
	lab_wait_until 10 grep -q "^bench: to two" "$LAB_DIR/one/long.log"
	lab_check "who comes while one measures is told so" \
		refused 1 "two is measuring with another member" ipop_on three bench two
	lab_check "also as JSON" eval '! ipop_on three bench two --json >"$LAB_DIR/told" &&
		grep -q "\"code\": \"ERR_FULL\"" "$LAB_DIR/told"'
	lab_check "a port has one listener" \
		refused 1 "port 4769 is in use on this host; --port" ipop_on two bench --listen
	: >"$LAB_DIR/two/listener.log"
	lab_kill one long
	lab_check "who is cut off has been served" lab_wait_until 10 grep -q "^one: " "$LAB_DIR/two/listener.log"
}

# ---- what strangers do to a listener -----------------------------------------------------------

test_junk() {
	lab_check "junk gets one sentence" on one '
import socket, sys
for junk in b"GET / HTTP/1.1\r\n\r\n", b"i", b"ipbench\1\7" + bytes(23), b"\0" * 100000, b"ipbenchx":
    s = socket.create_connection((sys.argv[1], 4769), timeout=10)
    s.sendall(junk)
    if junk == b"i":
        s.shutdown(socket.SHUT_WR)
    got = b""
    try:
        while piece := s.recv(1000):
            got += piece
    except ConnectionResetError:
        assert junk[0] in b"\0i", junk
    if junk == b"i":
        assert got == b"", got
    elif junk == b"ipbenchx":
        assert got == b"ipbench\1\3" + bytes(7), got
    else:
        assert got.startswith(b"This is ipop bench") and got.count(b"\n") == 1, (junk, got)' "$V4"
	lab_check "and its owner a line" grep -q "what connected is not ipop bench, and was let go" "$LAB_DIR/two/listener.log"
	lab_check "datagrams of nobody's run get nothing" on one '
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.5)
for junk in b"", b"x", os.urandom(64), b"ipbench\1\4" + bytes(55), b"ipbench\1\5" + bytes(55), bytes(60000):
    s.sendto(junk, (sys.argv[1], 4769))
try:
    print(s.recv(100))
    sys.exit(1)
except TimeoutError:
    pass' "$V4"
	lab_check "a stream of no run is none" on one '
import socket, sys
for hello in b"ipbench\1\2\5\0" + bytes(21), b"ipbench\1\3\5\0" + bytes(21):
    s = socket.create_connection((sys.argv[1], 4769), timeout=10)
    s.sendall(hello)
    assert s.recv(100, socket.MSG_WAITALL) == b"ipbench\1\4" + bytes(7)' "$V4"
	: >"$LAB_DIR/two/listener.log"
	lab_check "many runs that are none" on one '
import socket, sys
for _ in range(100):
    s = socket.create_connection((sys.argv[1], 4769), timeout=10)
    s.sendall(b"ipbench\1\1\0\1" + bytes(21))
    assert len(s.recv(16, socket.MSG_WAITALL)) == 16
    s.close()' "$V4"
	lab_check "fill nobody's screen" eval '[[ $(wc -l <"$LAB_DIR/two/listener.log") -le 10 ]]'
	lab_check "a crowd of the silent keeps nobody out" crowd_is_harmless
}

crowd_is_harmless() {
	lab_start three crowd python3 -c '
import signal, socket, sys
crowd = [socket.create_connection((sys.argv[1], 4769)) for _ in range(200)]
print("here", flush=True)
signal.pause()' "$V4" &&
		lab_wait_until 10 grep -q here "$LAB_DIR/three/crowd.log" &&
		ipop_on one bench two --time 1 && [[ $(listener_fds) -lt 45 ]] && lab_stop three crowd
}

listener_fds() {
	lab_run lab ls "/proc/$(cat "$LAB_DIR/two/listener.pid")/fd" | wc -l
}

# A run of three's that never says anything. The next one waits for its end.
silent_run() {
	lab_start three silent timeout 20 python3 -c '
import socket, sys
s = socket.create_connection((sys.argv[1], 4769), timeout=15)
s.sendall(b"ipbench\1\1\0\1" + bytes(21))
assert s.recv(16, socket.MSG_WAITALL) == b"ipbench\1\1" + bytes(7)
print("here", flush=True)
try:
    s.recv(1)
except ConnectionResetError:
    pass' "$V4"
	lab_wait_until 10 grep -q here "$LAB_DIR/three/silent.log"
}

# From the network outside the same address and port lead to two, but not to its listener.
test_outside() {
	lab_ip other route add "$V4/32" via 10.9.9.1
	lab_ip r route add "$V4/32" via 198.51.100.2
	lab_start two other python3 -m http.server --bind "$V4" 4770
	silent_run
	lab_check "an outsider can reach two's address, if somebody listens for all" \
		lab_wait_until 10 "reaches other $V4 4770"
	lab_check "but not bench" eval '! reaches other "$V4" 4769'
	lab_check "which a member can" reaches one "$V4" 4769
	lab_stop two other
}

reaches() {
	on "$1" 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3)' "$2" "$3"
}

# ---- what can be wrong -------------------------------------------------------------------------

test_refusals() {
	lab_check "nobody listens at another port" \
		refused 5 "nobody listens on port 4770 of two; run \`ipop bench --listen\` there" ipop_on one bench two --port 4770
	lab_check "who is not known" refused 5 'did you mean "two"?' ipop_on one bench twoo
	lab_check "oneself" refused 2 "that is this host itself" ipop_on one bench "$(member_is one ipv4)"
	lab_check "a run that says nothing does not last" lab_wait three silent
	members_down three
	lab_check "who is not there" refused 5 "three is not up" ipop_on one bench three
	drops udp
	lab_check "where only datagrams are kept out, the rest is told" tells_without_round_trips
	drops tcp
	lab_check "a firewall" refused 5 "has to let in TCP and UDP 4769 on the interface lab" ipop_on one bench two
	lab_run two nft delete table inet wall
	lab_signal two listener INT
	lab_check "Ctrl-C ends the listener, with success" lab_wait two listener
	lab_check "then nobody listens" \
		refused 5 "nobody listens on port 4769 of two" ipop_on one bench two
	lab_check "a bench of another version" refused 1 "of version 9, and here of 1: install the same ipop" \
		against 'b"ipbench\x09" + bytes(8)'
	lab_check "another program" refused 1 "what listens on port 4769 of two is not ipop bench" \
		against 'b"SSH-2.0-OpenSSH_9.2\r\n"'
	lab_check "one that hangs up" refused 1 "the connection with two broke" against 'b""'
	listens two
	members_down two
	lab_check "with the daemon the listener goes" eval '! lab_wait two listener'
	lab_check "and says why" grep -q "the interface lab is gone" "$LAB_DIR/two/listener.log"
	lab_check "without the daemon there is no bench" refused 3 "is not running" ipop_on two bench --listen
}

# drops PROTOCOL: two does so with what comes to the port by it.
drops() {
	lab_run two nft "add table inet wall; add chain inet wall in { type filter hook input priority 0; };
		add rule inet wall in iifname lab $1 dport 4769 drop"
}

tells_without_round_trips() {
	ipop_on one bench two --time 1 >"$LAB_DIR/table" 2>"$LAB_DIR/said" && cat "$LAB_DIR/table" &&
		grep -qE "^  to it +[0-9.]+ [kMG]bit/s +[0-9.]+ [kMG]B +- +- +100.0 %" "$LAB_DIR/table" &&
		grep -q "a firewall of two has to let in UDP 4769 too" "$LAB_DIR/said"
}

# against ANSWER: what one says to somebody else on two's port, who answers so to whatever is said.
against() {
	: >"$LAB_DIR/two/other.log"
	lab_start two other timeout 20 python3 -c '
import socket, sys
s = socket.create_server((sys.argv[1], 4769), family=socket.AF_INET6)
print("here", flush=True)
c, _ = s.accept()
c.recv(1000)
c.sendall('"$1"')' "$V6"
	lab_wait_until 10 grep -q here "$LAB_DIR/two/other.log"
	ipop_on one bench two
	local status=$?
	lab_wait two other
	return $status
}

make_network
lab_check "where nobody listens, it says what to do" \
	refused 5 "nobody listens on port 4769 of two; run \`ipop bench --listen\` there" ipop_on one bench two
test_figures
test_one_at_a_time
test_junk
test_outside
test_refusals
lab_end
