#!/bin/bash
# nat-matrix.sh - two members behind each pair of NAT kinds: they reach each other at once, and
# directly wherever the two kinds allow that.
#
# Each pair is a network of three: the two, and a public member by which they enter and which can
# relay. All are started fresh, several pairs in one lab at once. ROUNDS=20 in the environment starts
# each pair so often (make soak PARTS=natlab); the figures are then the worst of all rounds, and a line
# says for each pair how many of its starts missed a bound.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/internet.sh
. "$LAB_HERE/internet.sh"
# shellcheck source=tests/lab/members.sh
. "$LAB_HERE/members.sh"

SLOTS=7 # pairs at once
JOIN_MS=1000 REACH_MS=2000 DIRECT_MS=10000
ROUNDS=${ROUNDS:-1}

# A hole can be punched unless one's filter asks for the port and the other's port cannot be known. Where
# a box is linuxaccept, the first probes of the other side must not come to it before its own have left,
# so they have to die on the way (paths.h, PUNCHING).
PAIRS="
public           public           direct
public           full-cone        direct
public           restricted       direct
public           port-restricted  direct
public           linuxaccept      direct
public           symmetric        direct
full-cone        full-cone        direct
full-cone        restricted       direct
full-cone        port-restricted  direct
full-cone        linuxaccept      direct
full-cone        symmetric        direct
restricted       restricted       direct
restricted       port-restricted  direct
restricted       linuxaccept      direct
restricted       symmetric        direct
port-restricted  port-restricted  direct
port-restricted  linuxaccept      direct
port-restricted  symmetric        relay
linuxaccept      linuxaccept      direct
linuxaccept      symmetric        relay
symmetric        symmetric        relay
"

# ---- places ------------------------------------------------------------------------------------------

# A slot has a member of each sort: hub1, who relays; a1 and b1 behind boxes of their own; p1 and q1
# with public addresses.
make_slot() {
	local slot=$1
	lab_host "hub$slot" "p$slot"
	internet_line "hub$slot" north
	internet_line "p$slot" west 4
	internet_home "x$slot" west port-restricted "a$slot"
	internet_home "y$slot" east port-restricted "b$slot"
	members_found "hub$slot" "${ADDRESS4[hub$slot]}"
	members_admit "hub$slot" "a$slot" "b$slot" "p$slot"
}

make_places() {
	local slot
	lab_begin natlab
	internet
	for ((slot = 1; slot <= SLOTS; slot++)); do make_slot "$slot"; done
	lab_host q1 # two public members come but once
	internet_line q1 east 4
	members_admit hub1 q1
}

# place SLOT SIDE KIND: makes the box on that side of that kind; who stands behind it is in PLACE.
place() {
	local box host public
	case $2 in
	a) box=x$1 host=a$1 public=p$1 ;;
	b) box=y$1 host=b$1 public=q$1 ;;
	esac
	PLACE=$public
	[[ $3 != public ]] || return 0
	PLACE=$host
	if [[ $2 == a ]]; then lab_nat "$box" lan west "$3"; else lab_nat "$box" lan east "$3"; fi
}

# ---- play --------------------------------------------------------------------------------------------

# batch KIND KIND WAY...: these pairs at once. A line of meet.py for each, after the pair's name.
batch() {
	local slot=0 pairs=() names=() hubs=() members=() a
	while (($# > 0)); do
		slot=$((slot + 1))
		place $slot a "$1"
		a=$PLACE
		place $slot b "$2"
		names+=("$1 and $2") pairs+=("$a,$PLACE,$3") hubs+=("hub$slot") members+=("$a" "$PLACE")
		shift 3
	done
	# Nothing is remembered of a pair that was here before.
	for a in "${hubs[@]}" "${members[@]}"; do rm -f "$LAB_DIR/$a/var/lib/ipop/lab/neighbours"; done
	members_up "${hubs[@]}"
	lab_run lab "$LAB_HERE/meet.py" "$LAB_DIR" "$IPOP" 11 "${pairs[@]}" >"$LAB_DIR/met"
	paste -d: <(printf '%s\n' "${names[@]}") "$LAB_DIR/met" >>"$LAB_DIR/results"
	paste -d: <(printf '%s\n' "${names[@]}") "$LAB_DIR/met" | sed 's/^/# /'
	members_down "${hubs[@]}" "${members[@]}"
}

# Whether this pair is to be played: a second run is for what missed a bound in the first.
is_wanted() {
	[[ -z ${TEST_ONLY:-} || $'\n'$TEST_ONLY == *$'\n'"$1: "* ]]
}

play() {
	local a b way todo=()
	while read -r a b way; do
		if [[ -z $a ]] || ! is_wanted "$a and $b"; then continue; fi
		todo+=("$a" "$b" "$way")
		if ((${#todo[@]} == 3 * SLOTS)); then
			batch "${todo[@]}"
			todo=()
		fi
	done <<<"$PAIRS"
	((${#todo[@]} == 0)) || batch "${todo[@]}"
}

# ---- judge ---------------------------------------------------------------------------------------------

# worst PAIR FIELD: the largest figure of all rounds; what is no number is worse.
worst() {
	sed -n "s/^$1:.* $2=\([^ ]*\).*/\1/p" "$LAB_DIR/results" | tr , '\n' |
		sort -t, -g | awk '/^[0-9]+$/ { most = $0 } !/^[0-9]+$/ { print; exit } END { print most }' |
		head -n 1
}

# each PAIR FIELD: the different values of all rounds.
each() {
	sed -n "s/^$1:.* $2=\([^ ]*\).*/\1/p" "$LAB_DIR/results" | sort -u | xargs
}

judge() {
	local a b way name
	while read -r a b way; do
		name="$a and $b"
		if [[ -z $a ]] || ! is_wanted "$name"; then continue; fi
		lab_check_figure "$name: each is up" "$(worst "$name" join_ms)" $JOIN_MS ms
		lab_check_figure "$name: reached by IPv4" "$(worst "$name" reach4_ms)" $REACH_MS ms
		lab_check_figure "$name: reached by IPv6" "$(worst "$name" reach6_ms)" $REACH_MS ms
		lab_check "$name: no ping is lost" none_lost "$name"
		if [[ $way == direct ]]; then
			lab_check_figure "$name: direct" "$(worst "$name" direct_ms)" $DIRECT_MS ms
		else
			lab_check "$name: by relay, for there is no other way" by_relay "$name"
		fi
	done <<<"$PAIRS"
}

# misses PAIR WAY: in how many of its starts a bound was missed, a ping lost, or the way another.
misses() {
	sed -n "s/^$1: *//p" "$LAB_DIR/results" |
		awk -v way="$2" -v join_most=$JOIN_MS -v reach_most=$REACH_MS -v direct_most=$DIRECT_MS '
		function over(figures, most, i, n, each) {
			n = split(figures, each, ",")
			for (i = 1; i <= n; i++)
				if (each[i] !~ /^[0-9]+$/ || each[i] + 0 > most) return 1
			return n == 0
		}
		{
			split("", of)
			for (i = 1; i <= NF; i++) of[substr($i, 1, index($i, "=") - 1)] = substr($i, index($i, "=") + 1)
			missed += over(of["join_ms"], join_most) || over(of["reach4_ms"], reach_most) ||
				over(of["reach6_ms"], reach_most) || of["lost"] != "0" ||
				(way == "direct" ? over(of["direct_ms"], direct_most) : of["way"] != way)
		}
		END { print missed + 0, NR }'
}

# A line for each pair, and one for all.
count_misses() {
	local a b way missed starts all_missed=0 all_starts=0
	while read -r a b way; do
		[[ -n $a ]] || continue
		read -r missed starts < <(misses "$a and $b" "$way")
		((starts > 0)) || continue
		lab_say "missed: $missed of $starts starts, $a and $b"
		all_missed=$((all_missed + missed)) all_starts=$((all_starts + starts))
	done <<<"$PAIRS"
	lab_say "missed: $all_missed of $all_starts starts in all"
}

none_lost() {
	echo "lost=$(each "$1" lost) sent=$(each "$1" sent) gone=$(each "$1" gone)"
	[[ $(each "$1" lost) == 0 ]]
}

by_relay() {
	echo "way=$(each "$1" way) relay=$(each "$1" relay)"
	[[ $(each "$1" way) == relay && $(each "$1" relay) =~ ^hub[0-9]$ ]]
}

make_places
for ((round = 1; round <= ROUNDS; round++)); do play; done
judge
count_misses
lab_end
