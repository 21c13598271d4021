# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # of run.sh
# troubles.sh - the verbs that tell what is the matter: cases of run.sh. How they put it: tests/cli/golden.

# absent_json WHY [N]: the N-th answers about `dora`, which is not up for that reason.
absent_json() {
	echo "{\"schema\": \"ipop.peers/1\", \"peers\": [{\"name\": \"dora\"," \
		"\"id\": \"aebagbafaydqqcikbmga2dqpcaireeya\", \"state\": \"connecting\"," \
		"\"ipv6\": \"fd00::9\", \"ipv4\": \"10.151.0.9\", \"way\": null, \"remote\": null," \
		"\"relay\": null, \"mtu\": null, \"nat\": null, \"near\": false, \"rtt_us\": null," \
		"\"session_s\": null, \"certificate_not_after\": null, \"why\": \"$1\"," \
		"\"packets_sent\": 0, \"bytes_sent\": 0, \"packets_received\": 0," \
		"\"bytes_received\": 0, \"packets_lost\": 0, \"replayed\": 0, \"forged\": 0}]}" \
		>"answers/peers.${2:-0}"
	error_json ERR_TIMEOUT "dora is not up: $1" 5 >"answers/ping.${2:-0}"
}

tells_why_it_is_direct() {
	answers
	look_at && run 0 on seen why fd00:0::8 --json && [ "$(field code out)" = direct ] &&
		says out '"fix": null' && run 0 on seen why beta && says out 'beta is this host itself.' &&
		later_peers_json 1000 1000 950 50 >answers/peers.1 &&
		run 0 on seen why alpha.lab.ipop && says out 'but 50 of 1,000 datagrams' && look_away
}

tells_why_it_is_not_direct() {
	answers
	pong_json relay null '"carol"' false 'both NATs lend another port for each peer' >answers/ping.0
	pong_json ring null null false 'no direct way answers, and no member relays' >answers/ping.1
	pong_json ring null null false 'no direct way answers' >answers/ping.2
	look_at && run 6 on seen why alpha && says out '(relay by carol)' && run 6 on seen why alpha &&
		says out '(ring)' && run 6 on seen why alpha --json && [ "$(field code out)" = firewall ] &&
		says out 'Let UDP port 4767 in' && look_away
}

tells_why_it_is_not_up() {
	answers
	absent_json 'no longer valid'
	look_at && run 5 on seen why 10.151.0.9 --json && [ "$(field code out)" = peer-expired ] &&
		[ "$(field state out)" = connecting ] && look_away || return 1
	error_json ERR_TIMEOUT 'zoe is not up: nobody answers to that name, address or id' 5 >answers/ping.0
	look_at && run 5 on seen why zoe --json &&
		[ "$(field code out)" = unknown ] && says out '"id": null' && look_away || return 1
	answers
	error_json ERR_TIMEOUT 'alpha does not answer' 5 >answers/ping.0
	look_at && run 5 on seen why alpha &&
		says out 'alpha has a session with this host, and does not answer' && look_away || return 1
	# Our own certificate comes before whatever is said of the peer.
	absent_json 'dialled, no answer yet'
	status_json true 1 null 0 2020-01-01T00:00:00Z >answers/status.0
	look_at && run 5 on seen why dora && says out "this host's certificate has ended on 2020-01-01T00:00:00Z" && look_away
}

# at_any_time FILE: with every instant of this host's clock as NOW.
at_any_time() {
	sed 's/clock says [0-9T:-]*Z/clock says NOW/' "$1" >at && mv at "$1"
}

# A clock that is wrong is said wherever its owner looks for the fault, and no sooner than it matters.
tells_of_a_wrong_clock() {
	answers
	status_json true 1 null 0 '' -90000 >answers/status.0
	absent_json 'dialled, no answer yet'
	look_at && run 5 on seen why dora --json &&
		[ "$(field code out)" = clock ] && run 0 on seen status &&
		says out "This host's clock is 1 d 1 h behind those of the other members: set it (timedatectl)." &&
		look_away || return 1
	answers
	status_json true 1 null 0 '' 301 >answers/status.0
	look_at && run 0 on seen why alpha --json &&
		[ "$(field code out)" = direct ] && run 0 on seen why beta && says out 'Name another member' &&
		! grep -q clock out && run 0 on seen status && says out "clock is 5 min 1 s ahead of those" && look_away || return 1
	for off in null 300 -300 0; do
		answers
		status_json true 1 null 0 '' "$off" >answers/status.0
		look_at && run 0 on seen status && ! grep -q clock out && run 0 on seen why alpha &&
			! grep -q clock out && look_away || return 1
	done
	status_json true 1 null 0 2020-01-01T00:00:00Z >answers/status.0
	look_at && run 0 on seen status && at_any_time out &&
		says out 'certificate has ended on 2020-01-01T00:00:00Z; its clock says NOW. If the clock is wrong, set' &&
		look_away
}

# A program that is younger than the clock says: the file can be fine.
tells_of_a_clock_before_its_time() {
	ipop_of_2100=$build/tests/cli/ipop_of_2100
	answers
	run 0 "$ipop_of_2100" --root seen check lab && at_any_time err &&
		says err "This host's clock says NOW, which is before this program was made" &&
		says out 'is fine' && run 0 on seen check lab && ! grep -q clock err || return 1
	look_at && run 0 "$ipop_of_2100" --root seen status lab && at_any_time out &&
		says out 'clock says NOW, which is before this program was made: set it' &&
		run 0 "$ipop_of_2100" --root seen why alpha && says out 'Set the clock of this host' &&
		look_away
}

# What the daemon can say of a peer, read from the sources: a new reason is not missed here.
reasons() {
	src=$top/src
	sed -n 's/.*why = "\([a-z][^"]*\)";.*/\1/p; s/.*fail(node, now, line, "\([^"]*\)").*/\1/p
		s/.*[?:] "\([a-z][^"]* answer yet\)".*/\1/p
		s/^#define TWINS_WHY "\(.*\)"$/\1/p' "$src"/node/*.[ch]
	sed -n 's/.*{ "\([a-z][^"]*\)",.*/\1/p; s/.*return "\([a-z][^"]*\)";/\1/p' "$src/path/paths_reason.c"
	sed -n 's/.*\.text = "\([^"]*\)".*/\1/p; s/.*return "\(th[a-z]* [^"]*\)";/\1/p
		s/.*[?:] "\(the peer [a-z ]*\)" : "\(the peer [a-z ]*\)".*/\1\n\2/p' "$src"/session/session*.c
	sed -n 's/.*answer_fail(asked, [A-Za-z_]*, "\([^"]*\)").*/\1/p' "$src/node/node_answer.c"
	for err in EXPIRED NOT_YET REVOKED FOREIGN CERTIFICATE PEER AUTH VERSION DENIED TIMEOUT; do
		sed -n "s/^.*X(ERR_$err, -[0-9]*, \"\([^\"]*\)\").*/\1/p" "$src/base/err.h"
	done
}

# Each is known by name: none is `other`.
knows_each_reason() {
	reasons | sed '/^$/d' | sort -u >reasons
	[ "$(wc -l <reasons)" -gt 42 ] || { echo "# only $(wc -l <reasons) reasons found" && return 1; }
	answers
	n=0
	while read -r reason; do
		absent_json "$reason" "$n"
		n=$((n + 1))
	done <reasons
	look_at || return 1
	while read -r reason; do
		run 5 on seen why dora --json || return 1
		[ "$(field code out)" != other ] || { echo "# not known: $reason" && return 1; }
	done <reasons
	look_away
}

shows_routes() {
	answers
	look_at && run 0 on seen routes lab --json &&
		[ "$(field schema out)" = ipop.routes/1 ] && says out '"destination": "fd00::/48"' &&
		says out '"destination": "10.151.0.3"' && ! grep -q 'fd00::9' out && look_away
}

# event_json EVENT FIELDS: of alpha, but for what FIELDS say.
event_json() {
	echo "{\"schema\": \"ipop.event/1\", \"at\": \"2026-11-23T11:00:00Z\", \"event\": \"$1\"," \
		"\"name\": \"alpha\", \"id\": \"aebagbafaydqqcikbmga2dqpcaireeyu\"," \
		"\"relay\": null, \"why\": \"the peer said goodbye\", $2}"
}

tells_what_happens() {
	answers
	{
		echo '{"schema": "ipop.monitor/1"}'
		event_json peer-up '"way": "direct", "remote": "192.0.2.7:4767"'
		event_json unheard '"number": 17'
	} >answers/monitor.0
	look_at && run 0 on seen monitor --count 2 && says out 'Z  unheard' &&
		run 0 on seen monitor --json -c 2 && [ "$(wc -l <out)" = 2 ] && says out '"peer-up"' &&
		refuses 2 'must be a number from 1' on seen monitor -c 0 && look_away || return 1
	# One node ends, the next one answers.
	echo '{"schema": "ipop.monitor/1"}' >answers/monitor.0
	: >answers/monitor.0.end
	cp answers/monitor.0 answers/monitor.1
	event_json place '"settled": false' >>answers/monitor.1
	look_at && run 0 on seen monitor -c 3 --json && [ "$(wc -l <out)" = 3 ] &&
		says out '"node-gone"' && says out '"node-back"' && look_away || return 1
	# It ends for good.
	echo '{"schema": "ipop.monitor/1"}' >answers/monitor.0
	look_at && kill "$(cat daemon.pid)" && rm -f seen/run/ipop/lab/control &&
		run 3 on seen monitor && says err 'is not running'
}

# What the log says of hosts and keys goes like what the daemon says; neither is the secret there.
writes_a_report() {
	answers
	look_at || return 1
	secret=$(sed -n 's/^ *"secret": "\(.*\)"$/\1/p' seen/var/lib/ipop/lab/bundle.json)
	{
		echo 'an old line'
		for n in 1 2 3 4 5 6 7 8 9 10; do
			for m in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
				echo "line $n.$m" && continue
			done
		done
		echo "info node lab: heard of 198.51.100.9:4767 and vpn.example.org, secret=$secret"
		echo "warning steward lab: cannot find a bootstrap host host=gone.example.net"
	} >seen/run/ipop/lab/log
	echo 'bootstrap = other.example.org:4767#aebagbafaydqqcikbmga2dqpcaireeyu' >>seen/etc/ipop/lab.conf
	run 0 on seen bugreport -o report && says out 'in report; read it before you send it' &&
		mode_is 600 report && says report '"remote": "192.0.x.x:4767"' &&
		says report '"ipv4": "10.151.0.1"' && says report 'ipopd 9.9.9' && says report 'Linux ' &&
		says report 'heard of 198.51.x.x:4767 and (host 2), secret=(left out)' &&
		says report 'bootstrap = (host 1):4767#aebag' && ! grep -q 'an old line' report &&
		! grep -q -e 192.0.2.7 -e 198.51.100 -e example.org:4767# -e gone.example report &&
		says report 'bootstrap host host=(host 3)' &&
		run 0 on seen bugreport --full -o - && says out '192.0.2.7:4767' &&
		says out 'bootstrap = other.example.org:4767' && says out 'secret=(left out)' &&
		! grep -qF "$secret" report out && run 0 on seen bugreport && ls ipop-lab-2*T*Z.txt >found &&
		refuses 1 'nowhere/report: it cannot be written' on seen bugreport -o nowhere/report &&
		look_away || return 1
	# Without a daemon it tells what there is.
	run 0 on seen bugreport -o - && says out 'lab is not running'
	sed -i '/other.example/d' seen/etc/ipop/lab.conf
}

# What is wrong in a bootstrap line is its host all the same; so is the name of what is no option.
hides_what_cannot_be_read() {
	mkdir -p seen/run/ipop/lab && cp seen/etc/ipop/lab.conf kept.conf || return 1
	for line in 'bootstrap = hq-gw.secret.example:4767' 'bootstrap = HQ-gw.secret.example' \
		'bootstrap = hq-gw.secret.example:port#s4ax' 'hq-gw.secret.example = 3'; do
		echo "$line" >>seen/etc/ipop/lab.conf
		"$ipop" --root seen check lab 2>err | sed -n 's/^ipop: */error steward lab: /p' >seen/run/ipop/lab/log
		grep -h secret.example err | sed 's/^/error steward lab: /' >>seen/run/ipop/lab/log
		echo 'warning child lab: hq-gw.secret.example is hq-gw.secret.example.' >>seen/run/ipop/lab/log
		says seen/run/ipop/lab/log 'lab.conf:' && run 0 on seen bugreport -o - && cp out report &&
			says report 'warning child lab: (host 1) is' && ! grep -iq 'secret\.' report || return 1
		run 0 on seen bugreport --full -o - && says out 'hq-gw.secret.example is' || return 1
		cp kept.conf seen/etc/ipop/lab.conf
	done
	rm -r seen/run/ipop/lab
}

# A report stands in its user's directory, where nothing is ours to remove.
leaves_hidden_files_alone() {
	mkdir -p home home/store && (
		cd home && touch .bashrc.20240101 .notes.deadbeef .report.0123456789abcdef store/.key.pem.20240101 &&
			cd .. && run 0 on seen bugreport -o home/report &&
			cd home && cp report again && run 0 "$ipop" --root ../seen bugreport &&
			ls ipop-lab-2*T*Z.txt >/dev/null && [ "$(find . -name '.*.*' | wc -l)" = 4 ]
	) && touch seen/var/lib/ipop/lab/.key.pem.20240101 seen/etc/ipop/.other.conf.0123456789abcdef &&
		run 0 on seen join seen/var/lib/ipop/lab/bundle.json --no-up &&
		[ -e seen/var/lib/ipop/lab/.key.pem.20240101 ] && [ -e seen/etc/ipop/.other.conf.0123456789abcdef ] &&
		rm seen/var/lib/ipop/lab/.key.pem.20240101 seen/etc/ipop/.other.conf.0123456789abcdef
}

# What scripts rely on: the schemas themselves, and each field that they ever had.
keeps_published_fields() {
	run 0 "$top/tests/tools/schemas" && says out 'ok 2 - no published field is gone'
}

explains_troubles() {
	for verb in why routes monitor bugreport; do
		run 0 "$ipop" $verb --help && says out 'Example' && says out "  ipop $verb" || return 1
	done
}

check_troubles() {
	check 'why, of who is reached directly' tells_why_it_is_direct
	check 'why, of who is not' tells_why_it_is_not_direct
	check 'why, of who is not up' tells_why_it_is_not_up
	check 'status and why, of a wrong clock' tells_of_a_wrong_clock
	check 'status, why and check, of a clock before the program' tells_of_a_clock_before_its_time
	check 'why knows each reason of the daemon' knows_each_reason
	check 'routes' shows_routes
	check 'monitor' tells_what_happens
	check 'bugreport' writes_a_report
	check 'bugreport hides what cannot be read, too' hides_what_cannot_be_read
	check 'hidden files of others are left alone' leaves_hidden_files_alone
	check 'no published field is gone' keeps_published_fields
	check 'help for these' explains_troubles
}
