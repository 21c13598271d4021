# shellcheck shell=sh
# benches.sh - `ipop bench` as far as it goes without a network: cases of run.sh. The rest is
# tests/lab/bench.sh.

refuses_words_that_make_no_bench() {
	refuses 2 'PEER is missing: ipop bench PEER, or on the other host ipop bench --listen' on b bench &&
		refuses 2 'takes no PEER: ipop bench --listen [NET]' on b bench --listen alpha lab &&
		refuses 2 '--once belongs to --listen' on b bench alpha --once &&
		refuses 2 '--time is for who measures, not for --listen' on b bench --listen --time 3 &&
		refuses 2 '--streams is for who measures' on b bench --listen lab --streams 3 &&
		refuses 2 '--time: "0" must be a number from 1 to 60' on b bench alpha --time 0 &&
		refuses 2 'from 1 to 60' on b bench alpha -t 61 &&
		refuses 2 '--streams: "9" must be a number from 1 to 8' on b bench alpha --streams 9 &&
		refuses 2 'from 1 to 8' on b bench alpha --streams 0 &&
		refuses 2 '--port: "65536" must be a number from 1 to 65535' on b bench --listen --port 65536 &&
		refuses 2 'from 1 to 65535' on b bench alpha --port 0 &&
		refuses 3 'lab is not running; ipop up lab starts it' on b bench alpha &&
		refuses 3 'is not running' on b bench --listen lab &&
		refuses 4 'in no network' on nowhere bench alpha &&
		run 3 on b bench --listen --json && says out '"schema": "ipop.error/1"'
}

# The daemon is a fake, so there is no interface.
benches_nobody() {
	answers
	look_at && refuses 5 'this host has no way to the addresses of alpha; ipop status lab tells' \
		on seen bench alpha && [ ! -s out ] &&
		refuses 1 'this host has no address in lab yet; ipop status lab tells more' \
			on seen bench --listen && look_away || return 1
	error_json ERR_TIMEOUT 'alhpa is not up: nobody answers to that name' 5 >answers/ping.0
	look_at && refuses 5 'nobody answers to that name; did you mean "alpha"?' on seen bench alhpa &&
		refuses 5 'nobody answers to that name' on seen bench zoe && ! grep -q 'did you mean' err &&
		run 5 on seen bench alhpa --json && says out '"code": "ERR_TIMEOUT"' &&
		look_away || return 1
	error_json ERR_MALFORMED 'that is this host itself' 2 >answers/ping.0
	look_at && refuses 2 'that is this host itself' on seen bench beta && look_away
}
