# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # of run.sh
# looks.sh - the verbs that watch the network: cases of run.sh. The daemon of host `seen` is a fake.

# look_at: starts it; its answers are those of answers(), and what the case changes.
look_at() {
	[ -e seen ] || cp -r b seen
	run 0 bin/ipop --root seen up lab || return 1
	daemons="$daemons $(cat daemon.pid)"
}

look_away() {
	run 0 on seen down
}

# later_peers_json SENT RECEIVED PACKETS LOST: of alpha, as in peers_json; the rest as it was.
later_peers_json() {
	peers_json | sed "s/\"packets_sent\": 5, \"bytes_sent\": 700, \"packets_received\": 5,/\
\"packets_sent\": 9, \"bytes_sent\": $1, \"packets_received\": $3,/
		s/\"bytes_received\": 7000/\"bytes_received\": $2/
		s/\"packets_lost\": 0/\"packets_lost\": $4/"
}

shows_who_talks() {
	answers
	later_peers_json 1000700 57000 95 10 >answers/peers.1
	look_at && run 0 on seen top && says out 'lab: beta, up for 1 h 1 min; 1 up of 2 known; in ' &&
		grep -q '^alpha  .* kB/s  .*/s  10.0 %  0.81 ms  direct 192.0.2.7:4767$' out &&
		says out 'relay by alpha, mtu 1212' &&
		says out 'aebagb..' && [ "$(wc -l <out)" = 6 ] &&
		refuses 2 'must be traffic, name, rtt or loss' on seen top --sort size &&
		refuses 2 'must be a number from 1 to 20' on seen top --interval 0 &&
		refuses 2 'must be a number from 1 to 20' on seen top --interval 21 &&
		run 0 on seen top --once --json --interval 1 && [ "$(wc -l <out)" = 1 ] &&
		says out '{"schema":"ipop.top/1","at":"' && says out '"loss_permille":' && look_away
}

# on_screen SHELL PROMPT KEY...: on a terminal, which is no pipe: what it shows has its sequences.
on_screen() {
	words=$1
	shift
	"$typist" /bin/sh -c "$words" -- "$@" >out 2>err </dev/null || {
		echo "# on a terminal: exit code $?, not 0"
		sed 's/^/#     /' out
		return 1
	}
}

# The terminal is given back as it was, however it ends: by a key, by its signal, by the daemon.
gives_the_terminal_back() {
	answers
	look_at || return 1
	watch="trap : INT; '$ipop' --root seen top; echo \"ended \$?\""
	state='stty -a | tr " " "\n" | grep -c -e "^icanon$" -e "^echo$"'
	for key in q "$(printf '\004')" "$(printf '\003')"; do
		on_screen "$watch; $state" 'q quits' "$key" || return 1
		tr -d '\r' <out >shown
		says shown "$(printf '\033[?25h')" && grep -q '^2$' shown &&
			grep -q 'ended \(0\|130\)$' shown || return 1
	done
	says shown 'ended 130' &&
		on_screen "$watch" 'by traffic' s 'by name' s 'by rtt' s 'by loss' s 'by traffic' q &&
		look_away && error_json ERR_FULL 'too many connections' 1 >answers/peers.1 &&
		look_at && on_screen "$watch" 'q quits' x && tr -d '\r' <out >shown &&
		says shown 'ended 1' && says shown 'ipop: lab: too many connections' && look_away
}

traces() {
	answers
	pong_json relay null '"carol"' false 'both NATs change' >answers/ping.2
	pong_json direct '"192.0.2.9:4767"' null true '' >answers/ping.3
	pong_json ring null null false 'no address yet' >answers/ping.4
	who_json alpha true passed beta 900 >answers/who.0
	who_json dora false passed alpha 1900 >answers/who.2
	error_json ERR_TIMEOUT 'nobody answers' 5 >answers/who.4
	who_json emil false target dora 3900 >answers/who.6
	look_at && run 0 on seen trace alpha -c 2 && says out 'alpha, directly' &&
		grep -q '^HOP  MEMBER  *WAY  *STEP  *ROUND TRIPS$' out &&
		grep -q '^  1  alpha  *direct 192.0.2.7:4767  *-  *0.81  0.81 ms$' out &&
		[ "$(wc -l <out)" = 3 ] &&
		run 0 on seen trace alpha -c 1 && says out 'alpha, through a relay' &&
		grep -q '^  1  alpha  *direct 192.0.2.9:4767 ' out &&
		grep -q '^  2  alpha  *direct  *-  *0.81 ms$' out &&
		cp out shown || return 1
	# The next one goes along the ring: one hop is silent, and one has not been met.
	run 0 on seen trace alpha -c 2 && says out 'alpha, along the ring' &&
		grep -q '^  1  alpha  *direct 192.0.2.7:4767  *0.50 ms  0.90  0.90 ms$' out &&
		grep -q '^  2  dora (unmet)  *direct  *0.50 ms  1.90  1.90 ms$' out &&
		grep -q '^  3  -  *-  *-  *\*  \*$' out &&
		grep -q '^  4  emil (unmet)  *direct  *0.50 ms  3.90  3.90 ms$' out &&
		says out '(unmet): this host has no session with it, and its name is what it says' &&
		says out '*: no answer' && look_away
}

# Each line says how one comes there from the line before; a relay that is silent has its line.
traces_a_relay() {
	answers
	pong_json relay null '"carol"' false 'both NATs change' >answers/ping.0
	error_json ERR_TIMEOUT 'carol does not answer' 5 >answers/ping.1
	pong_json relay null '"carol"' false 'both NATs change' >answers/ping.2
	pong_json direct '"192.0.2.9:4767"' null true '' >answers/ping.3
	look_at && run 0 on seen trace alpha -c 1 && says out 'alpha, through a relay' &&
		grep -q '^  1  carol  *-  *-  *\*$' out && grep -q '^  2  alpha  *direct  *-  *0.81 ms$' out &&
		says out '*: no answer' && run 0 on seen trace alpha -c 1 --json &&
		says out '"way": "relay"' && [ "$(grep -c '"name"' out)" = 2 ] &&
		[ "$(grep -c '"relay": null' out)" = 2 ] && look_away || return 1
	# The relay goes by another one itself: that is how one comes to it from here.
	answers
	pong_json relay null '"carol"' false 'both NATs change' >answers/ping.0
	pong_json relay null '"dave"' false 'both NATs change' >answers/ping.1
	look_at && run 0 on seen trace alpha -c 1 && grep -q '^  1  alpha  *relay by dave  *-  *0.81 ms$' out &&
		grep -q '^  2  alpha  *direct  *-  *0.81 ms$' out && look_away
}

tells_where_a_way_ends() {
	answers
	who_json alpha true passed beta 900 >answers/who.0
	who_json carl true stuck alpha 1900 >answers/who.1
	error_json ERR_TIMEOUT 'beta does not answer' 5 >answers/ping.1
	look_at && run 5 on seen trace alpha --ring -c 1 && says out '  2  carl' &&
		says err 'alpha is off, or nobody has its id: the way ends at carl, the nearest to it' &&
		error_json ERR_TIMEOUT 'nobody answers' 5 >answers/who.2 &&
		run 5 on seen trace alpha --ring --json && says out '"reached": false' &&
		[ "$(grep -c '"rtt_us"' out)" = 3 ] && says err 'alpha was not reached' &&
		run 0 on seen trace alpha -c 1 && run 5 on seen trace alpha -c 1 &&
		says err 'beta does not answer; the way along the ring' &&
		error_json ERR_NOT_FOUND 'this host has no other link that leads there' 1 >answers/who.99 &&
		refuses 2 'must be a number from 1 to 10' on seen trace alpha -c 11 &&
		look_away || return 1
	mv answers/who.99 answers/who.0
	look_at && refuses 1 'no other link that leads there' on seen trace alpha --ring && look_away || return 1
	# Whose id nobody knows has no way along the ring either: one sentence, and no empty table.
	answers
	error_json ERR_TIMEOUT 'zoe is not up: nobody answers to that name' 5 >answers/ping.0
	error_json ERR_NOT_FOUND 'nobody answers to that name' 1 >answers/who.0
	look_at && refuses 5 'zoe is not up: nobody answers to that name' on seen trace zoe && [ ! -s out ] && look_away
}

# Two rows of one name, one of none: no two samples have the same labels.
tells_series_apart() {
	answers
	peers_json | sed 's/"carol"/"alpha"/' >answers/peers.0
	look_at && run 0 on seen metrics && cp out page && look_away &&
		sed '/^#/d;s/ [^ ]*$//' page | sort | uniq -d >twice && [ ! -s twice ] || { cat twice; return 1; }
	says page 'ipop_peer_up{network="lab",peer="alpha",id="aebagbafaydqqcikbmga2dqpcaireeyb"} 1' &&
		says page 'ipop_peer_up{network="lab",peer="aebagbafaydqqcikbmga2dqpcaireeya",id="aebagbafaydqqcikbmga2dqpcaireeya"} 0'
}

draws_the_network() {
	answers
	who_json alpha true target beta 900 "{\"name\": \"dora\", \"near\": true, \"way\": \"relay\",
		\"id\": \"aebagbafaydqqcikbmga2dqpcaireeye\"}" | tr '\n' ' ' >answers/who.0
	echo >>answers/who.0
	error_json ERR_TIMEOUT 'dora does not answer' 5 >answers/who.1
	sed 's/"id": "aebagbafaydqqcikbmga2dqpcaireeyu"/"id": "aebagbafaydqqcikbmga2dqpcairee2a"/' \
		answers/status.0 >status && mv status answers/status.0
	look_at && run 0 on seen graph && says out 'lab: 4 members, 3 links' &&
		says out '@  beta' && says out 'o  alpha' && says out '?  dora' && [ ! -s err ] &&
		run 0 on seen graph --ask 0 && says out '-  alpha' &&
		says err '1 of 3 members were asked for their links; --ask 2 asks all of these' &&
		run 0 on seen graph --svg -o lab.svg && [ ! -s out ] &&
		says lab.svg '<svg xmlns=' && says lab.svg '>carol' &&
		run 0 on seen graph --dot --ask 0 && says out 'graph "lab" {' && ! grep -q dora out &&
		run 0 on seen graph --json --ask 0 && [ "$(field schema out)" = ipop.graph/1 ] &&
		refuses 2 'one or the other' on seen graph --dot --svg &&
		refuses 2 'from 0 to 1024' on seen graph --ask 2000 &&
		refuses 1 'nowhere/lab.svg: it cannot be written' on seen graph --svg -o nowhere/lab.svg &&
		look_away
}
