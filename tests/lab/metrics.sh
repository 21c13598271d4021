#!/bin/bash
# metrics.sh - what `ipop metrics` prints of real daemons is what promtool and a parser of OpenMetrics
# take for right; and who serves it can be reached from its host alone, and is hard to disturb.
# shellcheck disable=SC2016 # conditions in quotes are for eval
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

"$LAB_HERE/../../tools/deps" --no-services deps-prometheus.txt

make_network() {
	lab_begin metrics
	lab_host one two three
	lab_router r
	lab_link one 192.0.2.2/24 r 192.0.2.1/24
	lab_link two 198.51.100.2/24 r 198.51.100.1/24
	lab_link three 203.0.113.2/24 r 203.0.113.1/24
	ipop_on one group create lab --bootstrap 192.0.2.2:4767 --name one
	ipop_on two request --name two >"$LAB_DIR/request"
	ipop_on one group sign lab "$LAB_DIR/request" >"$LAB_DIR/bundle"
	ipop_on two join "$LAB_DIR/bundle" --no-up
	lab_start one ipopd "$IPOPD" --root "$(root_of one)" --foreground lab
	lab_start two ipopd "$IPOPD" --root "$(root_of two)" --foreground lab
	lab_wait_until 20 'knows_peer one && knows_peer two'
}

# get WHERE [WORD...]: asks for a page; its head and body stand in files.
get() {
	lab_run one curl --silent --show-error --max-time 10 --dump-header "$LAB_DIR/head" "${@:2}" "$1" >"$LAB_DIR/page"
}

# openmetrics_has NAME VALUE [LABEL=VALUE...]: the page is right, and has that sample.
openmetrics_has() {
	/usr/bin/python3 - "$LAB_DIR/page" "$@" <<-'END'
		import sys
		from prometheus_client.openmetrics.parser import text_string_to_metric_families
		name, value, labels = sys.argv[2], sys.argv[3], dict(l.split("=") for l in sys.argv[4:])
		samples = [s for f in text_string_to_metric_families(open(sys.argv[1]).read()) for s in f.samples]
		found = [s for s in samples if s.name == name and labels.items() <= s.labels.items()]
		print(len(samples), "samples;", found)
		sys.exit(not found or (value != "any" and any(s.value != float(value) for s in found)))
	END
}

test_page() {
	ipop_on one metrics lab >"$LAB_DIR/page"
	lab_check "promtool finds the page right" eval 'promtool check metrics <"$LAB_DIR/page"'
	lab_check "so it is one that a file of node_exporter can have" grep -q '^# HELP ipop_sessions_established_total ' "$LAB_DIR/page"
	ipop_on one metrics lab --openmetrics >"$LAB_DIR/page"
	lab_check "or OpenMetrics, if it is told to be" openmetrics_has ipop_up 1 network=lab
	lab_check "it has each peer" openmetrics_has ipop_peer_up 1 peer=two
	lab_check "with its round trip" openmetrics_has ipop_peer_rtt_seconds any peer=two
	lab_check "and what was sent" openmetrics_has ipop_peer_sent_bytes_total any peer=two
	lab_check "it has the counters" openmetrics_has ipop_sessions_established_total 1
	lab_check "what goes up and down is no counter" grep -q "^# TYPE ipop_levels_timers gauge" "$LAB_DIR/page"
	lab_check "and the levels" openmetrics_has ipop_vnet_waiting 0
	lab_check "and who this is" openmetrics_has ipop_node_info 1 name=one
	lab_check "and when the certificate ends" openmetrics_has ipop_certificate_end_timestamp_seconds any
}

# A name that was revoked and given on: who had it stays until its certificate ends.
test_same_names() {
	ipop_on one group revoke lab two --yes
	ipop_on three request --name two >"$LAB_DIR/request"
	ipop_on one group sign lab "$LAB_DIR/request" >"$LAB_DIR/bundle"
	ipop_on three join "$LAB_DIR/bundle" --no-up
	lab_start three ipopd "$IPOPD" --root "$(root_of three)" --foreground lab
	lab_wait_until 20 'has_two_twice'
	lab_check "no series stands twice" has_no_series_twice
	lab_check "two of one name are told apart" openmetrics_has ipop_peer_up 1 peer=two "id=$(id_of two)"
	lab_check "both of them" openmetrics_has ipop_peer_up 1 peer=two "id=$(id_of three)"
	lab_stop three ipopd
}

# promtool and the parser take the second of two for nothing, without a word.
has_no_series_twice() {
	sed '/^#/d; s/ [^ ]*$//' "$LAB_DIR/page" | sort | uniq -d >"$LAB_DIR/twice"
	cat "$LAB_DIR/twice"
	[[ ! -s $LAB_DIR/twice ]]
}

id_of() {
	ipop_on "$1" status lab --json | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' | head -n 1
}

has_two_twice() {
	ipop_on one metrics lab --openmetrics >"$LAB_DIR/page" && (($(grep -c '^ipop_peer_up{.*peer="two".* 1$' "$LAB_DIR/page") == 2))
}

test_serving() {
	lab_start one port "$IPOP" metrics --listen 9476 lab --root "$(root_of one)"
	lab_start one socket "$IPOP" metrics --listen "$LAB_DIR/one/metrics" lab --root "$(root_of one)"
	lab_wait_until 5 'get http://127.0.0.1:9476/metrics && get http://localhost/metrics --unix-socket "$LAB_DIR/one/metrics"'
	get http://127.0.0.1:9476/metrics
	lab_check "a port serves the text format" grep -q '^Content-Type: text/plain; version=0.0.4' "$LAB_DIR/head"
	lab_check "which promtool finds right" eval 'promtool check metrics <"$LAB_DIR/page"'
	get "http://127.0.0.1:9476/metrics?x=y" --header 'Accept: application/openmetrics-text;version=1.0.0'
	lab_check "or OpenMetrics, for who asks for it" grep -q '^Content-Type: application/openmetrics-text' "$LAB_DIR/head"
	lab_check "which is right, too" openmetrics_has ipop_up 1
	get http://localhost/metrics --unix-socket "$LAB_DIR/one/metrics"
	lab_check "a socket serves the same" grep -q '^ipop_up{network="lab"} 1$' "$LAB_DIR/page"
	lab_check "to its group" eval '[[ $(stat -c %a "$LAB_DIR/one/metrics") == 660 ]]'
	lab_check "another page is not there" eval 'get http://127.0.0.1:9476/ && grep -q " 404 " "$LAB_DIR/head"'
	lab_check "nothing is taken" eval 'get http://127.0.0.1:9476/metrics --data x && grep -q " 405 " "$LAB_DIR/head"'
	lab_check "a head without end is dropped" eval '! get http://127.0.0.1:9476/metrics --header "X: $(head -c 9000 /dev/zero | tr "\0" x)"'
	lab_check "lines may end without a carriage return" answers_bare_lines
	lab_check "who says nothing keeps nobody out" is_served_beside_silent_ones 1000
	lab_start one everywhere python3 -m http.server --directory /usr/lib --bind 192.0.2.2 9480
	lab_check "another host can reach this one" lab_wait_until 5 'reaches 0 9480'
	lab_check "but not its metrics: nobody listens there" reaches 7 9476
	lab_stop one everywhere || true
}

# reaches CODE PORT: curl of the other host ends so (7: refused).
reaches() {
	local status=0
	lab_run two curl --silent --output /dev/null --max-time 5 "http://192.0.2.2:$2/" || status=$?
	echo "curl: $status"
	((status == $1))
}

# As typed by hand.
answers_bare_lines() {
	lab_run one timeout 10 python3 -c 'import socket
s = socket.create_connection(("127.0.0.1", 9476))
s.sendall(b"GET /metrics HTTP/1.1\nHost: x\n\n")
answer = s.makefile("rb").read()
print(answer[:200])
assert answer.startswith(b"HTTP/1.1 200 ")'
}

# is_served_beside_silent_ones MS: 30 connections that begin a request and say no more, each opened
# anew as soon as it is dropped; ten scrapes, one after the other, and the slowest takes so long at most.
is_served_beside_silent_ones() {
	local status=0
	lab_start one silent python3 -c 'import select, socket
def begin():
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", 9476))
    ones[s.fileno()] = s
    poll.register(s, select.POLLOUT)
poll, ones = select.poll(), {}
for _ in range(30):
    begin()
print("there", flush=True)
while True:
    for fd, events in poll.poll():
        if events == select.POLLOUT:
            ones[fd].send(b"GET /met")
            poll.modify(fd, select.POLLIN)
        else:
            poll.unregister(fd)
            ones.pop(fd).close()
            begin()'
	lab_wait_until 5 grep -q there "$LAB_DIR/one/silent.log" &&
		lab_run one python3 -c 'import sys, time, urllib.request
times = []
for _ in range(10):
    began = time.monotonic()
    assert b"ipop_up" in urllib.request.urlopen("http://127.0.0.1:9476/metrics", timeout=10).read()
    times.append(round((time.monotonic() - began) * 1000))
print("ms:", times)
sys.exit(max(times) > int(sys.argv[1]))' "$1" || status=1
	lab_runs one silent || status=1
	lab_stop one silent
	return $status
}

# ticks_of PID: the time of a processor that it has used, in ticks of 10 ms.
ticks_of() {
	local user system
	read -r user system < <(lab_run lab cut -d ' ' -f 14,15 "/proc/$1/stat")
	echo $((user + system))
}

# Who wants in stays at the door, and the server does not look there all the time.
test_shortage() {
	local pid ticks
	pid=$(<"$LAB_DIR/one/port.pid")
	lab_run lab prlimit --pid "$pid" --nofile=3: # of which it has all
	ticks=$(ticks_of "$pid")
	lab_check "without a descriptor nobody is served" eval '! get http://127.0.0.1:9476/metrics --max-time 2'
	ticks=$(($(ticks_of "$pid") - ticks))
	lab_check "and no processor is kept busy by that ($ticks of 200 ticks)" test "$ticks" -lt 20
	lab_run lab prlimit --pid "$pid" --nofile=1024:
	lab_check "with one, everybody is" get http://127.0.0.1:9476/metrics
}

# fails CODE TEXT WORD...: ipop metrics on one ends with that code, and says that.
fails() {
	local status=0
	ipop_on one metrics "${@:3}" >"$LAB_DIR/output" 2>&1 || status=$?
	cat "$LAB_DIR/output"
	((status == $1)) && grep -qF -- "$2" "$LAB_DIR/output"
}

test_mistakes() {
	lab_check "a port that is taken" fails 1 "somebody does already" --listen 9476
	lab_check "a socket that is served" fails 1 "somebody does already" --listen "$LAB_DIR/one/metrics"
	lab_check "an address that others reach" fails 2 "must be a port of this host alone" --listen 0.0.0.0:9477
	lab_check "what is no place" fails 2 "must be a port of this host alone" --listen here
	lab_check "a format that is for who asks to choose" fails 2 "leave it out" --openmetrics --listen 9478
	lab_check "a directory that is not there" fails 1 "No such file or directory" --listen /nowhere/socket
}

test_end() {
	lab_stop one ipopd
	get http://127.0.0.1:9476/metrics
	lab_check "a daemon that is down is told as that" grep -q '^ipop_up{network="lab"} 0$' "$LAB_DIR/page"
	lab_check "by hand with an exit code" fails 3 "lab is not running" lab
	lab_kill one socket
	lab_check "a socket that is left over" test -S "$LAB_DIR/one/metrics"
	lab_start one socket2 "$IPOP" metrics --listen "$LAB_DIR/one/metrics" lab --root "$(root_of one)"
	lab_check "is replaced" lab_wait_until 5 'get http://localhost/metrics --unix-socket "$LAB_DIR/one/metrics"'
	lab_check "SIGTERM ends it with success" lab_stop one socket2
	lab_check "and its socket is gone" test ! -e "$LAB_DIR/one/metrics"
	lab_stop one port
	lab_stop two ipopd
}

make_network
test_page
test_same_names
test_serving
test_shortage
test_mistakes
test_end
lab_end
