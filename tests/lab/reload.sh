#!/bin/bash
# reload.sh - what its owner changes while a daemon runs counts, nothing is lost on the way, and what
# is wrong changes nothing; programs are run when the network comes and goes.
# shellcheck disable=SC2016 # conditions in quotes are for eval, or for another shell
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

config_of() {
	echo "$LAB_DIR/$1/etc/ipop/lab.conf"
}

start() {
	lab_start "$1" ipopd "$IPOPD" --root "$(root_of "$1")" --foreground lab
}

# says TEXT COMMAND...: its output, both kinds, has that text, whatever its exit code.
says() {
	"${@:2}" >"$LAB_DIR/output" 2>&1
	cat "$LAB_DIR/output"
	grep -qF -- "$1" "$LAB_DIR/output"
}

# fails CODE TEXT COMMAND...: it ends with that code, and says that.
fails() {
	local status=0
	"${@:3}" >"$LAB_DIR/output" 2>&1 || status=$?
	cat "$LAB_DIR/output"
	((status == $1)) && grep -qF -- "$2" "$LAB_DIR/output"
}

# The sessions that one's node has had, and the ids of both processes: all that a reload must keep.
life_of() {
	echo "$(ipop_on "$1" status lab --json | grep -o '"established": *[0-9]*') $(steward_of "$1") $(node_of "$1")"
}

make_network() {
	lab_begin reload
	lab_host one two
	lab_router r
	lab_link one 192.0.2.2/24 r 192.0.2.1/24
	lab_link two 198.51.100.2/24 r 198.51.100.1/24
	ipop_on one group create lab --bootstrap 192.0.2.2:4767
	ipop_on two request --name two >"$LAB_DIR/request"
	ipop_on one group sign lab "$LAB_DIR/request" --days 20 >"$LAB_DIR/bundle"
	start one
	lab_wait_until 20 is_ready one
	ipop_on two join "$LAB_DIR/bundle" --no-up
	start two
	lab_wait_until 20 'is_ready two && knows_peer one && knows_peer two'
	V6=$(value_of two ipv6)
	LIFE=$(life_of two)
}

# A ping each 10 ms, for as long as the story goes: none of it may be lost.
begin_traffic() {
	lab_start one ping ping -i 0.01 "$V6"
}

# all_came FILE: each number up to the last one that was answered; what left when ping was ended is nobody's loss.
all_came() {
	sed -n 's/.* icmp_seq=\([0-9]*\) .*/\1/p' "$1" | sort -nu | awk '$1 != NR { exit 1 } END { exit NR < 100 }'
}

end_traffic() {
	lab_signal one ping INT
	lab_wait one ping
	tail -n 3 "$LAB_DIR/one/ping.log"
	all_came "$LAB_DIR/one/ping.log"
}

test_options() {
	lab_check "a fresh daemon runs with its file" says "lab runs with this." ipop_on two check --diff
	printf 'relay = 20M\nlog-level = debug\n' >>"$(config_of two)"
	lab_check "a change is shown, and when it counts" says \
		'relay      20M    10M      after ipop reload lab' ipop_on two check --diff lab
	lab_check "reload takes it" says "lab goes on with what its files say now." ipop_on two reload
	lab_check "it counts" says "lab runs with this." ipop_on two check --diff
	echo "workers = 2" >>"$(config_of two)"
	lab_check "what must wait is told" says "Not yet: workers; it counts after ipop down lab and ipop up lab." \
		ipop_on two reload
	lab_check "and shown" says 'workers  2     -        after ipop down lab and ipop up lab' ipop_on two check --diff
	echo "bootstrap = 192.0.2.9:4767#$(value_of one id)" >>"$(config_of two)"
	lab_check "SIGHUP means the same" eval 'lab_signal two ipopd HUP && lab_wait_until 5 takes_three'
	lab_check "nobody was started anew" test "$LIFE" = "$(life_of two)"
}

takes_three() {
	(($(grep -c "has read its files anew" "$LAB_DIR/two/ipopd.log") == 3))
}

test_mistakes() {
	cp "$(config_of two)" "$LAB_DIR/conf.good"
	printf 'prot = 1\nlan = maybe\n' >>"$(config_of two)"
	lab_check "a mistake is told with its place" fails 1 'lab.conf:' ipop_on two reload
	lab_check "and what would be right" grep -q 'prot: there is no such option; did you mean "port"?' "$LAB_DIR/output"
	lab_check "check tells of all of them" fails 1 'lan: "maybe" must be on or off' ipop_on two check
	lab_check "as JSON, too" says '"fine": false' ipop_on two check --json
	lab_check "SIGHUP tells the log" eval 'lab_signal two ipopd HUP && lab_wait_until 5 grep -q "goes on with what it had: .*did you mean" "$LAB_DIR/two/ipopd.log"'
	cp "$LAB_DIR/conf.good" "$(config_of two)"
	mv "$(root_of two)/var/lib/ipop/lab/bundle.json" "$LAB_DIR/bundle.kept"
	lab_check "so does a bundle that is gone" fails 1 'this host has not joined lab' ipop_on two reload
	mv "$LAB_DIR/bundle.kept" "$(root_of two)/var/lib/ipop/lab/bundle.json"
	lab_check "nothing of it counts" says "workers  2     -" ipop_on two check --diff
	lab_check "another file is checked by itself" fails 1 "$LAB_DIR/other.conf:1: port" check_other "port = x"
	lab_check "and found fine" says "other.conf is fine; it sets 1 of" check_other "port = 5000"
	lab_check "what is printed is fine as well" eval 'ipop_on two check --print lab >"$LAB_DIR/other.conf" && ipop_on two check "$LAB_DIR/other.conf"'
	lab_check "nobody was started anew" test "$LIFE" = "$(life_of two)"
}

check_other() {
	echo "$1" >"$LAB_DIR/other.conf"
	ipop_on two check "$LAB_DIR/other.conf"
}

test_certificate() {
	local before after
	before=$(value_of two certificate_not_after)
	ipop_on two request --renew lab >"$LAB_DIR/renewal"
	ipop_on one group sign lab "$LAB_DIR/renewal" --days 200 >"$LAB_DIR/renewed"
	lab_check "a renewed certificate is taken by who runs" says "lab is running, and goes on with this bundle." \
		ipop_on two join "$LAB_DIR/renewed"
	after=$(value_of two certificate_not_after)
	lab_check "it is the new one" test "$before" != "$after"
	lab_check "nobody was started anew" test "$LIFE" = "$(life_of two)"
	echo 'prot = 1' >>"$(config_of two)"
	ipop_on one group sign lab "$LAB_DIR/renewal" --days 210 >"$LAB_DIR/renewed"
	lab_check "a mistake in its file stops nobody for a renewal" fails 1 'prot: there is no such option' \
		ipop_on two join "$LAB_DIR/renewed"
	lab_check "and once it is mended the bundle counts" eval \
		'cp "$LAB_DIR/conf.good" "$(config_of two)" && ipop_on two reload && [[ $(value_of two certificate_not_after) > $after ]]'
	lab_check "nobody was started anew" test "$LIFE" = "$(life_of two)"
	ipop_on two request --name other >"$LAB_DIR/request.other"
	cp "$(root_of two)/var/lib/ipop/lab/bundle.json" "$LAB_DIR/bundle.kept"
	ipop_on one group sign lab "$LAB_DIR/request.other" >"$(root_of two)/var/lib/ipop/lab/bundle.json"
	lab_check "one for another key is refused" fails 1 "gives this host another key or address" ipop_on two reload
	cp "$LAB_DIR/bundle.kept" "$(root_of two)/var/lib/ipop/lab/bundle.json"
}

# has_ended PID: in the lab it is gone, or nobody has waited for it.
has_ended() {
	lab_run lab sh -c '[ ! -d "/proc/$1" ] || grep -q "^State:.Z" "/proc/$1/status"' sh "$1"
}

test_hooks() {
	printf '#!/bin/sh\necho "$# $IPOP_EVENT $IPOP_NETWORK $IPOP_INTERFACE $IPOP_IPV6 $IPOP_IPV4" >>%s\nip link show dev "$IPOP_INTERFACE" >>%s 2>&1\n' \
		"$LAB_DIR/hooked" "$LAB_DIR/links" >"$LAB_DIR/hook"
	chmod 777 "$LAB_DIR/hook"
	printf 'on-up = %s\non-down = %s\n' "$LAB_DIR/hook" "$LAB_DIR/hook" >>"$(config_of two)"
	lab_check "a program that others can change is refused" fails 7 "others than root can change it" ipop_on two check
	lab_check "by the daemon, too" fails 1 "others than root can change it" ipop_on two reload
	chmod 755 "$LAB_DIR/hook"
	lab_check "one that they cannot is taken" ipop_on two reload
	lab_check "nobody was started anew" test "$LIFE" = "$(life_of two)"
	lab_check "all packets have passed" end_traffic
	lab_stop two ipopd
	local v4
	v4=$(ipop_on one peers lab --json | sed -n 's/.*"ipv4": *"\([^"]*\)".*/\1/p' | head -n 1)
	lab_check "it is run when the network goes" grep -qxF "0 down lab lab $V6 $v4" "$LAB_DIR/hooked"
	lab_check "while the interface is there" grep -q "lab: <" "$LAB_DIR/links"
	start two
	lab_check "and when it comes" lab_wait_until 20 'grep -qxF "0 up lab lab $V6 '"$v4"'" "$LAB_DIR/hooked"'
	lab_run lab kill -KILL "$(node_of two)"
	lab_wait_until 20 'is_ready two && knows_peer two'
	lab_check "but not for another node on the same interface" test "$(wc -l <"$LAB_DIR/hooked")" = 2
	printf '#!/bin/sh\nsleep 1001 & echo $! >%s\nsleep 1002\n' "$LAB_DIR/started" >"$LAB_DIR/hook"
	lab_check_within 4000 "one that does not end is ended" lab_stop two ipopd
	lab_check "with what it started" lab_wait_until 5 'has_ended "$(<"$LAB_DIR/started")"'
	lab_check "and named" grep -q "warning .*$LAB_DIR/hook takes too long, and is ended" "$LAB_DIR/two/ipopd.log"
}

# is_called COUNT LINE: so often, of two's program for members.
is_called() {
	[[ $(grep -cxF "$2" "$LAB_DIR/called") == "$1" ]]
}

test_peer_hook() {
	local v6 name
	v6=$(value_of one ipv6) name=$(value_of one name)
	printf '#!/bin/sh\necho "$# $IPOP_EVENT $IPOP_PEER $IPOP_PEER_IPV6 $IPOP_NETWORK $IPOP_INTERFACE $IPOP_IPV6" >>%s\n' \
		"$LAB_DIR/called" >"$LAB_DIR/hook"
	: >"$LAB_DIR/called"
	sed -i '/^on-/d' "$(config_of two)"
	start two
	lab_wait_until 20 'is_ready two && knows_peer two'
	echo "on-peer = $LAB_DIR/hook" >>"$(config_of two)"
	lab_check "a program for members counts from now on" ipop_on two reload
	lab_check "it hears of a member that is there" lab_wait_until 5 "is_called 1 '0 peer-up $name $v6 lab lab $V6'"
	ipop_on one down lab
	lab_check "and of one that goes" lab_wait_until 5 "is_called 1 '0 peer-down $name $v6 lab lab $V6'"
	start one
	lab_check "and comes" lab_wait_until 20 "is_called 2 '0 peer-up $name $v6 lab lab $V6'"
	lab_run lab kill -KILL "$(node_of two)"
	lab_check "with a node its sessions go, and come with the next" lab_wait_until 20 \
		"is_called 3 '0 peer-up $name $v6 lab lab $V6' && is_called 2 '0 peer-down $name $v6 lab lab $V6'"
	one_bad_program
	: >"$LAB_DIR/called"
	lab_stop two ipopd
	lab_check "when the network goes down it hears of nobody" test ! -s "$LAB_DIR/called"
	start two
	lab_wait_until 20 "is_ready two && is_called 1 '0 peer-up $name $v6 lab lab $V6'"
	printf '#!/bin/sh\necho $$ >%s\nexec sleep 1000\n' "$LAB_DIR/started" >"$LAB_DIR/hook"
	ipop_on one down lab
	lab_check "one that does not end is ended" lab_wait_until 20 \
		'(($(grep -c "warning .*$LAB_DIR/hook takes too long, and is ended" "$LAB_DIR/two/ipopd.log") == 2))'
	lab_check "so that it is gone" lab_wait_until 5 'has_ended "$(<"$LAB_DIR/started")"'
	lab_stop two ipopd
	start one
}

# A program is missing when a node begins, and comes back: the others go on, and nobody is forgotten.
one_bad_program() {
	printf '#!/bin/sh\n' >"$LAB_DIR/hook.up"
	chmod 755 "$LAB_DIR/hook.up"
	echo "on-up = $LAB_DIR/hook.up" >>"$(config_of two)"
	ipop_on two reload
	rm "$LAB_DIR/hook.up"
	: >"$LAB_DIR/called"
	lab_run lab kill -KILL "$(node_of two)"
	lab_check "where another program is missing it hears all the same" lab_wait_until 20 \
		"is_called 1 '0 peer-up $name $v6 lab lab $V6' && is_called 1 '0 peer-down $name $v6 lab lab $V6'"
	lab_check "and the log tells which is" grep -q "warning .*it is not run: .*on-up: there is no $LAB_DIR/hook.up" \
		"$LAB_DIR/two/ipopd.log"
	sed -i '/^on-up/d' "$(config_of two)"
	mv "$LAB_DIR/hook" "$LAB_DIR/hook.kept"
	: >"$LAB_DIR/called"
	lab_run lab kill -KILL "$(node_of two)"
	lab_wait_until 20 'grep -q "it is not run: .*on-peer: there is no" "$LAB_DIR/two/ipopd.log" && is_ready two && knows_peer two'
	mv "$LAB_DIR/hook.kept" "$LAB_DIR/hook"
	lab_check "one that was missing counts with the next reload" ipop_on two reload
	lab_check "and hears who is there" lab_wait_until 5 "is_called 1 '0 peer-up $name $v6 lab lab $V6'"
	ipop_on one down lab
	lab_check "and who goes" lab_wait_until 5 "is_called 1 '0 peer-down $name $v6 lab lab $V6'"
	start one
	lab_wait_until 20 "is_called 2 '0 peer-up $name $v6 lab lab $V6'"
}

make_network
begin_traffic
test_options
test_mistakes
test_certificate
test_hooks
test_peer_hook
lab_stop one ipopd
lab_end
