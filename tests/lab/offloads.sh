#!/bin/bash
# offloads.sh - packets pass the kernel in large pieces, or not, by one thread or several, and arrive as they
# were in any case: each offload switched off in turn at either end, each cipher, no worker and many, a
# bad line. And workers go on while the thread of the node stands still.
# shellcheck disable=SC2016 # conditions in quotes are for eval, or for another shell
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

MEGABYTES=${MEGABYTES:-12} # each transfer

# ---- words of this story -----------------------------------------------------------------------

# lets HOST OPTION VALUE: writes a line of its configuration; counts from its next start.
lets() {
	sed -i "/^$2 = /d" "$LAB_DIR/$1/etc/ipop/lab.conf"
	echo "$2 = $3" >>"$LAB_DIR/$1/etc/ipop/lab.conf"
}

# counter_of HOST PART NAME: of its status.
counter_of() {
	ipop_on "$1" status lab --json |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["counters"][sys.argv[1]][sys.argv[2]])' "$2" "$3"
}

# datagrams_arrive FROM TO ADDRESS: UDP of every length up to the MTU, and of one length many times.
datagrams_arrive() {
	lab_start "$2" echo python3 -c '
import socket, sys
sink = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
sink.bind((sys.argv[1], 7))
while True:
    data, sender = sink.recvfrom(65536)
    sink.sendto(data, sender)' "$3"
	lab_wait_until 5 "lab_run $2 ss -Hlun 'sport = 7' | grep -q UNCONN" &&
		lab_run "$1" timeout 60 python3 -c '
import os, socket, sys
source = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
source.connect((sys.argv[1], 7))
source.settimeout(2)
def there_and_back(lengths):
    sent = [os.urandom(length) for length in lengths]
    for data in sent:
        source.send(data)
    missing = set(sent)
    while missing:
        missing.remove(source.recv(65536))
for length in range(8, 1300, 61):
    there_and_back([length])
there_and_back([200] * 20)
source.setsockopt(17, 103, 1000)  # UDP_SEGMENT: the kernel hands over one super-packet
source.send(os.urandom(9500))
assert sum(len(source.recv(65536)) for _ in range(10)) == 9500' "$3" &&
		lab_stop "$2" echo
}

# passes A B: both families, both transports, both directions.
passes() {
	local v6_a v6_b v4_b
	v6_a=$(member_is "$1" ipv6) v6_b=$(member_is "$2" ipv6) v4_b=$(member_is "$2" ipv4)
	carries "$1" "$2" "$v6_b" && carries "$2" "$1" "$v6_a" && carries "$1" "$2" "$v4_b" &&
		datagrams_arrive "$1" "$2" "$v6_b" && datagrams_arrive "$1" "$2" "$v4_b"
}

# with A_OPTION A_VALUE B_OPTION B_VALUE: starts both with these.
with() {
	members_down a b
	lets a "$1" "$2"
	lets b "$3" "$4"
	members_up a b
	lab_wait_until 20 member_goes a b direct
	lab_wait_until 20 member_goes b a direct
}

# joins HOST: it has put super-packets together; and the other way round.
joins() {
	(($(counter_of "$1" forward joined) > 0))
}

# leaves_whole FROM TO ADDRESS: of what goes one way, what is read at once is one message. A few are the
# node's.
leaves_whole() {
	local reads messages
	reads=$(counter_of "$1" tun reads) messages=$(counter_of "$1" udp messages_sent)
	carries "$@" || return 1
	reads=$(($(counter_of "$1" tun reads) - reads))
	messages=$(($(counter_of "$1" udp messages_sent) - messages))
	echo "$reads reads, $messages messages"
	((reads > 0 && messages <= reads + reads / 20 + 20))
}

joins_nothing() {
	(($(counter_of "$1" forward joined) == 0))
}

nothing_was_refused() {
	local host
	for host; do
		(($(counter_of "$host" tun refused) == 0 && $(counter_of "$host" forward drop_malformed) == 0 &&
			$(counter_of "$host" forward drop_forged) == 0)) || return 1
	done
}

# ---- threads ---------------------------------------------------------------------------------------

# pauses HOST, resumes HOST: the thread of its node alone; workers go on.
pauses() {
	lab_start "$1" pause "$LAB_HERE/paused.py" "$(member_node "$1")" &&
		lab_wait_until 5 grep -q paused "$LAB_DIR/$1/pause.log"
}

resumes() {
	lab_stop "$1" pause
}

# has_threads HOST COUNT: the process of its node, the first among them.
has_threads() {
	[[ $(lab_run lab ls "/proc/$(member_node "$1")/task" | wc -l) == "$2" ]]
}

# has_queues HOST COUNT: its interface.
has_queues() {
	[[ $(lab_run "$1" sh -c 'ls -d /sys/class/net/lab/queues/tx-*' | wc -l) == "$2" ]]
}

# several_carry FROM TO ADDRESS: streams that the kernel spreads over the queues, all at once.
several_carry() {
	lab_start "$2" sink iperf3 --server --one-off --bind "$3"
	lab_wait_until 5 "lab_run $2 ss -Hltn 'sport = 5201' | grep -q LISTEN" &&
		lab_run "$1" timeout 60 iperf3 --client "$3" --parallel 8 --bytes "$((MEGABYTES / 4))M" --json |
		python3 -c '
import json, sys
end = json.load(sys.stdin)["end"]
assert len(end["streams"]) == 8 and end["sum_received"]["bytes"] > 0' &&
		lab_wait "$2" sink
}

# ---- two hosts and a cable -------------------------------------------------------------------------

lab_begin offloads
lab_host a b
lab_link a 192.0.2.1/24 b 192.0.2.2/24
members_found a 192.0.2.1
members_admit a b
members_up a b
lab_wait_until 20 member_goes a b direct
lab_wait_until 20 member_goes b a direct

lab_check "with all that the kernel can" passes a b
lab_check "TCP was put together at both ends" eval 'joins a && joins b'
lab_check "the kernel took all of it" nothing_was_refused a b
lab_check "what is read at once leaves at once" leaves_whole a b "$(member_is b ipv6)"
with offload no-tun offload auto
lab_check "without super-packets at one end" passes a b
lab_check "nobody sends it what it did not ask for" eval 'joins_nothing a && joins_nothing b'
with offload auto offload no-udp
lab_check "without messages of several datagrams at one end" passes a b
lab_check "what is cut is joined all the same" eval 'joins a && joins b'
with offload off offload off
lab_check "with no offload at all" passes a b
with offload auto crypto openssl
lab_check "with one library here and another there" passes a b
with crypto chacha20 crypto auto
lab_check "with ChaCha20-Poly1305" passes a b
lab_check "the kernel took all of that, too" nothing_was_refused a b
with crypto auto crypto auto
with workers 0 workers 3
lab_check "without a worker at one end, with three at the other" passes a b
lab_check "which are so many threads" eval 'has_threads a 1 && has_threads b 4'
lab_check "and queues" eval 'has_queues a 1 && has_queues b 3'
lab_check "eight streams at once" several_carry a b "$(member_is b ipv6)"
lab_check "and back" several_carry b a "$(member_is a ipv6)"
lab_check "nothing was refused or forged" nothing_was_refused a b
with workers 1 workers 2
address=$(member_is b ipv6) # of which a node that stands still says nothing
lab_check "the nodes stand still" eval 'pauses a && pauses b'
lab_check "their workers do not" carries a b "$address"
lab_check "the nodes go on" eval 'resumes a && resumes b'
members_down b
lets b offload auto
lab_start b ipopd "$LAB_BUILD/tests/lab/ipopd_of_2022" --root "$LAB_DIR/b" --foreground lab
lab_wait_until 20 member_goes b a direct
lab_wait_until 20 member_goes a b direct
lab_check "with a kernel that knows no super-packets of UDP" passes a b
lab_check "which was given none" nothing_was_refused b
lab_check "but those of TCP" joins b
members_down a b
lab_wait b ipopd
lab_end

# ---- a bad line ------------------------------------------------------------------------------------

lab_begin badline
lab_host a b
lab_link a 192.0.2.1/24 b 192.0.2.2/24
lab_impair a b --loss 2 --delay 2 --jitter 2 --reorder 5
members_found a 192.0.2.1
members_admit a b
members_up a b
lab_wait_until 30 member_goes a b direct
MEGABYTES=$((MEGABYTES / 2))
lab_check "loss and reordering cost time and nothing else" carries a b "$(member_is b ipv6)"
lab_check "and nothing was forged" nothing_was_refused a b
lab_end

# ---- a relay ---------------------------------------------------------------------------------------

lab_begin between
lab_host a b r
lab_link a 192.0.2.1/24 r 192.0.2.2/24
lab_link b 198.51.100.1/24 r 198.51.100.2/24
members_found r 192.0.2.2 198.51.100.2
members_admit r a b
members_up r
members_up a b
MEGABYTES=2 # at 10 Mbit/s
lab_wait_until 30 member_goes a b relay
lab_wait_until 30 member_goes b a relay
address=$(member_is b ipv6)
lab_check "what a relay passes on arrives" carries a b "$address"
lab_check "its node stands still" pauses r
lab_check "it passes on all the same" carries a b "$address"
lab_check "its node goes on" resumes r
