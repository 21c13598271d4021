#!/bin/bash
# daemon.sh - the daemon keeps its word: two processes with as few rights as they need, one sentence
# for each thing that can be wrong, and nothing left behind.
# shellcheck disable=SC2016 # conditions in quotes are for eval, or for another shell
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

# ---- words of this story -----------------------------------------------------------------------

# start HOST [WORD...]: its daemon, in the foreground of the lab, behind these words.
start() {
	lab_start "$1" ipopd "${@:2}" "$IPOPD" --root "$(root_of "$1")" --foreground lab
}

# frail NAME=1 COMMAND...: on host two, with that part of what it stands on gone bad (frail.c).
frail() {
	lab_run two env LD_PRELOAD="$LAB_BUILD/tests/lab/libfrail.so" "$@"
}

is_gone() {
	! lab_run lab kill -0 "$1"
}

# status_field PID NAME: of /proc/PID/status.
status_field() {
	lab_run lab sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

has_interface() {
	lab_ip "$1" link show dev lab
}

# refused CODE TEXT COMMAND...: the command ends with that exit code, and its output is one line
# that contains the text.
refused() {
	local code=$1 text=$2 status=0
	shift 2
	"$@" >"$LAB_DIR/output" 2>&1 || status=$?
	cat "$LAB_DIR/output"
	((status == code)) && [[ $(wc -l <"$LAB_DIR/output") == 1 ]] && grep -qF -- "$text" "$LAB_DIR/output"
}

# entrance_is IP: what resolvers find from now on. In place, for the file is mounted.
entrance_is() {
	{ grep -v ' entrance.example$' /etc/hosts && echo "$1 entrance.example"; } >"$LAB_DIR/hosts.new"
	cat "$LAB_DIR/hosts.new" >"$LAB_DIR/hosts"
}

# ---- a network of two ----------------------------------------------------------------------------

make_network() {
	lab_begin daemon
	lab_host one two
	lab_router r
	lab_link one 192.0.2.2/24,2001:db8:1::2/64 r 192.0.2.1/24,2001:db8:1::1/64
	lab_link two 198.51.100.2/24,2001:db8:2::2/64 r 198.51.100.1/24,2001:db8:2::1/64
	# The way in is a name, so that the resolver is asked.
	cp /etc/hosts "$LAB_DIR/hosts"
	lab_run lab mount --bind "$LAB_DIR/hosts" /etc/hosts
	entrance_is 192.0.2.2
	ipop_on one group create lab --bootstrap entrance.example:4767
	ipop_on two request --name two >"$LAB_DIR/request"
	ipop_on one group sign lab "$LAB_DIR/request" >"$LAB_DIR/bundle"
	start one
	lab_wait_until 20 is_ready one
	ipop_on two join "$LAB_DIR/bundle" # starts the daemon, too; this story starts it itself
	ipop_on two down lab
	lab_stop one ipopd
}

test_two_members() {
	start one
	start two
	lab_check_within 5000 "both are ready" lab_wait_until 20 'is_ready one && is_ready two'
	lab_check_within 5000 "they find each other, by a name" lab_wait_until 20 'knows_peer one && knows_peer two'
	V6=$(value_of two ipv6) V4=$(value_of two ipv4)
	lab_check "IPv6 passes" lab_run one ping -c 3 -i 0.05 -W 2 "$V6"
	lab_check "IPv4 passes" lab_run one ping -c 3 -i 0.05 -W 2 "$V4"
	lab_check "the largest packet passes" lab_run one ping -c 1 -W 2 -s 1312 -M 'do' "$V6"
	lab_check "TCP passes" tcp_passes
	lab_check "a peer answers to its name" ipop_on one ping two lab
	lab_check "the log has no warning" warns_of_nothing_but_the_user
}

# Where the node has no user of its own, each daemon says that, and no more.
warns_of_nothing_but_the_user() {
	local missing=" warning .*there is no user ipop; the node runs as nobody" log
	for log in "$LAB_DIR"/{one,two}/ipopd.log; do
		! grep -E " (warning|error) " "$log" | grep -qv "$missing" || return 1
		id -u ipop >/dev/null 2>&1 || grep -q "$missing" "$log" || return 1
	done
}

tcp_passes() {
	lab_start two iperf3 iperf3 --server --one-off --bind "$V6" &&
		lab_wait_until 5 "lab_run two ss -Hltn 'sport = 5201' | grep -q LISTEN" &&
		lab_run one iperf3 --client "$V6" --time 1 &&
		lab_wait two iperf3
}

# ---- a host that moves, a network whose way in is gone ------------------------------------------------

test_moves() {
	lab_ip two address delete 198.51.100.2/24 dev r
	lab_ip two address add 198.51.100.3/24 dev r
	lab_ip two route add default via 198.51.100.1
	lab_check_within 1000 "another address of the host is noticed" lab_wait_until 5 \
		grep -q "the host's addresses are 198.51.100.3, 2001:db8:2::2" "$LAB_DIR/two/ipopd.log"
	lab_check "and the network goes on" lab_wait_until 20 'lab_run one ping -c 1 -W 1 "$V4"'
	lab_ip two address delete 198.51.100.3/24 dev r
	lab_ip two address add 198.51.100.2/24 dev r
	lab_ip two route add default via 198.51.100.1
	lab_wait_until 5 'tail -n 1 "$LAB_DIR/two/ipopd.log" | grep -q "addresses are 198.51.100.2,"'
	# An address of no use to others, and one inside the network.
	lab_ip two address add 169.254.7.7/16 dev r scope link
	lab_ip two address add "${V4%.*}.77/32" dev lab
	lab_ip two address add 198.51.100.4/24 dev r
	lab_check "only those of use are told" lab_wait_until 5 \
		grep -q "addresses are 198.51.100.2, 198.51.100.4, 2001:db8:2::2$" "$LAB_DIR/two/ipopd.log"
	lab_ip two address delete 198.51.100.4/24 dev r
	lab_ip two address delete "${V4%.*}.77/32" dev lab
	lab_ip two address delete 169.254.7.7/16 dev r
}

test_remembers() {
	local file
	file=$(root_of two)/var/lib/ipop/lab/neighbours
	lab_check "a neighbour is remembered" lab_wait_until 10 \
		'grep -qE "^(192\.0\.2\.2|\[2001:db8:1::2\]):4767#$(value_of one id)$" '"$file"
	lab_check "for root alone" eval '[[ $(stat -c %a '"$file"') == 600 ]]'
	# Both begin anew, and one has forgotten two: whoever finds the other, it is two.
	lab_stop two ipopd
	lab_stop one ipopd
	rm -f "$(root_of one)/var/lib/ipop/lab/neighbours"
	entrance_is 192.0.2.99
	start one
	lab_wait_until 20 is_ready one
	start two
	lab_check_within 5000 "where the way in is gone, it leads back" lab_wait_until 20 'knows_peer two'
	lab_check "packets pass" lab_wait_until 10 'lab_run two ping -c 1 -W 1 "$(value_of one ipv4)"'
	lab_stop two ipopd
	entrance_is 192.0.2.2
	: >"$LAB_DIR/two/ipopd.log"
	echo "entrance.example:4767#$(value_of one id)" >"$file"
	start two
	lab_check "a damaged file is no obstacle" lab_wait_until 20 'is_ready two && knows_peer two'
	lab_check "but a line of the log" eval '[[ $(grep -c "neighbours is damaged" "$LAB_DIR/two/ipopd.log") == 1 ]]'
	lab_check "and it is replaced" lab_wait_until 10 '! grep -q entrance '"$file"
}

# ---- rights ----------------------------------------------------------------------------------------

test_rights() {
	local steward node
	steward=$(steward_of one) node=$(node_of one)
	lab_check "the node is not root" eval '[[ $(status_field '"$node"' Uid) != *0* ]]'
	lab_check "the node has no capabilities" has_no_capabilities "$node"
	lab_check "each thread of both has only the calls it needs" are_in_sandbox "$steward" "$node"
	lab_check "the node cannot gain any" eval '[[ $(status_field '"$node"' NoNewPrivs) == 1 && $(status_field '"$node"' CapBnd) == 0000000000000000 ]]'
	lab_check "the steward has what it needs of root's rights" has_few_rights "$steward"
	if (ulimit -l unlimited) 2>/dev/null; then
		lab_check "no memory of both that can hold a key goes to swap" eval "is_locked $steward && is_locked $node"
	else
		lab_check "where little can be locked, the log says that keys may go to swap" \
			grep -q "keys may be written to swap" "$LAB_DIR/one/ipopd.log"
	fi
	lab_check "and leaves no core" eval 'lab_run lab grep -E "^Max core file size +0 +0 " /proc/'"$steward"'/limits'
	lab_check "the node has no files open" has_only_sockets "$node"
	lab_check "a log that is another file than ours has no limit" \
		lab_run lab grep -qE '^Max file size +unlimited +unlimited ' "/proc/$node/limits"
	lab_check "nobody can look into the node" eval '! lab_run lab setpriv --reuid nobody --clear-groups cat /proc/'"$node"'/maps'
	lab_check "the socket is not for everybody" socket_is_private
	lab_check "a stranger is not answered" stranger_gets_nothing
	lab_check "no secret is in logs, arguments or environments" secrets_are_kept "$steward" "$node"
	lab_check_figure "both processes are small" "$(pss_bytes "$steward" "$node")" 10000000 bytes
}

# NET_ADMIN, CHOWN, SETUID, SETGID, SETPCAP, KILL (capabilities(7)).
has_few_rights() {
	[[ $(status_field "$1" CapEff) == 00000000000011e1 && $(status_field "$1" CapBnd) == 00000000000011e1 &&
		$(status_field "$1" NoNewPrivs) == 1 ]]
}

# is_locked PID: what it can write to, and nobody shares with it; there is some.
is_locked() {
	lab_run lab awk '/^[0-9a-f]+-[0-9a-f]+ / { private = $2 ~ /^rw.p/; name = $0 }
		/^VmFlags:/ && private { count++; if (!/ lo( |$)/) { print "not locked: " name; bad = 1 } }
		END { exit bad || count < 5 }' "/proc/$1/smaps"
}

has_no_capabilities() {
	local set
	for set in CapInh CapPrm CapEff CapAmb; do
		[[ $(status_field "$1" $set) == 0000000000000000 ]] || return 1
	done
}

# are_in_sandbox PID...: seccomp filters all threads, of which a node has two at least.
are_in_sandbox() {
	local pid
	for pid; do
		[[ $(lab_run lab sh -c 'cat /proc/'"$pid"'/task/*/status | grep -c "^Seccomp:.*2$"') == \
			"$(lab_run lab ls "/proc/$pid/task" | wc -l)" ]] || return 1
	done
	(($(lab_run lab ls "/proc/$pid/task" | wc -l) >= 2))
}

# Sockets, the TUN, epoll and its kin, /dev/null and its log.
has_only_sockets() {
	lab_run lab find "/proc/$1/fd" -type l -printf '%l\n' >"$LAB_DIR/fds" && cat "$LAB_DIR/fds" &&
		! grep -vE "^(socket:|anon_inode:|/dev/net/tun|/dev/null|.*/ipopd\.log)" "$LAB_DIR/fds"
}

socket_is_private() {
	[[ $(stat -c '%a %u' "$(root_of one)/run/ipop/lab") == "750 0" ]] &&
		[[ $(stat -c '%a %u' "$(root_of one)/run/ipop/lab/control") =~ ^6[06]0\ 0$ ]]
}

# The lab's directory is not for others, so a copy of the name is put where everybody can walk to.
stranger_gets_nothing() {
	local status=0
	lab_run lab sh -c 'mkdir -p /run/open && mount --bind "$1" /run/open && chmod 666 /run/open/control && chmod 755 /run/open' \
		sh "$(root_of one)/run/ipop/lab" || return 1
	lab_run lab setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("/run/open/control")
try:
    s.sendall(b"{\"schema\":\"ipop.request/1\",\"verb\":\"version\"}\n")
    answer = s.recv(1)
except OSError:
    answer = b""
assert answer == b"", answer' || status=1
	lab_run lab sh -c 'chmod 600 /run/open/control && chmod 750 /run/open && umount /run/open' &&
		return $status
}

# The private key and the secret of the network, in the texts in which they are on the disk.
secrets_are_kept() {
	local key secret
	key=$(sed -n 2p "$(root_of one)/var/lib/ipop/lab/key.pem")
	secret=$(grep -o '"secret": "[^"]*' "$(root_of one)/var/lib/ipop/lab/bundle.json" | cut -d'"' -f4)
	[[ ${#key} -ge 40 && ${#secret} -ge 40 ]] || return 1
	lab_run lab cat "$LAB_DIR/one/ipopd.log" /proc/{"$1","$2"}/{cmdline,environ} >"$LAB_DIR/open" &&
		ipop_on one status lab --json >>"$LAB_DIR/open" && ipop_on one peers lab --json >>"$LAB_DIR/open" &&
		! grep -aqF -e "$key" -e "$secret" "$LAB_DIR/open"
}

# Of both together.
pss_bytes() {
	lab_run lab awk '/^Pss:/ { sum += $2 } END { print 1024 * sum }' "/proc/$1/smaps_rollup" "/proc/$2/smaps_rollup"
}

# ---- other users -----------------------------------------------------------------------------------

# With a user and a group ipop on the host, the node is that user, and the group may read.
test_group() {
	{ cat /etc/passwd && echo "ipop:x:4711:4711::/:/usr/sbin/nologin"; } >"$LAB_DIR/passwd"
	{ cat /etc/group && echo "ipop:x:4711:"; } >"$LAB_DIR/group"
	lab_run lab mount --bind "$LAB_DIR/passwd" /etc/passwd
	lab_run lab mount --bind "$LAB_DIR/group" /etc/group
	# The lab's own directory is for root alone; here everybody can walk to the socket.
	lab_run lab sh -c 'mkdir -p /run/open && mount --bind "$1" /run/open' sh "$(root_of one)"
	start one
	lab_wait_until 20 is_ready one
	lab_check "the node is the user ipop" eval '[[ $(status_field $(node_of one) Uid) == 4711* ]]'
	lab_check "the group may read" as_user 4712 4711 status
	lab_check "and may not change" refused 7 "only root may do this" as_user 4712 4711 down
	lab_check "others may not read" eval '! as_user 4712 4712 status'
	lab_stop one ipopd
	lab_check "a user with CAP_NET_ADMIN is enough" runs_without_root
	lab_run lab umount /run/open /etc/group /etc/passwd
}

# as_user UID GROUP VERB: the CLI as a user with one more group.
as_user() {
	lab_run one setpriv --reuid "$1" --regid 4712 --groups "$2" "$IPOP" --root /run/open "$3" lab
}

# What a systemd unit can do. The device is for everybody, as udev has it.
runs_without_root() {
	chown -R 4711:4711 "$(root_of one)"
	lab_start one ipopd unshare --mount sh -c \
		'mount -t tmpfs -o mode=755 tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"' \
		sh setpriv --reuid 4711 --regid 4711 --clear-groups --inh-caps +net_admin \
		--ambient-caps +net_admin --bounding-set -all,+net_admin "$IPOPD" --root /run/open lab &&
		lab_wait_until 20 is_ready one &&
		has_no_capabilities "$(node_of one)" &&
		lab_stop one ipopd
	local status=$?
	chown -R 0:0 "$(root_of one)"
	return $status
}

# ---- accidents --------------------------------------------------------------------------------------

test_accidents() {
	local node steward
	node=$(node_of two)
	lab_run lab kill -KILL "$node"
	lab_check "the interface survives the node" has_interface two
	lab_check "a new node takes over" lab_wait_until 20 'lab_run one ping -c 1 -W 1 "$V6"'
	lab_ip two link delete dev lab
	lab_check "a deleted interface is made again" lab_wait_until 30 'lab_run one ping -c 1 -W 1 "$V6"'
	steward=$(steward_of two) node=$(node_of two)
	lab_kill two ipopd
	lab_check "the node does not survive the steward" lab_wait_until 10 is_gone "$node"
	lab_check "the interface is gone with them" eval '! has_interface two'
	lab_check "the socket's name stays" test -S "$(root_of two)/run/ipop/lab/control"
	start two
	lab_check "the next start replaces it" lab_wait_until 20 is_ready two
	lab_check "and the network is whole" lab_wait_until 20 'lab_run one ping -c 1 -W 1 "$V6"'
	lab_check "a second daemon is refused" refused 1 "lab is up already" \
		lab_run two "$IPOPD" --root "$(root_of two)" lab
}

# ---- a daemon that is not at its best -----------------------------------------------------------------

# Two's node ends, and no other can begin.
break_two() {
	lab_wait_until 20 is_ready two
	echo "port = 443" >>"$(root_of two)/etc/ipop/lab.conf"
	lab_run lab kill -KILL "$(node_of two)"
	lab_wait_until 5 'grep -q "the node process died status=137" "$LAB_DIR/two/ipopd.log"'
}

mend_two() {
	sed -i '/^port = 99999$/d' "$(root_of two)/etc/ipop/lab.conf"
}

test_troubles() {
	lab_signal two ipopd HUP
	lab_check "SIGHUP has the files read anew" lab_wait_until 5 grep -q "has read its files anew" "$LAB_DIR/two/ipopd.log"
	lab_check "and ends nobody" lab_wait_until 5 is_ready two

	break_two
	lab_check "without a node, status says why, in its words" lab_wait_until 5 \
		'refused 1 "UDP port 443 is only for root" ipop_on two status lab'
	sed -i 's/^port = 443$/port = 99999/' "$(root_of two)/etc/ipop/lab.conf"
	lab_check "so does up" up_tells_why
	lab_check "and down ends it all the same" ipop_on two down lab
	lab_check "with success, too" lab_wait two ipopd
	mend_two

	start two
	lab_wait_until 20 is_ready two
	lab_run lab kill -STOP "$(node_of two)"
	lab_check "a node that is deaf is ended" eval 'ipop_on two down lab && ! has_interface two'
	lab_check "by a steward that is well" lab_wait two ipopd

	start two
	lab_wait_until 20 is_ready two
	rm "$(root_of two)/run/ipop/lab/control"
	lab_check "without its socket, up says what helps" refused 1 "ipop down lab" ipop_on two up lab
	lab_check "and down finds it" eval 'ipop_on two down lab && ! has_interface two'
	lab_check "which is no accident to it" lab_wait two ipopd
	start two
	lab_wait_until 20 is_ready two
	rm -r "$(root_of two)/run/ipop/lab"
	lab_check "nor does it without its directory in /run" refused 1 "its directory in /run is gone; ipop down lab ends it" ipop_on two up lab
	lab_check "down finds that one, too" eval 'ipop_on two down lab && ! has_interface two'
	lab_check "and nothing a second time" refused 3 "is not running" ipop_on two down lab
	lab_wait two ipopd
	start two
	lab_check "the network is whole again" lab_wait_until 20 'is_ready two && knows_peer two'
}

up_tells_why() {
	! ipop_on two up lab >"$LAB_DIR/output" 2>&1 && cat "$LAB_DIR/output" && grep -q "99999" "$LAB_DIR/output"
}

# ---- the end ------------------------------------------------------------------------------------------

test_end() {
	lab_check "down ends it" ipop_on two down lab
	lab_check "with success" lab_wait two ipopd
	lab_check "its interface is gone" eval '! has_interface two'
	lab_check "its socket is gone" test ! -e "$(root_of two)/run/ipop/lab/control"
	local self
	self=$(value_of one ipv6)
	lab_check "the peer was told" lab_wait_until 3 '! knows_peer one'
	lab_check "a ping says who is not there" refused 5 "lab: two is not up: " ipop_on one ping two -c 1
	lab_check "a ping of oneself is none" refused 2 "that is this host itself" ipop_on one ping "$self"
	lab_check "SIGTERM ends it, too" lab_stop one ipopd
	lab_check "with nothing left" eval '! has_interface one && [[ ! -e $(root_of one)/run/ipop/lab/control ]]'
}

# ---- what can be wrong -----------------------------------------------------------------------------------

# two_is_refused CODE TEXT: its daemon does not start.
two_is_refused() {
	refused "$1" "$2" lab_run two "$IPOPD" --root "$(root_of two)" lab
}

test_refusals() {
	local root bundle config
	root=$(root_of two)
	bundle=$root/var/lib/ipop/lab/bundle.json config=$root/etc/ipop/lab.conf
	cp "$bundle" "$LAB_DIR/bundle.kept"
	cp "$config" "$LAB_DIR/config.kept"

	mkdir "$LAB_DIR/empty"
	lab_check "not joined" refused 4 "ipop join" lab_run two "$IPOPD" --root "$LAB_DIR/empty" lab
	lab_check "no name" refused 2 "name one network" lab_run two "$IPOPD" --root "$root"
	lab_check "a name that cannot be" refused 2 "ipopd --help" lab_run two "$IPOPD" --root "$root" Lab
	lab_check "a crypto library that is wrong" refused 1 "gives wrong answers" frail FRAIL_HASH=1 \
		timeout 20 "$IPOPD" --root "$root" lab
	lab_check "nor does the CLI use it" refused 1 "gives wrong answers" frail FRAIL_HASH=1 "$IPOP" version
	lab_check "no such root" refused 2 "root" lab_run two "$IPOPD" --root "$LAB_DIR/nowhere" lab

	lab_check "no TUN device" refused 1 "modprobe tun" lab_run two unshare --mount sh -c \
		'mount -t tmpfs tmpfs /dev/net && exec "$@"' sh "$IPOPD" --root "$root" lab
	lab_check "no privilege" refused 7 "CAP_NET_ADMIN" lab_run two setpriv \
		--bounding-set -net_admin "$IPOPD" --root "$root" lab

	lab_ip two link add lab type veth peer name lab-end
	lab_check "an interface of that name" two_is_refused 1 "ip link delete lab"
	lab_ip two link delete lab
	lab_ip two route add "${V4%.*.*}.4.0/24" dev r
	lab_check "a route in the way" two_is_refused 1 "overlap with the route ${V4%.*.*}.4.0/24 on interface r"
	lab_ip two route delete "${V4%.*.*}.4.0/24"

	echo "port = 5000" >"$config"
	lab_start two blocker python3 -c 'import socket, signal
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5000))
print("bound", flush=True)
signal.pause()'
	lab_wait_until 5 grep -q bound "$LAB_DIR/two/blocker.log"
	lab_check "a port that is taken" two_is_refused 1 "set another \`port =\` in $config"
	lab_stop two blocker
	echo "port = 443" >"$config"
	lab_check "a port for root" two_is_refused 7 "UDP port 443 is only for root"
	echo "prot = 5000" >"$config"
	lab_check "a misspelt option" two_is_refused 1 'did you mean "port"'
	echo "ipv4-prefix = 10.0.0.0/8" >"$config"
	lab_check "addresses that the group does not give" two_is_refused 1 \
		"$config: ipv4-prefix must be what the bundle says, ${V4%.*.*}.0.0/16"
	cp "$LAB_DIR/config.kept" "$config"

	echo '{' >"$bundle"
	lab_check "a broken bundle" two_is_refused 1 "not a bundle"
	cp "$(root_of one)/var/lib/ipop/lab/bundle.json" "$bundle"
	lab_check "the certificate of another key" two_is_refused 8 "another key"
	foreign_bundle >"$bundle"
	lab_check "the certificate of another network" two_is_refused 8 ""
	cp "$LAB_DIR/bundle.kept" "$bundle"

	mv "$root/var/lib/ipop/lab/key.pem" "$LAB_DIR/key.kept"
	lab_check "no key" two_is_refused 1 "key.pem, the private key of this host, is missing"
	ln -s "$LAB_DIR/key.kept" "$root/var/lib/ipop/lab/key.pem"
	lab_check "a key that is a link" two_is_refused 1 "key.pem"
	rm "$root/var/lib/ipop/lab/key.pem"
	install -m 644 "$LAB_DIR/key.kept" "$root/var/lib/ipop/lab/key.pem"
	lab_check "a key that others may read" two_is_refused 7 "chmod 600 $root/var/lib/ipop/lab/key.pem"
	mv "$LAB_DIR/key.kept" "$root/var/lib/ipop/lab/key.pem"

	lab_run two sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	start two
	lab_check "no IPv6 on the host is no obstacle" lab_wait_until 20 is_ready two
	lab_check "but a warning" grep -q "IPv6 is switched off" "$LAB_DIR/two/ipopd.log"
	lab_stop two ipopd
	lab_run two sysctl -qw net.ipv6.conf.default.disable_ipv6=0

	lab_check "nothing of all this left anything" eval '! has_interface two'
	start two
	lab_check "and put right, it runs" lab_wait_until 20 is_ready two
	lab_stop two ipopd

	lab_start two ipopd "$LAB_BUILD/tests/lab/ipopd_of_2100" --root "$root" --foreground lab
	lab_check "a clock from before the program was made is no obstacle" \
		lab_wait_until 20 is_ready two
	lab_check "but a warning" grep -q "which is before this program was made" "$LAB_DIR/two/ipopd.log"
	lab_stop two ipopd

	start two env FRAIL_TUN=1 LD_PRELOAD="$LAB_BUILD/tests/lab/libfrail.so"
	lab_wait_until 20 is_ready two
	lab_check "down waits for an interface that takes its time" eval 'ipop_on two down lab && ! has_interface two'
	lab_check "and for whatever else could be in the way of the next start" test ! -e "$root/run/ipop/lab/pid"
	lab_wait two ipopd
}

# ---- a member without IPv4 ------------------------------------------------------------------------------

test_without_ipv4() {
	start two
	lab_wait_until 20 is_ready two
	rm "$(root_of two)/run/ipop/lab/control"
	lab_check "who leaves does not run on" eval 'ipop_on two leave lab --yes && ! has_interface two'
	lab_wait two ipopd
	ipop_on two request --name six >"$LAB_DIR/request"
	ipop_on one group sign lab "$LAB_DIR/request" --no-ip >"$LAB_DIR/bundle"
	ipop_on two join "$LAB_DIR/bundle" --no-up
	start one
	start two
	lab_check "a member without IPv4 is up" lab_wait_until 20 'is_ready two && knows_peer two'
	lab_check "and has none" eval '[[ -z $(value_of two ipv4) ]] && ! lab_ip two -4 address show dev lab | grep -q inet'
	lab_check "IPv6 passes to it" lab_run one ping -c 2 -i 0.05 -W 2 "$(value_of two ipv6)"
	lab_stop two ipopd
	lab_stop one ipopd
	lab_check "whom nobody answers is told of a secret that was rotated" up_alone
	lab_check "and goes on trying" ipop_on two down lab
}

up_alone() {
	local status=0
	ipop_on two up lab >"$LAB_DIR/output" 2>&1 || status=$?
	cat "$LAB_DIR/output"
	((status == 5)) && grep -qF "bundle was made, nobody will: ipop request --renew lab" "$LAB_DIR/output"
}

# The bundle of two, with the CA of another group.
foreign_bundle() {
	mkdir -p "$LAB_DIR/other"
	lab_run lab "$IPOP" --root "$LAB_DIR/other" group create lab --bootstrap 192.0.2.2:4767 >"$LAB_DIR/other.log"
	python3 -c '
import json, sys
mine, other = (json.load(open(name)) for name in sys.argv[1:])
mine["ca"] = other["ca"]
print(json.dumps(mine))' "$LAB_DIR/bundle.kept" "$LAB_DIR/other/var/lib/ipop/lab/bundle.json"
}

make_network
test_two_members
test_moves
test_remembers
test_rights
test_accidents
test_troubles
test_end
test_group
test_refusals
test_without_ipv4
lab_end
