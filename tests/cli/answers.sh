# shellcheck shell=sh
# answers.sh - what a daemon says, for the fake one of run.sh.

# status_json READY PEERS [NAT [PAIRS [END [CLOCK]]]]
status_json() {
	echo "{\"schema\": \"ipop.status/1\", \"version\": \"9.9.9\", \"network\": \"lab\"," \
		"\"network_id\": \"aebagbafaydqqcikbmga2dqpcaireeyu\", \"name\": \"beta\"," \
		"\"id\": \"aebagbafaydqqcikbmga2dqpcaireeyu\", \"ready\": $1," \
		"\"interface\": \"lab\", \"mtu\": 1360, \"port\": 4767, \"ipv6\": \"fd00::7\"," \
		"\"ipv6_prefix_len\": 48, \"ipv4\": \"10.151.0.2\", \"ipv4_prefix_len\": 16," \
		"\"uptime_s\": 3661, \"certificate_not_after\": \"${5:-2999-01-01T00:00:00Z}\"," \
		"\"peers_up\": $2, \"peers_known\": 2, \"nat\": ${3:-null}," \
		"\"clock_offset_s\": ${6:-null}, \"settled\": $1, \"relayed_pairs\": ${4:-0}, \"counters\": {}}"
}

peers_json() {
	cat <<-'END' | tr '\n' ' '
	{"schema": "ipop.peers/1", "peers": [
	 {"name": "alpha", "id": "aebagbafaydqqcikbmga2dqpcaireeyu", "state": "up",
	  "ipv6": "fd00::8", "ipv4": "10.151.0.1", "way": "direct", "remote": "192.0.2.7:4767",
	  "relay": null, "mtu": null, "nat": "none", "near": true, "rtt_us": 812,
	  "session_s": 60, "certificate_not_after": "2999-01-01T00:00:00Z", "why": "",
	  "packets_sent": 5, "bytes_sent": 700, "packets_received": 5, "bytes_received": 7000,
	  "packets_lost": 0, "replayed": 0, "forged": 0},
	 {"name": "carol", "id": "aebagbafaydqqcikbmga2dqpcaireeyb", "state": "up",
	  "ipv6": "fd00::a", "ipv4": "10.151.0.3", "way": "relay", "remote": null,
	  "relay": "alpha", "mtu": 1212, "nat": "changing", "near": false, "rtt_us": 31000,
	  "session_s": 50, "certificate_not_after": "2999-01-01T00:00:00Z",
	  "why": "both NATs change", "packets_sent": 0, "bytes_sent": 0, "packets_received": 0,
	  "bytes_received": 0, "replayed": 0, "forged": 0},
	 {"name": null, "id": "aebagbafaydqqcikbmga2dqpcaireeya", "state": "connecting",
	  "ipv6": "fd00::9", "ipv4": null, "way": null, "remote": null, "relay": null,
	  "mtu": null, "nat": null, "near": false, "rtt_us": null, "session_s": null,
	  "certificate_not_after": null, "why": "no\u001banswer", "packets_sent": 0,
	  "bytes_sent": 0, "packets_received": 0, "bytes_received": 0, "replayed": 0,
	  "forged": 0}]}
	END
	echo
}

# pong_json WAY REMOTE RELAY DIRECT WHY
pong_json() {
	echo "{\"schema\": \"ipop.ping/1\", \"name\": \"alpha\"," \
		"\"id\": \"aebagbafaydqqcikbmga2dqpcaireeyu\", \"ipv6\": \"fd00::8\"," \
		"\"ipv4\": null, \"way\": \"$1\", \"remote\": $2, \"relay\": $3," \
		"\"rtt_us\": 812, \"direct\": $4, \"why\": \"$5\"}"
}

# who_json NAME MET END BEFORE RTT [LINK]: on the way to alpha.
who_json() {
	echo "{\"schema\": \"ipop.who/1\", \"name\": \"$1\"," \
		"\"id\": \"aebagbafaydqqcikbmga2dqpcaireeyu\", \"met\": $2, \"end\": \"$3\"," \
		"\"before\": \"$4\", \"before_id\": \"aebagbafaydqqcikbmga2dqpcaireeyu\"," \
		"\"way\": \"direct\", \"relay\": null, \"relay_id\": null, \"step_us\": 500," \
		"\"rtt_us\": $5, \"links\": [${6:-}]}"
}

error_json() {
	echo "{\"schema\": \"ipop.error/1\", \"code\": \"$1\", \"text\": \"$2\", \"exit\": $3}"
}

# answers: a directory of what the daemon of host b says to everything.
answers() {
	rm -rf answers
	mkdir answers
	status_json true 1 >answers/status.0
	peers_json >answers/peers.0
	pong_json direct '"192.0.2.7:4767"' null true '' >answers/ping.0
	echo '{"schema": "ipop.version/1", "version": "9.9.9", "protocol": 1}' >answers/version.0
	echo '{"schema": "ipop.down/1"}' >answers/down.0
}
