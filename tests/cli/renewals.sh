# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # of run.sh
# renewals.sh - cases of run.sh about a certificate's end, and the key that it is for.

renews_with_the_same_id_and_address() {
	run 0 on a group list lab --json && grep -A2 '"beta"' out >before &&
		run 0 on a group sign lab beta.request --days 7 && cp out renewed.bundle &&
		says err 'Renewed "beta"' &&
		run 0 on b join renewed.bundle --no-up &&
		run 0 on a group list lab --json && grep -A2 '"beta"' out >after &&
		cmp -s before after && [ "$(grep -c '"name": "beta"' out)" = 1 ]
}

# renews ROOT CA NAME: by the key that is there, from request to bundle; what is the member's stays.
renews() {
	key=$(cksum <"$1/var/lib/ipop/lab/key.pem")
	on "$2" group list lab --json | grep -A2 "\"name\": \"$3\"" >before &&
		run 0 on "$1" request --renew lab && cp out renewal.request &&
		says err 'ipop group sign lab REQUEST' &&
		run 0 on "$2" group sign lab renewal.request && cp out renewal.bundle &&
		says err "Renewed \"$3\"" && ! grep -q 'new id' err &&
		run 0 on "$1" join renewal.bundle --no-up &&
		[ "$key" = "$(cksum <"$1/var/lib/ipop/lab/key.pem")" ] &&
		cmp -s renewal.bundle "$1/var/lib/ipop/lab/bundle.json" &&
		on "$2" group list lab --json | grep -A2 "\"name\": \"$3\"" >after &&
		cmp -s before after && [ "$(grep -c '"name"' after)" = 1 ]
}

# The founder too, who never made a request: else bundles would lead to an id that is nobody's.
renews_by_the_key_that_is_here() {
	run 0 on young group create lab --bootstrap b:4001 --name alpha --days 7 || return 1
	end=$(on young group list lab --json | field not_after /dev/stdin)
	renews young young alpha && later=$(on young group list lab --json | field not_after /dev/stdin) &&
		[ "$(date -d "$later" +%s)" -gt "$(($(date -d "$end" +%s) + 86400 * 300))" ] || return 1
	for kind in ed25519 p256; do
		on "young-$kind" request --name $kind --key $kind >$kind.request 2>/dev/null &&
			on young group sign lab $kind.request --days 7 >$kind.bundle 2>/dev/null &&
			run 0 on "young-$kind" join $kind.bundle --no-up &&
			renews "young-$kind" young $kind || return 1
	done
	refuses 2 'name and key stay' on young request --renew lab --name other &&
		refuses 2 'name and key stay' on young request --renew lab --key p256 &&
		refuses 4 'not in the network "den"' on young request --renew den &&
		cp young-p256/var/lib/ipop/lab/key.pem young-ed25519/var/lib/ipop/lab/key.pem &&
		refuses 8 "not the key of this host's certificate" on young-ed25519 request --renew lab &&
		[ ! -s out ]
}

# Late is not too late: the key is the one that the CA knows.
renews_what_has_ended() {
	mine=f/var/lib/ipop/lab/bundle.json
	cp $mine whole && cp expired $mine && run 0 on f request --renew lab &&
		cmp -s out phi.request && sed 's/MII/MIX/' expired >$mine &&
		refuses 8 'the bundle of "lab": ' on f request --renew lab && cp whole $mine
}

# A key is what a name and an address were given to, and there is no other copy.
never_replaces_a_key() {
	key=b/var/lib/ipop/lab/key.pem
	cp $key before && cp b/var/lib/ipop/lab/bundle.json bundle.before &&
		on b request --name beta3 >beta3.request 2>/dev/null &&
		on a group sign lab beta3.request >beta3.bundle 2>/dev/null &&
		refuses 1 'this host has another key in "lab"' on b join beta3.bundle --no-up &&
		says err 'ipop leave lab first' && cmp -s before $key &&
		cmp -s bundle.before b/var/lib/ipop/lab/bundle.json &&
		mv b/etc/ipop/lab.conf conf && rm b/var/lib/ipop/lab/bundle.json &&
		refuses 1 "remove $key first" on b join beta3.bundle --no-up && cmp -s before $key &&
		mv conf b/etc/ipop/lab.conf && run 0 on b join beta.bundle --no-up &&
		cmp -s before $key && rm b/var/lib/ipop/requests/*
}

tells_how_to_renew_in_time() {
	cp answers/status.0 kept/status.0
	! grep -q renew shown || return 1
	for days in 31 30 1 -1; do
		status_json true 1 null 0 "$(date -u -d "now + $days days" +%FT%TZ)" >answers/status.0
		run 0 on b status && cp out "renew.$days" || return 1
	done
	mv kept/status.0 answers/status.0
	says renew.31 'certificate  31 d' && ! grep -q 'renew' renew.31 &&
		says renew.30 '30 d; to renew it: ipop request --renew lab' &&
		says renew.1 'ipop request --renew lab' &&
		says renew.-1 'certificate  expired; to renew it: ipop request --renew lab'
}

# The daemon says that it is the member beta of now.
is_beta() {
	on a group list lab --json >list
	id=$(grep -A2 '"name": "beta"' list | field id /dev/stdin)
	ipv4=$(grep -A2 '"name": "beta"' list | field ipv4 /dev/stdin)
	status_json true 1 | sed "s/\"id\": \"[^\"]*\"/\"id\": \"$id\"/;s/\"ipv4\": \"[^\"]*\"/\"ipv4\": \"$ipv4\"/" >answers/status.0
	rm -f answers/status.[1-9] answers/reload.*
}

# goes_on EXIT TEXT: a renewal ends so, and the daemon is the one that it was.
goes_on() {
	on a group sign lab beta.request --days 8 >newest.bundle 2>/dev/null &&
		run "$1" bin/ipop --root b join newest.bundle && says err "$2" && ! grep -q 'starts anew' err &&
		cmp -s newest.bundle b/var/lib/ipop/lab/bundle.json && [ "$before" = "$(cat daemon.pid)" ]
}

# Who can take the new bundle over is not stopped for it, whatever it finds wrong.
renews_who_runs() {
	is_beta && echo '{"schema": "ipop.reload/1", "later": ["port"]}' >answers/reload.0 &&
		goes_on 0 'lab is running, and goes on with this bundle' &&
		run 0 bin/ipop --root b reload && says out 'lab goes on with what its files say now' &&
		says err 'Not yet: port; it counts after ipop down lab and ipop up lab' &&
		run 0 bin/ipop --root b reload --json && says out '"port"' || return 1
	error_json ERR_AGAIN 'the node process is busy; try again' 1 >answers/reload.0
	goes_on 1 'lab: the node process is busy; try again' && says err 'once that is mended: ipop reload lab' || return 1
	error_json ERR_DENIED 'only root may do this' 7 >answers/reload.0
	goes_on 7 'only root may do this' || return 1
	cp b/etc/ipop/lab.conf conf.good && echo 'prot = 1' >>b/etc/ipop/lab.conf &&
		goes_on 1 'prot: there is no such option; did you mean "port"?' || return 1
	# Not for a new start either: it would not come up again.
	status_json true 1 >answers/status.0
	goes_on 1 'prot: there is no such option' && cp conf.good b/etc/ipop/lab.conf || return 1
	: >program && chmod 777 program && echo "on-up = $work/program" >>b/etc/ipop/lab.conf &&
		goes_on 7 'others than root' && cp conf.good b/etc/ipop/lab.conf && is_beta || return 1
	error_json ERR_UNSUPPORTED 'there is no such verb' 2 >answers/reload.0
	on a group sign lab beta.request --days 8 >newest.bundle 2>/dev/null &&
		run 0 bin/ipop --root b join newest.bundle && is_anew && rm answers/reload.0
}
