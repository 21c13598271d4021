#!/bin/bash
# examples.sh - every example of ipop(1) does what it says: the walk at its head, then the one of each verb.
#
# They are taken from what the page is made of, so an example that is added is tried, on alpha, in the
# network that the walk has made. Here stand only those that need another host or moment. One that runs
# until it is ended has to say something first.
# shellcheck disable=SC2016 # conditions in quotes are for eval
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"

HEAD=$LAB_HERE/../../doc/man/ipop.1.head.scd
TABLES=$LAB_BUILD/doc/man/ipop.1.tables.scd

# The lines of the examples in a page.
examples_in() {
	sed -n '/^```$/,/^```$/{/^```$/!p}' "$1"
}

make_machines() {
	local host ipop
	lab_begin examples
	ipop=$(realpath "$LAB_BUILD")/src/prog/ipop/ipop
	cp /etc/hosts "$LAB_DIR/hosts"
	echo "192.0.2.1 vpn.example.org" >>"$LAB_DIR/hosts"
	lab_run lab mount --bind "$LAB_DIR/hosts" /etc/hosts
	lab_host alpha beta gamma
	lab_router r
	lab_link alpha 192.0.2.1/24 r 192.0.2.254/24
	lab_link beta 198.51.100.1/24 r 198.51.100.254/24
	lab_link gamma 203.0.113.1/24 r 203.0.113.254/24
	mkdir "$LAB_DIR/desk"
	for host in alpha beta gamma; do
		mkdir "$LAB_DIR/$host/bin"
		printf '#!/bin/sh\nexec %s "$@" --root %s\n' "$ipop" "$LAB_DIR/$host" >"$LAB_DIR/$host/bin/ipop"
		chmod +x "$LAB_DIR/$host/bin/ipop"
	done
}

# types HOST COMMAND: as a person types it there, where both keep their files.
types() {
	lab_run "$1" env -C "$LAB_DIR/desk" PATH="$LAB_DIR/$1/bin:$PATH" timeout 60 sh -c "$2" </dev/null
}

# says_something HOST COMMAND: it prints a line, and ends when nobody reads on or it is told to.
says_something() {
	lab_start "$1" watching env -C "$LAB_DIR/desk" PATH="$LAB_DIR/$1/bin:$PATH" sh -c "exec $2" &&
		lab_wait_until 20 test -s "$LAB_DIR/$1/watching.log" &&
		lab_stop "$1" watching
}

# The walk at the head of the page: HOST# COMMAND, in order.
test_walk() {
	local host command
	while IFS='#' read -r host command; do
		lab_check "$host:$command" types "$host" "$command"
	done < <(examples_in "$HEAD")
}

# A third member, without whom nobody stands in between.
third_joins() {
	types gamma "ipop request --name gamma > gamma.request" &&
		types alpha "ipop group sign lab gamma.request > gamma.bundle" &&
		types gamma "ipop join gamma.bundle" &&
		lab_wait_until 20 types alpha "ipop trace beta --ring"
}

try() {
	local example=$1
	case $example in
	"ipop group create "* | "ipop request "* | "ipop group sign "* | "ipop join "*)
		WALKED+=("$example") ;;
	"ipop bench "*)
		lab_start beta listener "$LAB_DIR/beta/bin/ipop" bench --listen --once
		lab_wait_until 20 grep -q . "$LAB_DIR/beta/listener.log" || true
		lab_check "$example" types alpha "$example"
		lab_stop beta listener ;;
	"ipop leave "*) LAST=$example ;;
	"ipop monitor"*) lab_check "$example" says_something alpha "$example" ;;
	"ipop down "*)
		lab_check "$example" types beta "$example"
		types beta "ipop up lab" ;;
	*) lab_check "$example" types alpha "$example" ;;
	esac
}

# The head shows them with a name or in passing; here they stand as the verbs have them.
test_again() {
	local example
	types beta "ipop leave lab --yes"
	types gamma "ipop leave lab --yes"
	lab_check "alpha leaves and has no CA" types alpha "ipop leave lab --yes --with-ca"
	rm -f "$LAB_DIR"/desk/*
	for example in "${WALKED[@]}"; do
		case $example in
		"ipop group "*)
			lab_check "$example" types alpha "$example" ;;
		"ipop request "*)
			lab_check "$example" types beta "$example" ;;
		"ipop join "*)
			types alpha "ipop up lab"
			lab_check "$example" types beta "$example" ;;
		esac
	done
	# It asks, and nobody is there to answer.
	lab_check "$LAST" types beta "$LAST --yes"
}

make_machines
test_walk
lab_check "a third member joins" third_joins
WALKED=() LAST=
mapfile -t EXAMPLES < <(examples_in "$TABLES")
lab_check "the page has examples" test ${#EXAMPLES[@]} -ge 15
for EXAMPLE in "${EXAMPLES[@]}"; do
	try "$EXAMPLE"
done
test_again
lab_end
