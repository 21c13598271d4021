#!/bin/bash
# crowd.sh - thirty daemons, most of them behind six boxes of all kinds, make one ring; a third of them is
# killed, and it heals; both who let others in die, and one who was switched off comes back all the same.
# shellcheck disable=SC2016 # conditions in quotes are for eval
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/internet.sh
. "$LAB_HERE/internet.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

KINDS=(full-cone restricted port-restricted symmetric linuxaccept symmetric)
PROVIDERS=(west east north)
A_HOME=4  # members behind a box; four more are public
KILLED=10 # of thirty
SEED=${SEED:-$RANDOM} # of where the public ones stand, and of who is killed
EXACT_MS=30000 HEALED_MS=30000 BACK_MS=5000

# ---- places --------------------------------------------------------------------------------------------

# gate1 and gate2 let others in; HOME_MEMBERS are behind boxes.
make_places() {
	local box i hosts
	lab_begin crowd
	lab_say "seed: $SEED (SEED=$SEED plays it again)"
	RANDOM=$SEED
	internet
	lab_host gate1 gate2 open1 open2 open3 open4
	HOME_MEMBERS=()
	for ((box = 0; box < ${#KINDS[@]}; box++)); do
		hosts=()
		for ((i = 1; i <= A_HOME; i++)); do hosts+=("h$box-$i"); done
		internet_home "box$box" "${PROVIDERS[box % 3]}" "${KINDS[box]}" "${hosts[@]}"
		HOME_MEMBERS+=("${hosts[@]}")
	done
	for i in gate1 gate2 open1 open2 open3 open4; do
		internet_line "$i" "${PROVIDERS[RANDOM % 3]}" 4
	done
	MEMBERS=(gate1 gate2 open1 open2 open3 open4 "${HOME_MEMBERS[@]}")
	members_found gate1 "${ADDRESS4[gate1]}"
	members_admit gate1 "${MEMBERS[@]:1}"
}

# All know both: one by the bundle, the other by this host's own configuration.
add_second_gate() {
	local line host
	members_up gate1 gate2
	line="${ADDRESS4[gate2]}:4767#$(member_is gate2 id)"
	for host in "${MEMBERS[@]:2}"; do
		echo "bootstrap = $line" >>"$LAB_DIR/$host/etc/ipop/lab.conf"
	done
}

# ---- the ring ------------------------------------------------------------------------------------------

is_exact() {
	lab_run lab "$LAB_HERE/ring.py" "$LAB_DIR" "$@" >"$LAB_DIR/ring"
}

becomes_exact() {
	lab_wait_until 60 is_exact "$@" || {
		cat "$LAB_DIR/ring"
		return 1
	}
}

# A third at random, without a word, all at once.
kill_a_third() {
	local host pids=()
	mapfile -t KILLED_NOW < <(shuf --random-source=<(yes "$SEED") -n "$KILLED" -e "${MEMBERS[@]:2}")
	mapfile -t LEFT < <(printf '%s\n' "${MEMBERS[@]}" | grep -vxFf <(printf '%s\n' "${KILLED_NOW[@]}"))
	lab_say "killed: ${KILLED_NOW[*]}"
	for host in "${KILLED_NOW[@]}"; do
		mapfile -t -O "${#pids[@]}" pids < <(member_pids "$host")
	done
	lab_run lab kill -KILL "${pids[@]}"
}

pings() {
	lab_run "$1" ping -c 3 -i 0.2 -W 2 "$2" | grep " 0% packet loss"
}

test_ring() {
	lab_check_within $EXACT_MS "thirty members make an exact ring" becomes_exact "${MEMBERS[@]}"
	kill_a_third
	lab_check_within $HEALED_MS "a third is killed: the others make an exact ring" becomes_exact "${LEFT[@]}"
}

# ---- without the gates -----------------------------------------------------------------------------------

# RETURNING is switched off in good order and comes back when both gates are dead.
test_remembered() {
	local other
	mapfile -t LEFT < <(printf '%s\n' "${LEFT[@]}" | grep -v '^gate')
	RETURNING=$(printf '%s\n' "${LEFT[@]}" | grep -m 1 '^h')
	other=$(printf '%s\n' "${LEFT[@]}" | grep '^h' | tail -n 1)
	OTHER_ADDRESS=$(member_is "$other" ipv6)
	members_down "$RETURNING"
	member_kill gate1
	member_kill gate2
	lab_check_within $BACK_MS "both gates are dead: $RETURNING comes back by whom it remembers" members_up "$RETURNING"
	lab_check "and reaches $other" lab_wait_until 10 pings "$RETURNING" "$OTHER_ADDRESS"
	lab_check_within $HEALED_MS "the ring is exact again" becomes_exact "${LEFT[@]}"
}

make_places
add_second_gate
members_up "${MEMBERS[@]:2}"
test_ring
test_remembered
lab_end
