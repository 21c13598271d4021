# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # of run.sh
# lives.sh - cases of run.sh about networks that go up and down, and hosts that leave them.

# It ends just when it is told to: whoever told it hears nothing, and it is down.
goes_down_with_one_that_ends() {
	answers
	run 0 bin/ipop --root b up && daemons="$daemons $(cat daemon.pid)" && rm -f answers/down.* &&
		run 0 on b down && says out 'lab is down.'
}

tells_why_it_did_not_start() {
	answers
	chmod 400 b/run/ipop/lab/log
	refuses 7 'log: permission denied; run as root' unprivileged bin/ipop --root b up lab &&
		chmod 640 b/run/ipop/lab/log || return 1
	: >answers/die
	cp b/run/ipop/lab/log before
	refuses 8 'no such lab' bin/ipop --root b up &&
		says err 'the daemon ended with exit code 8' &&
		run 8 bin/ipop --root b up && [ "$(grep -c 'no such lab' err)" = 1 ] &&
		[ "$(grep -c 'no such lab' b/run/ipop/lab/log)" = 2 ] &&
		head -n 1 b/run/ipop/lab/log | cmp -s - before &&
		head -c 1048577 /dev/zero >b/run/ipop/lab/log &&
		run 8 bin/ipop --root b up && [ "$(wc -l <b/run/ipop/lab/log)" = 2 ] &&
		[ "$(wc -c <b/run/ipop/lab/log.old)" = 1048577 ] &&
		rm answers/die && cp bin/ipopd ipopd.kept && rm bin/ipopd &&
		refuses 1 'ipopd is not there' bin/ipop --root b up && mv ipopd.kept bin/ipopd
}

# is_anew: the daemon is another one than before, and it was said why.
is_anew() {
	daemons="$daemons $(cat daemon.pid)"
	[ "$before" != "$(cat daemon.pid)" ] && before=$(cat daemon.pid) &&
		says err 'lab is running with what it had before, and starts anew'
}

# A daemon that has another certificate starts again; one that has this one keeps its sessions.
joins_and_goes_up() {
	answers
	run 0 bin/ipop --root b join renewed.bundle && says out 'lab is up: beta' || return 1
	before=$(cat daemon.pid)
	daemons="$daemons $before"
	run 0 bin/ipop --root b join renewed.bundle && is_anew || return 1
	end=$(sed -n 's/.*the certificate ends \(.*\)\.$/\1/p' out)
	status_json true 1 null 0 "$end" >answers/status.0
	rm -f answers/status.[1-9]
	run 0 bin/ipop --root b join renewed.bundle && says out 'lab is up already' &&
		! grep -q 'starts anew' err && [ "$before" = "$(cat daemon.pid)" ] &&
		on a group sign lab beta.request --days 9 >newest.bundle 2>/dev/null &&
		run 0 bin/ipop --root b join newest.bundle --no-up &&
		says err 'before; next: ipop reload lab' &&
		run 0 bin/ipop --root b join newest.bundle && is_anew || return 1
	renews_who_runs
}

leaves() {
	refuses 2 'nothing was done' setsid "$ipop" --root b leave && [ -e b/etc/ipop/lab.conf ] &&
		run 0 on b leave lab --yes && [ ! -e b/etc/ipop/lab.conf ] &&
		[ ! -e b/var/lib/ipop/lab ] && [ ! -e b/run/ipop/lab ] &&
		refuses 4 'in no network' on b status &&
		run 0 on e leave -y && says out 'CA is still in' &&
		[ -e e/var/lib/ipop-ca/lab/key.pem ] && [ ! -e e/var/lib/ipop/lab/key.pem ] &&
		run 0 on h leave -y --with-ca && [ ! -e h/var/lib/ipop/lab ]
}

# A daemon's lock without its socket, held by a process that is none: nobody knows what it does.
does_not_leave_what_runs() {
	mkdir -p b/run/ipop/lab && echo $$ >b/run/ipop/lab/pid
	flock -n b/run/ipop/lab/pid sh -c '
		"$1" --root b leave lab -y >leave.out 2>&1 && exit 1
		"$1" --root b down >down.out 2>&1 && exit 1
		exit 0' sh "$ipop" || return 1
	says leave.out 'lab/pid is locked' && ! grep -q left leave.out &&
		says down.out 'lab/pid is locked' && [ -e b/etc/ipop/lab.conf ] &&
		refuses 3 'is not running' on b down
}

removes_a_ca_that_is_left() {
	refuses 4 'only its CA is still here; --with-ca removes that' on e leave lab -y &&
		refuses 2 'nothing was done' setsid "$ipop" --root e leave lab --with-ca &&
		run 0 on e leave lab -y --with-ca && says out 'The CA of "lab" is removed.' &&
		[ ! -e e/var/lib/ipop/lab ] && refuses 4 'in no network' on e leave lab -y --with-ca
}

# What a host is in its bundle says, or its daemon; the owner's own file need not be there.
knows_a_network_without_its_configuration() {
	rm -rf bare && cp -r b bare && rm bare/etc/ipop/lab.conf &&
		refuses 3 'lab is not running; ipop up lab starts it' on bare status &&
		refuses 3 'lab is not running' on bare down lab &&
		run 0 on bare check && says out 'lab.conf is not there: all options have their defaults' &&
		run 0 on bare check --json lab && says out '"fine": true' &&
		run 0 on bare request --renew lab && rm -r bare/etc &&
		refuses 3 'lab is not running' on bare peers || return 1
	# A daemon that runs is one, whatever became of its files.
	mkdir -p orphan/run/ipop/lab && answers && status_json true 1 >answers/status.0
	"$fake" orphan/run/ipop/lab/control "$work/answers" &
	orphan=$!
	daemons="$daemons $orphan"
	until [ -S orphan/run/ipop/lab/control ]; do kill -0 $orphan || return 1; done
	run 0 on orphan status && says out 'lab is up' && echo '{"schema": "ipop.down/1"}' >answers/down.0 &&
		run 0 on orphan down && wait $orphan && refuses 4 'in no network' on orphan status || return 1
	run 0 on bare leave lab -y && [ ! -e bare/var/lib/ipop/lab ] &&
		refuses 4 'in no network' on bare status
}
