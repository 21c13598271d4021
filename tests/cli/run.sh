#!/bin/sh
# run.sh BUILD - `ipop` from end to end on files, without a network: TAP on standard output.
#
# Hosts are directories for --root. Where a daemon is needed, tests/cli/fake_daemon answers. Nothing
# waits for a time: what is not there at once is a failure.
set -u

build=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
ipop=$build/src/prog/ipop/ipop
forge=$build/tests/cli/forge
fake=$build/tests/cli/fake_daemon
typist=$build/tests/cli/typist
# shellcheck disable=SC2034 # of crashes.sh
crash=$build/tests/cli/ipop_crash
daemons=
count=0
failed=0

cleanup() {
	for pid in $daemons; do
		kill "$pid" 2>/dev/null
	done
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
cd "$work" || exit 1
# shellcheck source=tests/cli/answers.sh
. "$top/tests/cli/answers.sh"
# Everything that was printed, for the canary at the end.
all=$work/all-output
# shellcheck source=tests/cli/words.sh
. "$top/tests/cli/words.sh"
# shellcheck source=tests/cli/crashes.sh
. "$top/tests/cli/crashes.sh"
# shellcheck source=tests/cli/founders.sh
. "$top/tests/cli/founders.sh"
# shellcheck source=tests/cli/looks.sh
. "$top/tests/cli/looks.sh"
# shellcheck source=tests/cli/troubles.sh
. "$top/tests/cli/troubles.sh"
# shellcheck source=tests/cli/benches.sh
. "$top/tests/cli/benches.sh"
# shellcheck source=tests/cli/completion.sh
. "$top/tests/cli/completion.sh"
# shellcheck source=tests/cli/groups.sh
. "$top/tests/cli/groups.sh"
# shellcheck source=tests/cli/rights.sh
. "$top/tests/cli/rights.sh"
# shellcheck source=tests/cli/renewals.sh
. "$top/tests/cli/renewals.sh"
# shellcheck source=tests/cli/lives.sh
. "$top/tests/cli/lives.sh"
# shellcheck source=tests/cli/installs.sh
. "$top/tests/cli/installs.sh"

# --- groups, requests, bundles ---

creates_a_group() {
	run 0 on a group create lab --bootstrap vpn.example.org:4000 --name alpha &&
		says out 'ipop up lab' && says err '--root: there is no a yet; it is made.' &&
		says a/etc/ipop/lab.conf 'port = 4000' &&
		says a/var/lib/ipop-ca/lab/group.conf 'bootstrap = vpn.example.org:4000#' &&
		run 0 on a group list lab && says out alpha
}

guards_the_files() {
	mode_is 700 a/var/lib/ipop/lab && mode_is 700 a/var/lib/ipop-ca/lab &&
		mode_is 600 a/var/lib/ipop/lab/key.pem &&
		mode_is 600 a/var/lib/ipop/lab/bundle.json &&
		mode_is 600 a/var/lib/ipop-ca/lab/key.pem &&
		mode_is 600 a/var/lib/ipop-ca/lab/secret &&
		mode_is 600 a/var/lib/ipop-ca/lab/registry
}

guards_the_files_whatever_the_umask() (
	umask 0
	run 0 on umask group create other --bootstrap b:4001 --name alpha &&
		mode_is 600 umask/var/lib/ipop-ca/other/key.pem &&
		mode_is 755 umask/etc/ipop &&
		umask 0777 &&
		run 0 on umask request --name b && ! grep -q 'it is made' err &&
		mode_is 700 umask/var/lib/ipop/requests &&
		umask 022 && mode_is 600 umask/var/lib/ipop/requests/*.pem
)

makes_no_group_twice() {
	refuses 1 'ipop leave lab leaves it' on a group create lab --bootstrap x:4001 --name alpha &&
		rm a/etc/ipop/lab.conf &&
		refuses 1 'exists already; ipop request and ipop group sign lab' on a group create lab --bootstrap x:4001 --name alpha &&
		run 0 on a join a/var/lib/ipop/lab/bundle.json --no-up &&
		says a/etc/ipop/lab.conf 'port = 4000' &&
		on a group list lab >/dev/null
}

# Whose configuration alone is gone still has the key that the CA signed.
makes_no_group_over_a_key() {
	cp -r b keyed && rm keyed/etc/ipop/lab.conf && cp keyed/var/lib/ipop/lab/key.pem before &&
		refuses 1 'was a member of a network "lab"; ipop join keyed/var/lib/ipop/lab/bundle.json' \
			on keyed group create lab --bootstrap x:4001 --name alpha &&
		cmp -s before keyed/var/lib/ipop/lab/key.pem &&
		run 0 on keyed join keyed/var/lib/ipop/lab/bundle.json --no-up &&
		cmp -s before keyed/var/lib/ipop/lab/key.pem &&
		rm keyed/etc/ipop/lab.conf keyed/var/lib/ipop/lab/key.pem &&
		refuses 1 'was a member' on keyed group create lab --bootstrap x:4001 --name alpha &&
		rm keyed/var/lib/ipop/lab/bundle.json &&
		run 0 on keyed group create lab --bootstrap x:4001 --name alpha
}

refuses_groups_that_cannot_be() {
	refuses 2 'cannot be the name of a network' on x group create Lab --bootstrap b:4001 &&
		refuses 1 'a network interface "lo" already' \
			on x group create lo --bootstrap b:4001 --name h &&
		refuses 2 'keys wait' on x group create requests --bootstrap b:4001 &&
		refuses 2 '--bootstrap HOST:PORT is missing' on x group create lab &&
		refuses 2 'must be HOST:PORT' on x group create lab --bootstrap b:70000 &&
		refuses 2 'cannot reach this one at "0.0.0.0:4767"' \
			on x group create lab --bootstrap b --bootstrap 0.0.0.0:4767 &&
		refuses 2 'cannot reach' on x group create lab --bootstrap 127.0.0.1 &&
		refuses 2 'cannot reach' on x group create lab --bootstrap 224.0.0.1:4767 &&
		refuses 2 'cannot reach' on x group create lab --bootstrap '[::1]:4767' &&
		refuses 2 'cannot reach' on x group create lab --bootstrap '[fe80::1]:4767' &&
		refuses 2 'cannot reach' on x group create lab --bootstrap '[ff02::1]:4767' &&
		refuses 2 'cannot reach' on x group create lab --bootstrap localhost:4767 &&
		refuses 2 'IPv4 prefix of /8 to /30' \
			on x group create lab --bootstrap b:4001 --name h --prefix 10.0.0.0/31 &&
		refuses 2 'from 1 to 3650' \
			on x group create lab --bootstrap b:4001 --name h --days 0 &&
		refuses 2 'without - at its ends' \
			on x group create lab --bootstrap b:4001 --name -h &&
		[ ! -e x ]
}

# 8.8.8.8 led into the group would be gone for its members; who owns a public network says so.
takes_no_public_addresses() {
	refuses 2 'say --any-prefix if it is yours' \
		on public group create pub --bootstrap b:4001 --name alpha --prefix 8.8.8.0/24 &&
		refuses 2 'no prefix for hosts' on public group create pub --bootstrap b:4001 \
			--name alpha --prefix 127.1.0.0/16 --any-prefix && [ ! -e public ] &&
		run 0 on public group create pub --bootstrap b:4001 --name alpha \
			--prefix 8.8.8.0/24 --any-prefix &&
		on public-b request --name beta >public.request 2>/dev/null &&
		on public group sign pub public.request >public.bundle 2>/dev/null &&
		refuses 7 'public.bundle: its network has the addresses 8.8.8.0/24' \
			on public-b join public.bundle --no-up &&
		says err '--any-prefix joins all the same' && [ ! -e public-b/etc ] &&
		run 0 on public-b join public.bundle --no-up --any-prefix &&
		says out 'Routed into it: 8.8.8.0/24 and fd'
}

# Whatever the host keeps for root: the last port of those, and the first that is for all.
refuses_ports_of_root() {
	first=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
	if [ "$first" -gt 1 ]; then
		refuses 2 "choose one from $first on" \
			on x group create lab --bootstrap "b:$((first - 1))" --name h || return 1
	fi
	[ ! -e x ] && run 0 on ports group create lab --bootstrap "b:$first" --name h
}

joins_a_second_host() {
	run 0 on b request --name beta && cp out beta.request &&
		says err '--root: there is no b yet; it is made.' &&
		says out 'BEGIN CERTIFICATE REQUEST' &&
		mode_is 700 b/var/lib/ipop/requests &&
		mode_is 600 b/var/lib/ipop/requests/*.pem &&
		run 0 on a group sign lab beta.request && cp out beta.bundle &&
		says err 'Signed "beta": 10.' && mode_is 600 out &&
		run 0 on b join beta.bundle --no-up && says out 'Joined "lab" as "beta"' &&
		says out 'Routed into it: 10.' &&
		mode_is 600 b/var/lib/ipop/lab/key.pem &&
		mode_is 600 b/var/lib/ipop/lab/bundle.json &&
		[ -z "$(ls b/var/lib/ipop/requests)" ] &&
		run 0 on a group list lab && says out beta
}

joins_from_a_pipe() {
	on p256 request --name pipe --key p256 2>>"$all" | on a group sign lab - 2>>"$all" |
		on p256 join - --no-up >>"$all" 2>&1 && on a group list lab | grep -q '^pipe '
}

refuses_a_second_holder() {
	on c request --name beta >second.request 2>/dev/null &&
		cp a/var/lib/ipop-ca/lab/registry before &&
		refuses 7 'the name "beta" is held by another key' \
			on a group sign lab second.request &&
		[ ! -s out ] &&
		on c request --name gamma >gamma.request 2>/dev/null &&
		address=$(on a group list lab | sed -n 's/^beta *\([0-9.]*\) .*/\1/p') &&
		refuses 7 "$address is held by \"beta\"" \
			on a group sign lab gamma.request --ip "$address" &&
		refuses 7 'keeps it when it is renewed' \
			on a group sign lab beta.request --ip "${address%.*}.77" &&
		first=$(on a group list lab | sed -n 's/^alpha *\([0-9.]*\) .*/\1/p') &&
		refuses 7 "this key has $address and keeps it when it is renewed" \
			on a group sign lab beta.request --ip "$first" &&
		cmp -s before a/var/lib/ipop-ca/lab/registry
}

gives_the_address_that_is_wished() {
	address=$(on a group list lab | sed -n 's/^beta *\([0-9.]*\) .*/\1/p')
	run 0 on a group sign lab gamma.request --ip "${address%.*}.77" &&
		says err "${address%.*}.77" &&
		refuses 2 'not its first or last' on a group sign lab second.request --ip 192.0.2.1 &&
		refuses 2 'must be an IPv4 address' on a group sign lab second.request --ip 1.2.3
}

signs_without_an_address() {
	on six request --name six >six.request 2>/dev/null
	refuses 2 'it is one or the other' on a group sign lab six.request --no-ip --ip 10.1.2.3 &&
		run 0 on a group sign lab six.request --no-ip && cp out six.bundle &&
		says err 'Signed "six": no IPv4 address' &&
		run 0 on six join six.bundle --no-up &&
		run 0 on a group list lab --json && says out '"ipv4": null'
}

refuses_what_is_no_request() {
	echo hello >garbage
	sed 's/^MI\(.\)/MJ\1/' beta.request >bent
	refuses 1 'garbage: not a request' on a group sign lab garbage &&
		refuses 1 'bent: ' on a group sign lab bent &&
		refuses 1 'nowhere: no such thing' on a group sign lab nowhere &&
		refuses 1 'longer than 65536 bytes' on a group sign lab /dev/zero &&
		openssl req -new -newkey ed25519 -nodes -keyout /dev/null -subj /CN=Omega >omega 2>/dev/null &&
		refuses 1 'omega: not a request as ipop request makes them: a host name (small' \
			on a group sign lab omega &&
		openssl req -new -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=omega >rsa 2>/dev/null &&
		refuses 1 'rsa: not a request as ipop request makes them' on a group sign lab rsa &&
		refuses 1 'is not on this host' on b group sign lab beta.request &&
		refuses 2 'cannot be the name' on a group sign '../lab' beta.request
}

refuses_bundles_that_are_none() {
	echo hello >garbage
	head -c 300 beta.bundle >half
	sed 's|bundle/1|bundle/2|' beta.bundle >later
	sed 's|"network_id": "..|"network_id": "aa|' beta.bundle >foreign
	sed 's|"network": "lab"|"network": "den"|' beta.bundle >renamed
	sed 's|"secrets"|"secret"|' beta.bundle >misspelt
	sed 's|"epoch": 1|"epoch": 0|' beta.bundle >epoch
	refuses 1 'garbage: not a bundle: no valid JSON' on d join garbage &&
		refuses 1 'half: not a bundle: no valid JSON' on d join half &&
		refuses 1 'another version ("ipop.bundle/2")' on d join later &&
		refuses 8 'of another network than it says' on d join foreign &&
		refuses 8 'that of a group "lab", not of "den"' on d join renamed &&
		refuses 1 '"secrets" is missing' on d join misspelt &&
		refuses 1 '"secrets" must be' on d join epoch &&
		refuses 1 'nowhere: no such thing' on d join nowhere &&
		refuses 1 '/tmp: that is a directory, not a file' on d join /tmp &&
		refuses 8 'its key is not on this host' on d join beta.bundle &&
		[ ! -e d ]
}

refuses_certificates_of_another_ca() {
	run 0 on e group create lab --bootstrap b:4001 --name alpha || return 1
	grep '"certificate"' beta.bundle >certificate
	sed -e '/"certificate"/{r certificate
		d;}' e/var/lib/ipop/lab/bundle.json >mixed
	refuses 8 'its certificate ' on b join mixed &&
		refuses 1 'another network of the name "lab"' on b join e/var/lib/ipop/lab/bundle.json
}

refuses_bundles_that_go_back() {
	secret=$(sed -n 's/^ *"secret": "\(.*\)"$/\1/p' beta.bundle)
	[ ${#secret} = 44 ] || return 1
	other=$(printf %.1s "$secret" | tr A-Za-z0-9+/ B-ZAb-za1-90/+)${secret#?}
	sed "s|$secret|$other|" beta.bundle >forged
	sed 's|"epoch": 1|"epoch": 2|' beta.bundle >second
	refuses 1 'forged: its secret is another than the one that this host has' \
		on b join forged --no-up &&
		run 0 on b join second --no-up &&
		refuses 1 'beta.bundle: its secret is of epoch 1, and this host has that of epoch 2' \
			on b join beta.bundle --no-up &&
		cp beta.bundle b/var/lib/ipop/lab/bundle.json
}

mends_a_damaged_bundle() {
	mine=b/var/lib/ipop/lab/bundle.json
	echo '{' >$mine
	run 0 on b join beta.bundle --no-up &&
		says err 'bundle.json: not a bundle: no valid JSON in line 2, column 0; the new bundle takes its place.' &&
		cmp -s beta.bundle $mine && echo '{' >$mine &&
		on b request --name beta2 >beta2.request 2>/dev/null &&
		on a group sign lab beta2.request >beta2.bundle 2>/dev/null &&
		refuses 1 'not for the key that stands beside it: ipop leave lab' \
			on b join beta2.bundle --no-up &&
		run 0 on b join beta.bundle --no-up && rm b/var/lib/ipop/requests/*
}

refuses_keys_that_others_may_read() {
	chmod 644 b/var/lib/ipop/lab/key.pem a/var/lib/ipop-ca/lab/key.pem
	refuses 7 'chmod 600 b/var/lib/ipop/lab/key.pem' on b join beta.bundle --no-up &&
		refuses 7 'chmod 600 a/var/lib/ipop-ca/lab/key.pem' \
			on a group sign lab beta.request &&
		chmod 600 b/var/lib/ipop/lab/key.pem a/var/lib/ipop-ca/lab/key.pem &&
		run 0 on b join beta.bundle --no-up
}

refuses_bundles_of_another_day() {
	on f request --name phi >phi.request 2>/dev/null
	"$forge" lab 3 <phi.request >expired && "$forge" lab -3 <phi.request >early &&
		"$forge" lab 0 <phi.request >good || return 1
	refuses 8 'expired: its certificate has ended on 20' on f join expired &&
		refuses 8 'early: its certificate is not valid before 20' on f join early &&
		[ ! -e f/etc ] && run 0 on f join good --no-up
}

keeps_what_the_owner_configured() {
	echo 'log-level = debug # no comment here' >f/etc/ipop/lab.conf
	cp f/etc/ipop/lab.conf before
	run 0 on f join good --no-up && cmp -s before f/etc/ipop/lab.conf
}

# --- the CA's files ---

refuses_a_damaged_registry() {
	cp -r a g
	registry=g/var/lib/ipop-ca/lab/registry
	cp $registry whole
	for damage in 's/beta/zeta/' '2d' '$d' 's/valid/revoked/'; do
		sed "$damage" whole >$registry
		refuses 1 'damaged; bring it back' on g group sign lab phi.request &&
			refuses 1 'damaged; bring it back' on g group list lab || return 1
	done
	: >$registry
	refuses 1 'damaged; bring it back' on g group sign lab phi.request || return 1
	rm $registry
	refuses 1 'registry: is gone, while the CA that it belongs to is there; bring it back from' on g group sign lab phi.request || return 1
	cp e/var/lib/ipop-ca/lab/registry $registry
	refuses 8 'not of the CA that stands beside it' on g group sign lab phi.request || return 1
	cp whole $registry
	cp e/var/lib/ipop-ca/lab/key.pem g/var/lib/ipop-ca/lab/key.pem
	refuses 8 'is not the one of its certificate' on g group sign lab phi.request
}

guards_the_ca_by_a_passphrase() {
	echo 'correct horse' >phrase
	echo 'battery staple' >wrong
	: >empty
	run 0 on h group create lab --bootstrap b:4001 --name alpha --passphrase-file phrase &&
		says out 'under a passphrase' &&
		says h/var/lib/ipop-ca/lab/key.pem 'ENCRYPTED PRIVATE KEY' &&
		run 0 on h group sign lab phi.request --passphrase-file phrase &&
		run 0 on h group list lab &&
		refuses 1 'wrong passphrase' \
			on h group sign lab phi.request --passphrase-file wrong &&
		refuses 1 'no passphrase' on h group sign lab phi.request --passphrase-file empty &&
		{ printf 'correct horse\r\n' && head -c 5000 /dev/zero; } >phrase.long &&
		run 0 on h group sign lab phi.request --passphrase-file phrase.long &&
		head -c 1024 /dev/zero | tr '\0' x >longest && printf '\n' >>longest &&
		refuses 1 'first line is no passphrase' \
			on h group sign lab phi.request --passphrase-file longest &&
		refuses 1 'there is no terminal' setsid "$ipop" --root h group sign lab phi.request
}

asks_for_the_passphrase_on_the_terminal() {
	create="$ipop --root tty group create lab --bootstrap b:4001 --name alpha --passphrase"
	sign="$ipop --root tty group sign lab phi.request"
	# shellcheck disable=SC2086 # words
	run 1 "$typist" $create -- 'New passphrase' one 'Again' two 'New' three 'Again' four \
		'New' five 'Again' six && [ ! -e tty/etc ] &&
		run 0 "$typist" $create -- 'New passphrase' 'swordfish' 'Again' 'swordfish' &&
		says tty/var/lib/ipop-ca/lab/key.pem 'ENCRYPTED PRIVATE KEY' &&
		run 1 "$typist" $sign -- 'Passphrase for the key of the CA:' 'sword' &&
		says out 'wrong passphrase' &&
		run 0 "$typist" $sign -- 'Passphrase for the key of the CA:' 'swordfish' &&
		says out 'ipop.bundle/1' && ! grep -q sword "$all" || return 1
	run 2 "$typist" "$ipop" --root tty leave -- 'Go on? [y/N]' '' && says out 'nothing was done' &&
		[ -e tty/etc/ipop/lab.conf ] &&
		run 0 "$typist" "$ipop" --root tty leave --with-ca -- 'admitted again. Go on?' yes &&
		[ ! -e tty/var/lib/ipop/lab ]
}

lets_signers_pass_one_after_the_other() {
	pids=
	for i in 1 2 3 4 5 6 7 8; do
		on "many" request --name "m$i" >"m$i.request" 2>/dev/null
	done
	for i in 1 2 3 4 5 6 7 8; do
		on a group sign lab "m$i.request" >"m$i.bundle" 2>/dev/null &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || return 1
	done
	[ "$(on a group list lab | grep -c '^m[1-8] ')" = 8 ] &&
		[ "$(on a group list lab | awk 'NR > 1 { print $2 }' | sort | uniq -d)" = "" ]
}

# --- the daemon ---

# A program directory in which ipopd is the fake, so that `up` and `down` can be tried.
install_fake() {
	mkdir -p bin
	cp "$ipop" bin/ipop
	cat >bin/ipopd <<-END
	#!/bin/sh
	# ipopd --root DIR NET
	echo "started with \$*"
	[ "\$1" = --root ] || exit 2
	[ ! -e "$work/answers/die" ] || { echo "no such \$3"; exit 8; }
	echo \$\$ >"$work/daemon.pid"
	exec "$fake" "\$2/run/ipop/\$3/control" "$work/answers"
	END
	chmod +x bin/ipopd
}

# unprivileged COMMAND...: as somebody to whom modes of files apply.
unprivileged() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --bounding-set -dac_override,-dac_read_search "$@"
	else
		"$@"
	fi
}

tells_denied_from_absent() {
	mkdir -p shut/etc/ipop && chmod 0 shut/etc/ipop
	refuses 7 'shut/etc/ipop: permission denied' unprivileged "$ipop" --root shut status &&
		run 7 unprivileged "$ipop" --root shut status --json &&
		says out '"code": "ERR_PERMISSION"' && chmod 700 shut/etc/ipop &&
		refuses 4 'in no network' unprivileged "$ipop" --root shut status &&
		refuses 2 '--root: garbage is no directory' on garbage status &&
		refuses 2 'longer than 900 characters' on "$(printf '%01000d' 0)" status &&
		[ "$(wc -c <err)" -lt 100 ]
}

says_what_is_not_running() {
	refuses 3 'lab is not running; ipop up lab starts it' on b status &&
		refuses 3 'is not running' on b peers &&
		refuses 3 'is not running' on b ping alpha &&
		refuses 3 'is not running' on b down &&
		refuses 4 'in no network' on nowhere status &&
		refuses 4 'not in the network "den", but in: lab' on b status den &&
		run 3 on b status --json && says out '"schema": "ipop.error/1"' &&
		says out '"exit": 3' &&
		run 0 on b version && says out 'ipop 0.' && cp out version &&
		run 0 on b --version && cmp -s out version && run 0 on b -V && cmp -s out version
}

goes_up_and_tells_the_address() {
	answers
	status_json false 0 >answers/status.0
	status_json true 0 >answers/status.1
	status_json true 1 >answers/status.2
	run 0 bin/ipop --root b up || return 1
	daemons="$daemons $(cat daemon.pid)"
	says out 'lab is up: beta has 10.151.0.2 and fd00::7' &&
		says b/run/ipop/lab/log 'started with --root' &&
		mode_is 750 b/run/ipop/lab &&
		run 0 bin/ipop --root b up lab && says out 'up already'
}

passes_on_why_it_is_refused() {
	mkdir kept && mv answers/status.* kept
	error_json ERR_FULL 'too many connections' 1 >answers/status.0
	refuses 1 'lab: too many connections' bin/ipop --root b up &&
		run 1 on b status --json && says out '"code": "ERR_FULL"' && says out '"exit": 1' &&
		mv kept/status.2 answers/status.0
}

shows_status() {
	run 0 on b status && cp out shown && says out 'lab is up for 1 h 1 min' &&
		says out '  IPv4         10.151.0.2/16' && says out '  peers        1 up of 2 known' &&
		says out '  NAT          not known before' && says out '  ring         in its place' &&
		says out 'alpha     up          0.81 ms  direct 192.0.2.7:4767     10.151.0.1' &&
		says out 'carol     up          31.0 ms  relay by alpha, mtu 1212  10.151.0.3' &&
		says out 'aebagb..  connecting' && says out '  no?answer' && [ "$(wc -l <shown)" -le 24 ] &&
		run 0 on b status --json && [ "$(field network out)" = lab ] &&
		[ "$(field uptime_s out)" = 3661 ]
}

# Who was never met has no name, but its reader knows the line; however long that is, its port is there.
names_the_line_of_who_was_never_met() {
	long=$(printf '%0150d' 0 | tr 0 h).example.org:4767
	cp answers/peers.0 kept/peers.0
	for line in vpn.example.org:4767 "$long" 'a\\u001b[2Jb:1'; do
		sed "s/\"state\": \"connecting\"/\"line\": \"$line\", &/" kept/peers.0 >answers/peers.0
		cell=$(echo "$line" | sed 's/.u001b/?/')
		run 0 on b status && grep -qxF "  $cell: no?answer" out && run 0 on b peers &&
			grep -qF "$cell  connecting" out || { cat out; return 1; }
	done
	mv kept/peers.0 answers/peers.0
}

shows_nat_and_ring() {
	cp answers/status.0 kept/status.0
	status_json false 1 '"changing"' 1 >answers/status.0
	rm -f answers/status.[1-9]
	run 0 on b status && says out 'NAT          in between, another port for each peer' &&
		says out 'ring         looking for its place, relays 1 pair' || return 1
	status_json true 1 '"stable"' 2 >answers/status.0
	run 0 on b status && says out 'in between, one port for all peers' &&
		says out 'in its place, relays 2 pairs' || return 1
	status_json true 1 '"none"' >answers/status.0
	run 0 on b status && says out 'none: others see this host under its own address' &&
		mv kept/status.0 answers/status.0
}

shows_peers() {
	run 0 on b peers && says out 'fd00::8  700 B  7.00 kB' &&
		run 0 on b peers --json && [ "$(field schema out)" = ipop.peers/1 ] &&
		run 0 on b version && says out 'ipopd 9.9.9 runs lab' &&
		run 0 on b version --json && [ "$(field network out)" = lab ]
}

pings() {
	run 0 on b ping alpha -c1 && says out 'alpha answers after 0.81 ms, direct 192.0.2.7:4767' &&
		run 0 on b ping alpha lab -c 1 --json && [ "$(field rtt_us out)" = 812 ] &&
		pong_json relay null '"carol"' false 'both NATs change' >answers/ping.2 &&
		run 6 on b ping alpha -c 1 &&
		says out 'alpha answers after 0.81 ms, relay by carol (both NATs change)' &&
		pong_json ring null null false 'no address yet' >answers/ping.3 &&
		run 6 on b ping alpha -c 1 && says out '0.81 ms, ring (no address yet)' &&
		error_json ERR_TIMEOUT 'alpha does not answer' 5 >answers/ping.4 &&
		run 5 on b ping alpha -c 1 --json && says out '"code": "ERR_TIMEOUT"' &&
		run 5 on b ping alpha -c 1 && says err 'lab: alpha does not answer' &&
		error_json ERR_DENIED 'not allowed' 7 >answers/ping.6 &&
		run 7 on b ping alpha && says err 'not allowed' &&
		refuses 2 'from 1 to' on b ping alpha -c 0 &&
		refuses 2 'a peer is a host name' on b ping "$(printf '\374')"
}

# ^C ends it, and tells what was measured until then.
sums_up_when_interrupted() {
	pong_json direct '"192.0.2.7:4767"' null true '' >answers/ping.99
	rm -f answers/ping.?
	cp answers/ping.99 answers/ping.0
	mkfifo pinged
	"$ipop" --root b ping alpha -c 1000 >pinged 2>err &
	pinging=$!
	{
		read -r _
		kill -INT $pinging
		cat
	} <pinged >out
	wait $pinging
	[ $? = 0 ] && rm pinged answers/ping.99 && says out '1 of 1 answered; 0.81 ms least'
}

distrusts_the_daemon() {
	printf 'nonsense\n' >answers/version.1
	: >answers/empty
	echo '{"schema": "ipop.peers/2", "peers": []}' >answers/peers.9
	for n in 2 3 4 5 6 7 8; do
		cp answers/peers.9 "answers/peers.$n"
	done
	refuses 1 'of another version than this program' on b peers &&
		run 0 on b version && ! grep -q runs out
}

goes_down() {
	run 0 on b down && says out 'lab is down.' && refuses 3 'is not running' on b status
}

# A daemon that another `up` has started meanwhile holds the lock, and the one of this `up` ends.
does_with_the_daemon_of_another() {
	answers
	status_json true 1 >answers/status.0
	cp bin/ipopd ipopd.kept
	cat >bin/ipopd <<-END
	#!/bin/sh
	flock -o "\$2/run/ipop/\$3/pid" "$fake" "\$2/run/ipop/\$3/control" "$work/answers" &
	echo \$! >"$work/daemon.pid"
	until [ -S "\$2/run/ipop/\$3/control" ]; do :; done
	echo "\$3 is up already"
	exit 1
	END
	run 0 bin/ipop --root b up lab && says out 'lab is up: beta has' && ! grep -q 'ended with' err || return 1
	daemons="$daemons $(cat daemon.pid)"
	echo '{"schema": "ipop.down/1"}' >answers/down.0
	run 0 on b down && mv ipopd.kept bin/ipopd
}

asks_which_network() {
	run 0 on two group create one --bootstrap b:4001 --name x &&
		run 0 on two group create two --bootstrap b:4001 --name x &&
		refuses 2 'in several networks, name one: one, two' on two status &&
		refuses 3 'two is not running' on two status two
}

explains_every_verb() {
	run 0 "$ipop" --help && says out 'group sign NAME REQUEST' &&
		run 2 "$ipop" && refuses 2 'did you mean "status"?' "$ipop" stauts &&
		run 0 "$ipop" group --help && says out 'group list' &&
		[ "$(head -n 1 out)" = 'ipop group VERB [ARGUMENT...] [OPTION...]' ] &&
		says out '--bootstrap HOST:PORT' && run 0 "$ipop" group create --help &&
		says out 'group create NAME --bootstrap HOST:PORT [OPTION...]' || return 1
	for verb in 'group create' 'group sign' 'group list' request join leave up down status peers \
		ping trace graph top bench version; do
		# shellcheck disable=SC2086 # two words
		run 0 "$ipop" $verb --help && says out 'Example' && says out "  ipop $verb" ||
			return 1
	done
}

has_no_colour_in_a_pipe() {
	! LC_ALL=C grep -q "$(printf '\033')" "$all"
}

fails_when_its_output_is_lost() {
	"$ipop" --help >/dev/full 2>err
	[ $? = 1 ] && says err 'could not be written' || return 1
	"$ipop" --root lost request --name lost >/dev/full 2>err
	[ $? = 1 ] && says err 'the request could not be written' &&
		[ -z "$(ls lost/var/lib/ipop/requests)" ]
}

shows_one_mark_for_one_character() {
	refuses 2 '"z?rich" must be' on x request --name 'zürich' &&
		refuses 2 '"?" cannot be the name' on x group create '東' --bootstrap b:4001
}

# A configuration of libcrypto's that takes all algorithms away.
trusts_no_configuration_of_the_library() {
	printf '%s\n' 'openssl_conf = all' '[all]' 'providers = providers' '[providers]' \
		'null = null' '[null]' 'activate = 1' >openssl.cnf
	run 0 env OPENSSL_CONF="$work/openssl.cnf" "$ipop" --root crypto request --name c
}

# The bytes of a private key, in the forms in which they could get out, are where keys belong and
# nowhere else.
keeps_private_keys_to_itself() {
	grep -rlZ 'BEGIN PRIVATE KEY' . | tr '\0' '\n' | sort >keys
	grep -v '/key\.pem$\|/requests/[0-9a-f]*\.pem$' keys && return 1
	[ "$(wc -l <keys)" -ge 5 ] || return 1
	while read -r key; do
		mode_is 600 "$key" || return 1
		body=$(sed -n 2p "$key")
		hex=$(printf '%s' "$body" | base64 -d | tail -c 32 | od -An -tx1 | tr -d ' \n')
		raw=$(printf '%s' "$body" | base64 -d | tail -c 32 | base64)
		grep -rlF -e "$body" -e "$hex" -e "$raw" . | grep -vxF -e "$key" >found
		# A copy of a directory that a case made has the same keys in the same places.
		if grep -v '/key\.pem$' found; then
			echo "# the key of $key is in these files"
			return 1
		fi
	done <keys
}

check 'group create makes a group and its first member' creates_a_group
check 'secret files are for their owner alone' guards_the_files
check 'whatever the umask' guards_the_files_whatever_the_umask
check 'a group is never made over another' makes_no_group_twice
check 'a group after a crash at each step of making it' makes_a_group_after_a_crash_at_each_step
check 'keys that a crash left are swept' sweeps_keys_that_a_crash_left
check 'group create refuses what cannot be' refuses_groups_that_cannot_be
check 'public addresses are not taken silently' takes_no_public_addresses
check 'group create refuses ports of root' refuses_ports_of_root
check 'request, sign, join' joins_a_second_host
check 'request, sign and join in a pipe, with P-256' joins_from_a_pipe
check 'a renewal keeps id and address' renews_with_the_same_id_and_address
check 'a renewal by the key that is here, the founder first' renews_by_the_key_that_is_here
check 'nobody gets a name or an address that is held' refuses_a_second_holder
check 'group sign --ip' gives_the_address_that_is_wished
check 'group sign --no-ip' signs_without_an_address
check 'group sign refuses what is no request' refuses_what_is_no_request
check 'nor over the key of a member' makes_no_group_over_a_key
check 'bundles lead to the founder that stands' leads_to_the_founder_that_stands
check 'a founder who leaves and comes back' brings_the_founder_back
check 'also after a crash at each step' brings_the_founder_back_after_a_crash_at_each_step
check 'a CA beside another network of its name' keeps_a_ca_out_of_other_networks
check 'a long way in is told whole' tells_a_long_way_in
check 'networks that overlap' tells_of_overlaps
check 'addresses of no other network' chooses_addresses_of_no_other_network
check 'group revoke' revokes
check 'what is told of what the revoked hold' tells_what_the_revoked_hold
check 'group rotate' rotates
check 'group bootstrap' changes_the_ways_in
check 'two who change a group at once' asks_about_what_it_does
check 'join refuses what is no bundle' refuses_bundles_that_are_none
check 'join refuses certificates of another CA' refuses_certificates_of_another_ca
check 'join refuses older and other secrets' refuses_bundles_that_go_back
check 'join mends a damaged bundle' mends_a_damaged_bundle
check 'join never replaces a key' never_replaces_a_key
check 'join after a crash at each of its steps' joins_after_a_crash_at_each_step
check 'keys that others may read are not used' refuses_keys_that_others_may_read
check 'join refuses bundles of another day' refuses_bundles_of_another_day
check 'a renewal of what has ended' renews_what_has_ended
check 'join keeps what the owner configured' keeps_what_the_owner_configured
check 'a damaged registry is refused' refuses_a_damaged_registry
check 'the key of the CA under a passphrase' guards_the_ca_by_a_passphrase
check 'the passphrase is asked for, and not shown' asks_for_the_passphrase_on_the_terminal
check 'check, of a FIFO, and as somebody without rights' checks_as_anybody
check 'who holds keys lets nobody look into its memory' keeps_its_memory_to_itself
check 'eight signers at once' lets_signers_pass_one_after_the_other
check 'a crash at each step of signing' survives_a_crash_at_each_step
install_fake
check 'exit codes 3 and 4' says_what_is_not_running
check 'denied is not absent' tells_denied_from_absent
check 'up waits, and tells the address' goes_up_and_tells_the_address
check 'up and status pass on why they are refused' passes_on_why_it_is_refused
check 'status' shows_status
check 'the line of who was never met' names_the_line_of_who_was_never_met
check 'what status says of NAT and ring' shows_nat_and_ring
check 'status tells in time how to renew' tells_how_to_renew_in_time
check 'peers and version' shows_peers
check 'what comes next on a command line' knows_what_comes_next
check 'in bash, zsh and fish' completes_in_each_shell
check 'nor does it wait for who hangs' waits_for_no_daemon
check 'ping and its exit codes' pings
check 'ping sums up when it is interrupted' sums_up_when_interrupted
check 'the answers of another version' distrusts_the_daemon
check 'down' goes_down
check 'trace' traces
check 'trace through a relay' traces_a_relay
check 'trace tells where a way ends' tells_where_a_way_ends
check 'graph' draws_the_network
check 'metrics tell members apart' tells_series_apart
check 'top' shows_who_talks
check 'top gives the terminal back' gives_the_terminal_back
check_troubles
check 'bench refuses what makes no sense' refuses_words_that_make_no_bench
check 'bench of who is not there' benches_nobody
check 'a daemon that cannot be asked is not left alone' does_not_leave_what_runs
check 'up tells why the daemon ended' tells_why_it_did_not_start
check 'up beside another up' does_with_the_daemon_of_another
check 'down beside another down' goes_down_with_one_that_ends
check 'join starts, and starts again when it renews' joins_and_goes_up
check 'a network without its configuration' knows_a_network_without_its_configuration
check 'leave, with and without the CA' leaves
check 'leave removes a CA that is left' removes_a_ca_that_is_left
check 'several networks' asks_which_network
check 'help' explains_every_verb
check 'no colour in a pipe' has_no_colour_in_a_pipe
check 'lost output is a failure' fails_when_its_output_is_lost
check 'one mark for one foreign character' shows_one_mark_for_one_character
check 'no configuration of the crypto library' trusts_no_configuration_of_the_library
check 'what is installed' installs_everything
check 'the user of the node' makes_the_user_of_the_node
check 'private keys stay where they belong' keeps_private_keys_to_itself
echo "1..$count"
exit $failed
