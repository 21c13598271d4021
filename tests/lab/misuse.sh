#!/bin/bash
# misuse.sh - every slip that was tried on ipop and ipopd: each ends with its exit code and one
# sentence, which are in doc/misuse.md. MISUSE=write writes that page anew; else it must be as it is.
# shellcheck disable=SC2016 # backquotes of Markdown, and programs for another shell
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

PAGE=$LAB_HERE/../../doc/misuse.md
COUNT=0

# ---- words of this story -----------------------------------------------------------------------

section() {
	printf '\n## %s\n\n| what is wrong | command | exit | what is said |\n|---|---|---|---|\n' "$1" >>"$LAB_DIR/page"
}

# What differs from run to run: directories, ids, instants, processes; and whether an answer was waited
# for, which depends on how long the daemon has been alone.
constant() {
	sed -E -e "s#$LAB_DIR/(one|two|three)##g; s#$LAB_DIR/##g; s#$LAB_DIR#DIRECTORY#g" -e 's/[a-z2-7]{32}/ID/g; s/[0-9a-f]{64}/HASH/g' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z/INSTANT/g; s/process [0-9]+/process N/g' \
		-e 's/^INSTANT (error|warning) (node|steward) lab: //; s/^(ipop|ipopd): //; s/\|/\\|/g' \
		-e 's/no other member is there to be asked for it/nobody answers to that name, address or id/' \
		-e "s/10\.$NET\./10.N./g"
}

# row WHAT SHOWN CODE: adds what was said to the page. One line, and no success.
row() {
	local said
	said=$(constant <"$LAB_DIR/said")
	printf '| %s | `%s` | %s | %s |\n' "$1" "$(constant <<<"$2")" "$3" "$said" >>"$LAB_DIR/page"
	COUNT=$((COUNT + 1))
	lab_check "$1" eval "(($3 > 0)) && [[ \$(grep -c . '$LAB_DIR/said') == 1 ]]"
}

# slip HOST WHAT WORD...: of somebody at the keyboard there.
slip() {
	local code=0
	lab_run "$1" setsid timeout 20 "$IPOP" --root "$(root_of "$1")" "${@:3}" </dev/null >/dev/null 2>"$LAB_DIR/said" || code=$?
	row "$2" "ipop ${*:3}" $code
}

# fault WHAT [WORD...]: two's daemon does not start; behind these words.
fault() {
	local code=0
	lab_run two "${@:2}" timeout 20 "$IPOPD" --root "$(root_of two)" lab >/dev/null 2>"$LAB_DIR/said" || code=$?
	row "$1" "ipopd lab" $code
}

# foreseen WHAT [WORD...]: the same, before two's daemon is started.
foreseen() {
	local code=0
	lab_run two "${@:2}" timeout 20 "$IPOP" --root "$(root_of two)" check lab >/dev/null 2>"$LAB_DIR/said" || code=$?
	row "$1" "ipop check lab" $code
}

# both WHAT [WORD...]: the daemon does not start, and `check` knows why before.
both() {
	fault "$@"
	foreseen "$@"
	lab_check "$1: check ends as the daemon" eval '[[ $(tail -n 2 "$LAB_DIR/page" | cut -d"|" -f4 | sort -u | wc -l) == 1 ]]'
}

make_network() {
	lab_begin misuse
	lab_host one two three
	lab_router r
	lab_link one 192.0.2.2/24 r 192.0.2.1/24
	lab_link two 198.51.100.2/24 r 198.51.100.1/24
	lab_link three 203.0.113.2/24 r 203.0.113.1/24
	ipop_on one group create lab --bootstrap 192.0.2.2:4767 --name one
	NET=$(ipop_on one group list lab --json | sed -n 's/.*"ipv4": "10\.\([0-9]*\)\..*/\1/p' | head -n 1)
	ipop_on two request --name two >"$LAB_DIR/request"
	ipop_on one group sign lab "$LAB_DIR/request" >"$LAB_DIR/bundle"
	ipop_on two join "$LAB_DIR/bundle" --no-up
	lab_start one ipopd "$IPOPD" --root "$(root_of one)" --foreground lab
	lab_wait_until 20 is_ready one
}

# ---- at the keyboard ---------------------------------------------------------------------------

slips_of_words() {
	section "The command line"
	slip one "no such verb" frobnicate
	slip one "a verb with a slip" stauts
	slip one "no such verb of group" group frob lab
	slip one "no such option" status --frob
	slip one "an option with a slip" status --jsn
	slip one "an option that another verb has" up --count 3
	slip one "an option that takes no value" status --json=yes
	slip one "an option without its value" ping two --count
	slip one "a needed option is missing" group create club
	slip one "an argument is missing" ping
	slip one "an argument too many" status lab lab lab
	slip one "no reading verb" up lab --json
	slip one "a network that cannot be" up Lab
	slip one "a network that this host is not in" status other
	slip three "a host that is in none" status
	slip one "a number that is none" ping two --count x
	slip one "a number out of its range" ping two --count 0
	slip one "an order that there is not" top --sort size
	slip one "two formats at once" graph --svg --dot
	slip one "seconds out of their range" bench two --time 0
	slip one "a listener with a peer" bench --listen two
	slip one "a value that no configuration has" check --print --diff nowhere.conf
}

slips_of_groups() {
	section "Groups and requests"
	slip one "a group that is here already" group create lab --bootstrap 192.0.2.2:4767
	slip three "a name that no group can have" group create Lab --bootstrap 192.0.2.2:4767
	slip three "a way in that leads nowhere" group create club --bootstrap 127.0.0.1:4767
	slip three "a port that there is not" group create club --bootstrap vpn.example.org:99999
	slip three "a prefix that is too small" group create club --bootstrap vpn.example.org:4767 --prefix 10.9.0.0/31
	slip three "a prefix with a host in it" group create club --bootstrap vpn.example.org:4767 --prefix 10.9.0.1/16
	slip three "a prefix of other people" group create club --bootstrap vpn.example.org:4767 --prefix 8.8.0.0/16
	slip three "a certificate of no day" group create club --bootstrap vpn.example.org:4767 --days 0
	slip three "a host name with capitals" group create club --bootstrap vpn.example.org:4767 --name Alpha
	slip two "a CA that is elsewhere" group sign lab "$LAB_DIR/request"
	slip one "a request that is not there" group sign lab nothing.request
	slip one "a request that is a directory" group sign lab "$LAB_DIR"
	slip one "a request that is none" group sign lab /etc/hostname
	slip one "an address of other networks" group sign lab "$LAB_DIR/request" --ip 192.0.2.7
	slip one "an address that is none" group sign lab "$LAB_DIR/request" --ip ten
	slip one "an address and none" group sign lab "$LAB_DIR/request" --ip "10.$NET.0.9" --no-ip
	slip one "a certificate for ever" group sign lab "$LAB_DIR/request" --days 99999
	ipop_on three request --name two >"$LAB_DIR/request.two"
	slip one "a name that somebody has" group sign lab "$LAB_DIR/request.two"
	slip one "an address that somebody has" group sign lab "$LAB_DIR/request" --ip "10.$NET.0.1"
	slip one "nobody of that name to revoke" group revoke lab tow --yes
	slip one "to revoke, with nobody to ask" group revoke lab two
	slip one "no such action" group bootstrap show lab
	slip one "a line that is none" group bootstrap add lab vpn.example.org
	slip one "a line that is not there" group bootstrap remove lab vpn.example.org:1#two
	slip three "a request with capitals" request --name Beta
	slip three "a key of another kind" request --key rsa
	slip three "a renewal where nothing is" request --renew lab
}

slips_of_joining() {
	section "Join, leave, configure"
	slip three "a bundle that is not there" join nothing.bundle
	slip three "a bundle that is a directory" join "$LAB_DIR"
	slip three "a bundle that is none" join /etc/hostname
	slip three "the bundle of another machine" join "$LAB_DIR/bundle"
	ipop_on three group create lab --bootstrap 203.0.113.2:4767 --name three 2>/dev/null
	ipop_on two request --name other >"$LAB_DIR/request.other"
	ipop_on three group sign lab "$LAB_DIR/request.other" >"$LAB_DIR/bundle.other"
	slip two "the bundle of another network of that name" join "$LAB_DIR/bundle.other"
	slip two "to leave, with nobody to ask" leave lab
	slip one "a configuration that is not there" check nothing.conf
	printf 'prot = 5000\n' >"$LAB_DIR/slip.conf"
	slip one "an option of a configuration with a slip" check "$LAB_DIR/slip.conf"
	printf 'port = many\n' >"$LAB_DIR/slip.conf"
	slip one "a value of a configuration that is none" check "$LAB_DIR/slip.conf"
	printf 'relay 5M\n' >"$LAB_DIR/slip.conf"
	slip one "a line of a configuration that is none" check "$LAB_DIR/slip.conf"
	printf 'port = 1\nport = 2\n' >"$LAB_DIR/slip.conf"
	slip one "an option twice" check "$LAB_DIR/slip.conf"
	slip one "a difference of what no daemon reads" check --diff "$LAB_DIR/slip.conf"
}

slips_of_looking() {
	section "Without a daemon, or without the other member"
	slip two "nobody runs there" status
	slip two "nothing to reload" reload
	slip two "nothing to stop" down
	slip two "nobody whom to ask" ping one
	slip one "a member that is not up" ping two --count 1
	slip one "a member that nobody knows" ping nobody --count 1
	slip one "an address of other networks to ping" ping 192.0.2.77 --count 1
	slip one "what is no name" ping '!' --count 1
	slip one "a ping of oneself" ping one --count 1
	slip one "the way to nobody" trace nobody --count 1
	slip one "a bench with nobody" bench two --time 1
	slip one "a picture where nothing can be written" graph --svg --output /nowhere/lab.svg
}

# ---- on the host --------------------------------------------------------------------------------

faults_of_files() {
	local root config bundle
	root=$(root_of two)
	config=$root/etc/ipop/lab.conf bundle=$root/var/lib/ipop/lab/bundle.json
	cp "$config" "$LAB_DIR/config.kept" && cp "$bundle" "$LAB_DIR/bundle.kept"
	section "A daemon's files"
	echo "prot = 5000" >"$config"
	fault "an option with a slip"
	echo "port = 443" >"$config"
	both "a port for root"
	echo "ipv4-prefix = 10.0.0.0/8" >"$config"
	fault "addresses that the group does not give"
	echo "on-up = /nowhere/program" >"$config"
	fault "a program that is not there"
	printf '#!/bin/sh\n' >"$LAB_DIR/hook" && chmod 777 "$LAB_DIR/hook"
	echo "on-up = $LAB_DIR/hook" >"$config"
	fault "a program that anybody can change"
	printf 'echo up\n' >"$LAB_DIR/hook" && chmod 755 "$LAB_DIR/hook"
	both "a script that names no interpreter"
	rm "$config" && mkfifo "$config"
	both "a configuration that is a FIFO"
	rm "$config" && mkdir "$config"
	both "a configuration that is a directory"
	rmdir "$config" && ln -s "$LAB_DIR/config.kept" "$config"
	both "a configuration that is a link"
	rm "$config" && cp "$LAB_DIR/config.kept" "$config" && chmod 000 "$config"
	both "a configuration that even root may not read"
	chmod 600 "$config" && chown 65534 "$config"
	both "a configuration of another user"
	chmod 644 "$config" && chown 0 "$config" && chown 65534 "$bundle"
	both "the bundle of another user"
	chown 0 "$bundle" && head -c 1000000 /dev/zero | tr '\0' ' ' >>"$bundle"
	both "a bundle that is too long"
	cp "$LAB_DIR/config.kept" "$config"
	echo '{' >"$bundle"
	fault "a broken bundle"
	cp "$(root_of one)/var/lib/ipop/lab/bundle.json" "$bundle"
	fault "the bundle of another member"
	cp "$LAB_DIR/bundle.kept" "$bundle"
	mv "$root/var/lib/ipop/lab/key.pem" "$LAB_DIR/key.kept"
	fault "no key"
	install -m 600 /dev/null "$root/var/lib/ipop/lab/key.pem"
	fault "an empty key"
	install -m 644 "$LAB_DIR/key.kept" "$root/var/lib/ipop/lab/key.pem"
	fault "a key that others may read"
	mv "$LAB_DIR/key.kept" "$root/var/lib/ipop/lab/key.pem"
	mv "$bundle" "$LAB_DIR/bundle.away"
	fault "no bundle"
	mv "$LAB_DIR/bundle.away" "$bundle"
}

# up_there WHAT COMMAND...: `ipop up` on two, once the command was run on what is mounted for its /run.
up_there() {
	local code=0 run
	run=$(root_of two)/run
	mkdir -p "$run"
	lab_run two unshare --mount sh -c 'mount -t tmpfs -o size=1m tmpfs "$0" && cd "$0" && eval "$1" && shift &&
		exec timeout 20 "$@"' "$run" "$2" "$IPOP" --root "$(root_of two)" up lab >/dev/null 2>"$LAB_DIR/said" || code=$?
	sed -i '/^lab: the daemon starts$/d' "$LAB_DIR/said" # which is no complaint
	row "$1" "ipop up lab" $code
}

# Of what is left there, or was put there by hand.
faults_of_run() {
	local run
	run=$(root_of two)/run/ipop/lab
	mkdir -p "$run" && chown 65534 "$run"
	both "a directory in /run that is another user's"
	chown 0 "$run" && rm -rf "$run/control" && mkdir "$run/control"
	both "a directory where the socket should be"
	rmdir "$run/control" && rm -f "$run/pid" && mkfifo "$run/pid"
	both "a FIFO where the process id should be"
	rm "$run/pid" && install -m 600 -o 65534 /dev/null "$run/pid"
	both "another user's process id"
	rm "$run/pid" && chmod 666 "$(root_of two)/etc/ipop/lab.conf" && chmod 777 "$(root_of two)/var/lib/ipop/lab" "$run"
	ipop_on two check lab >"$LAB_DIR/said" 2>&1
	lab_check "what anybody may change is remarked on" eval '[[ $(grep -c "anybody on this host may" "$LAB_DIR/said") == 3 ]]'
	chmod 644 "$(root_of two)/etc/ipop/lab.conf" && chmod 700 "$(root_of two)/var/lib/ipop/lab" && chmod 750 "$run"
	ipop_on two check lab >"$LAB_DIR/said" 2>&1
	lab_check "and nothing else is" eval '! grep -q -e "anybody on" -e "belongs to" "$LAB_DIR/said"'
}

faults_of_the_host() {
	section "A daemon's host"
	up_there "no room in /run" 'mkdir -p ipop/lab; : >ipop/lab/log; cat /dev/zero >filler 2>/dev/null || true'
	up_there "a FIFO where the log should be" 'mkdir -p ipop/lab; mkfifo ipop/lab/log'
	both "no TUN device" unshare --mount sh -c 'mount -t tmpfs tmpfs /dev/net && exec "$@"' sh
	both "another device of that name" unshare --mount sh -c 'mount --bind /dev/null /dev/net/tun && exec "$@"' sh
	fault "no privilege" setpriv --bounding-set -net_admin
	lab_ip two link add lab type veth peer name lab-end
	both "an interface of that name"
	lab_ip two link delete lab
	lab_ip two route add "10.$NET.4.0/24" dev r
	both "a route in the way"
	lab_ip two route delete "10.$NET.4.0/24"
	lab_ip two route add blackhole "10.$NET.0.0/16"
	both "a route to nowhere in the way"
	lab_ip two route delete blackhole "10.$NET.0.0/16"
	lab_ip two rule add from 192.0.2.99 table 100
	lab_ip two route add "10.$NET.0.0/16" dev r table 100
	both "a route in the way in a table that a rule looks at"
	lab_ip two rule delete from 192.0.2.99 table 100
	lab_ip two address add "10.$NET.0.1/32" dev r
	both "an address in the way"
	lab_ip two address delete "10.$NET.0.1/32" dev r
	lab_check "a table that no rule looks at is in nobody's way" ipop_on two check lab
	lab_ip two route delete "10.$NET.0.0/16" dev r table 100
	echo "port = 5000" >>"$(root_of two)/etc/ipop/lab.conf"
	lab_start two blocker python3 -c 'import socket, signal
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5000))
print("bound", flush=True)
signal.pause()'
	lab_wait_until 5 grep -q bound "$LAB_DIR/two/blocker.log"
	both "a port that is taken"
	lab_stop two blocker
	sed -i '/^port = 5000$/d' "$(root_of two)/etc/ipop/lab.conf"
	lab_start two ipopd "$IPOPD" --root "$(root_of two)" --foreground lab
	lab_wait_until 20 is_ready two
	fault "a daemon that runs already"
	lab_stop two ipopd
}

is_the_page() {
	diff "$PAGE" "$LAB_DIR/page"
}

cat_head() {
	cat >"$LAB_DIR/page" <<-'END'
		# What goes wrong at the keyboard, and what is said

		Each row was done by `tests/lab/misuse.sh` on real daemons, and must give this exit code ([cli.md](cli.md)) and this
		one line on standard error, or the suite fails. `MISUSE=write tests/lab/misuse.sh` writes the page anew. N, ID and
		INSTANT stand for what differs from run to run. What goes wrong while a daemon runs is in [failures.md](failures.md).
	END
}

make_network
cat_head
slips_of_words
slips_of_groups
slips_of_joining
slips_of_looking
faults_of_files
faults_of_run
faults_of_the_host
lab_check "at least sixty were tried" eval '((COUNT >= 60))'
[[ ${MISUSE:-} != write ]] || cp "$LAB_DIR/page" "$PAGE"
lab_check "doc/misuse.md says what was said" is_the_page
lab_stop one ipopd
lab_end
