# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # of run.sh
# words.sh - what the cases of run.sh are written with. Its: all, ipop, count, failed.

# run EXIT COMMAND...: runs it and keeps its output in out and err.
run() {
	want=$1
	shift
	"$@" >out 2>err </dev/null
	got=$?
	cat out err >>"$all"
	if [ "$got" != "$want" ]; then
		echo "# $*: exit code $got, not $want"
		sed 's/^/#     /' out err
		return 1
	fi
}

# says FILE TEXT: the file holds the text.
says() {
	grep -qF -e "$2" "$1" || {
		echo "# $1 does not say: $2"
		sed 's/^/#     /' "$1"
		return 1
	}
}

# refuses EXIT TEXT COMMAND...: it ends so, and with this sentence.
refuses() {
	code=$1
	text=$2
	shift 2
	run "$code" "$@" && says err "$text"
}

mode_is() {
	[ "$(stat -c %a "$2")" = "$1" ] || {
		echo "# $2 has mode $(stat -c %a "$2"), not $1"
		return 1
	}
}

# check NAME FUNCTION: a case.
check() {
	count=$((count + 1))
	if "$2"; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		failed=1
	fi
}

on() {
	root=$1
	shift
	"$ipop" --root "$root" "$@"
}

# member ROOT NAME: a host that has joined the group "lab" of host a.
member() {
	on "$1" request --name "$2" >"$2.request" 2>/dev/null &&
		on a group sign lab "$2.request" >"$2.bundle" 2>/dev/null &&
		on "$1" join "$2.bundle" --no-up >/dev/null 2>&1
}

# field NAME FILE: of JSON that was printed with one field a line.
field() {
	sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$2"
}
