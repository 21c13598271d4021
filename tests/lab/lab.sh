# shellcheck shell=bash
# lab.sh - the laboratory: machines, routers and bad lines in network namespaces, for real programs.
#
# A test sources this file and reads as a story; README.md beside it shows one, and lists what is
# here. The file turns on `set -euo pipefail`: a step that fails ends the story and fails the test.
# Not so below lab_check and in conditions, where bash has errexit off: what can be called there,
# and that is nearly all of this file, joins its steps with && or returns by itself.
#
# How a lab can be removed completely, whatever happens to the script that made it: everything lives
# below one process, the keeper. It is the first process of a PID namespace, so with its end the
# kernel ends all programs of the lab; the network namespaces are mounted in its mount namespace
# only, so with it go machines, links and rules. And the kernel kills the keeper when the script
# dies (prctl PR_SET_PDEATHSIG), even by SIGKILL. What may stay behind is a directory of logs, and
# the next lab sweeps that. A lab has no link to the host and hides the host's /run, so nothing in
# it can talk to a service of the host, and two labs cannot meet.
#
# Outside, a story can harm nothing: programs of a lab are signalled inside their PID namespace.

set -euo pipefail
shopt -s inherit_errexit # else `x=$(story)` goes on after a step that failed

LAB_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_BUILD=${LAB_BUILD:-$LAB_HERE/../../build}
LAB_SHELL=$BASHPID # runs the story; its subshells clean nothing up
LAB_KEEPER=''      # the keeper's pid, as the host sees it; empty while there is no lab
LAB_KEEPER_JOB=''  # our child above it, which waits for it
LAB_CHECKS=0 LAB_FAILURES=0
LAB_FAILED_AT=''

# Public: LAB_DIR, the directory of the lab, in LAB_TOP, that of the script. $LAB_DIR/NODE belongs to
# one machine: its logs, and a place for the state of its daemons.

# ---- telling what happens: TAP, the Test Anything Protocol ------------------------------------

# lab_say TEXT...: a line of commentary.
lab_say() {
	echo "# $*"
}

# lab_check NAME COMMAND...: one check, passed if the command succeeds. What it wrote is shown only
# if it fails. The command may be a function of the story; join its steps with && (bash turns
# errexit off in there).
lab_check() {
	lab_check_within '' "$@"
}

# lab_check_within MS NAME COMMAND...: the same, and the command must not take longer than MS. If
# only that goes wrong, the check has missed its bound, which tools/test lets it try once more.
lab_check_within() {
	# Bash's local variables are seen by the functions we call, so the story's command sees these.
	local lab__bound_ms=$1 lab__name=$2 lab__verdict=ok lab__figure='' lab__output lab__begin
	shift 2
	LAB_CHECKS=$((LAB_CHECKS + 1))
	lab__output=$LAB_TOP/check
	lab__clock
	lab__begin=$LAB_NOW
	"$@" >"$lab__output" 2>&1 || lab__verdict='not ok'
	lab__clock
	lab__figure="$((LAB_NOW - lab__begin)) ms"
	if [[ $lab__verdict == ok && -n $lab__bound_ms ]] && ((${lab__figure% ms} > lab__bound_ms)); then
		lab__verdict='not ok' lab__figure="MISS $lab__figure, the bound is $lab__bound_ms ms"
	fi
	echo "$lab__verdict $LAB_CHECKS - $lab__name # $lab__figure"
	if [[ $lab__verdict != ok ]]; then
		LAB_FAILURES=$((LAB_FAILURES + 1))
		lab_say "the command: $*"
		sed 's/^/# | /' "$lab__output"
	fi
	rm -f "$lab__output"
}

# lab_check_figure NAME FIGURE MOST UNIT: one check, of a figure that the story measured itself: a
# whole number, and at most MOST. If only that goes wrong, the check has missed its bound; what is no
# number ("-", "never") has failed.
lab_check_figure() {
	LAB_CHECKS=$((LAB_CHECKS + 1))
	if [[ $2 =~ ^[0-9]+$ ]] && (($2 <= $3)); then
		echo "ok $LAB_CHECKS - $1 # $2 $4"
		return
	fi
	LAB_FAILURES=$((LAB_FAILURES + 1))
	if [[ $2 =~ ^[0-9]+$ ]]; then
		echo "not ok $LAB_CHECKS - $1 # MISS $2 $4, the bound is $3 $4"
	else
		echo "not ok $LAB_CHECKS - $1 # $2 instead of at most $3 $4"
	fi
}

# lab_die TEXT...: ends the story.
lab_die() {
	echo "lab: $*" >&2
	exit 1
}

# ---- waiting ---------------------------------------------------------------------------------

# Milliseconds since the host's boot, to LAB_NOW.
lab__clock() {
	local up
	read -r up _ </proc/uptime
	LAB_NOW=$((10#${up/./} * 10))
}

# As lab_wait_until, but silent.
lab__poll() {
	local lab__deadline
	lab__clock
	lab__deadline=$((LAB_NOW + $1 * 1000))
	shift
	until if (($# == 1)); then eval "$1"; else "$@"; fi; do
		lab__clock
		((LAB_NOW < lab__deadline)) || return 1
		sleep 0.02
	done
}

# lab_wait_until SECONDS CONDITION...: returns as soon as the condition holds, a command with its
# arguments or one word for eval; fails if it does not in that time. This is how a story waits for
# anything: never by sleeping for as long as it probably takes.
lab_wait_until() {
	local lab__seconds=$1
	shift
	if lab__poll "$lab__seconds" "$@" >"$LAB_TOP/wait" 2>&1; then
		return 0
	fi
	echo "lab: not within $lab__seconds s: $*" >&2
	tail -n 5 "$LAB_TOP/wait" >&2
	return 1
}

# ---- beginning and end -------------------------------------------------------------------------

# When a process was started, in clock ticks since boot: with its pid, a name that is never reused.
lab__started() {
	local stat fields
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
	read -ra fields <<<"${stat##*) }" # the name, in brackets, may hold blanks
	echo "${fields[19]}"
}

# lab_sweep: removes the directories of labs whose script is dead. There is nothing else to remove.
lab_sweep() {
	local dir owner
	for dir in "${TMPDIR:-/tmp}"/ipop-lab.*; do
		[[ -d $dir && -O $dir ]] || continue
		owner=${dir##*/ipop-lab.}
		owner=${owner%.*}
		[[ $(lab__started "${owner%.*}") == "${owner#*.}" ]] || rm -rf --one-file-system "$dir"
	done
}

# The directory of this script, and what it does when it ends, however it ends.
lab__prepare() {
	lab_sweep
	LAB_TOP=$(mktemp -d "${TMPDIR:-/tmp}/ipop-lab.$LAB_SHELL.$(lab__started "$LAB_SHELL").XXXXXX")
	exec {LAB_STDOUT}>&1 # for lab__on_exit: a script may die while its output goes elsewhere
	trap lab__on_exit EXIT
	trap 'LAB_FAILED_AT="${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND"' ERR
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	set -E # functions inherit the ERR trap
}

# lab_begin NAME: makes an empty lab.
lab_begin() {
	[[ -z $LAB_KEEPER_JOB ]] || lab_die "the lab in $LAB_DIR has not ended"
	[[ $EUID == 0 ]] || lab_die "network namespaces need root"
	((BASHPID == LAB_SHELL)) || lab_die "a lab begins in the shell that runs the story"
	declare -gA LAB_KIND=() LAB_ADDRS=() LAB_LINKS=() LAB_MTU=() LAB_ROUTES=() LAB_JOBS=() LAB_SET=()
	declare -gA LAB_PORTS=()
	LAB_DIR=$LAB_TOP/$1
	mkdir -p "$LAB_DIR/lab"
	setpriv --pdeathsig KILL -- bash "$LAB_HERE/keeper.sh" "$LAB_SHELL" "$LAB_DIR" \
		</dev/null >"$LAB_DIR/lab/keeper.log" 2>&1 {LAB_STDOUT}>&- &
	LAB_KEEPER_JOB=$!
	lab_wait_until 10 test -s "$LAB_DIR/lab/keeper" ||
		lab_die "no namespaces here: $(cat "$LAB_DIR/lab/keeper.log")"
	read -r LAB_KEEPER <"$LAB_DIR/lab/keeper"
}

# lab_end: ends all programs and removes all machines. Called by itself when the script exits. With
# LAB_KEEP set in the environment the directory stays.
lab_end() {
	[[ -n $LAB_KEEPER_JOB ]] || return 0
	# A keeper that is still starting goes with its parent.
	kill -KILL "${LAB_KEEPER:-$LAB_KEEPER_JOB}" 2>/dev/null || true
	wait "$LAB_KEEPER_JOB" "${LAB_JOBS[@]}" 2>/dev/null || true
	LAB_KEEPER='' LAB_KEEPER_JOB=''
	if [[ -n ${LAB_KEEP:-} ]]; then
		lab_say "kept: $LAB_DIR"
	else
		rm -rf --one-file-system "$LAB_DIR"
	fi
}

lab__on_exit() {
	local status=$? log
	trap - EXIT ERR
	trap '' HUP INT TERM # the removal is short, and not to be interrupted
	set +e
	exec >&"$LAB_STDOUT"
	if ((status != 0)); then
		[[ -z $LAB_FAILED_AT ]] || lab_say "ended with status $status at $LAB_FAILED_AT"
		lab__show check
	fi
	if ((status != 0 || LAB_FAILURES > 0)); then
		((LAB_CHECKS == 0)) || lab_say "$LAB_FAILURES of $LAB_CHECKS checks failed"
		for log in "$LAB_TOP"/*/*/*.log "$LAB_TOP"/*/*/run/ipop/*/log; do
			lab__show "${log#"$LAB_TOP/"}"
		done
		((status != 0)) || status=1
	elif ((LAB_CHECKS > 0)); then
		echo "1..$LAB_CHECKS"
	fi
	lab_end
	[[ -n ${LAB_KEEP:-} ]] || rm -rf --one-file-system "$LAB_TOP"
	exit "$status"
}

lab__show() {
	[[ -s $LAB_TOP/$1 ]] || return 0
	lab_say "the last lines of $1:"
	tail -n 15 "$LAB_TOP/$1" | sed 's/^/# | /'
}

# ---- programs on machines ----------------------------------------------------------------------

# Runs a command on a node, or, for the node "lab", in the lab but on none of its machines. A shell
# starts background jobs with SIGINT ignored; programs here shall not inherit that.
lab__on() {
	local node=$1 exec=()
	shift
	if [[ $node != lab ]]; then
		[[ -n ${LAB_KIND[$node]:-} ]] || lab_die "there is no machine $node"
		exec=(ip netns exec "$node")
	fi
	exec nsenter --target "$LAB_KEEPER" --mount --pid --net -- "${exec[@]}" \
		env --default-signal=INT,QUIT --chdir="$PWD" "$@" {LAB_STDOUT}>&-
}

# lab_run NODE COMMAND...: runs a command there; its output and status are those of the command.
# By `wait`, which a signal interrupts, so a story can be stopped during a long command.
lab_run() {
	lab__on "$@" <&0 &
	wait $!
}

# lab_ip NODE ARGUMENT...: ip(8) there.
lab_ip() {
	lab_run "$1" ip "${@:2}"
}

# lab_way_in NODE [COMMAND...]: prints the command that runs one there (bash), for a person at a terminal.
lab_way_in() {
	local node=$1
	shift
	echo "nsenter -t $LAB_KEEPER -m -p -n ip netns exec $node ${*:-bash}"
}

# lab_wait_jobs PID...: waits for jobs of this shell, all of them; fails if one of them did.
lab_wait_jobs() {
	local job status=0
	for job; do wait "$job" || status=1; done
	return $status
}

# lab_start NODE NAME COMMAND...: starts a program in the background. Its output goes to
# $LAB_DIR/NODE/NAME.log, after what an earlier run of that name wrote there; its pid, as the
# programs of the lab see it, to $LAB_DIR/NODE/NAME.pid.
lab_start() {
	local node=$1 name=$2 base=$LAB_DIR/$1/$2
	shift 2
	! lab_runs "$node" "$name" || lab_die "$node/$name runs already"
	rm -f "$base.pid"
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab__on "$node" setsid bash -c 'echo $$ >"$0.new" && mv "$0.new" "$0.pid" && exec "$@"' \
		"$base" "$@" </dev/null >>"$base.log" 2>&1 &
	LAB_JOBS[$node/$name]=$!
	lab_wait_until 10 test -s "$base.pid"
}

# lab_runs NODE NAME: whether it (still) runs.
lab_runs() {
	[[ -n ${LAB_JOBS[$1/$2]:-} ]] && kill -0 "${LAB_JOBS[$1/$2]}" 2>/dev/null
}

# lab_signal NODE NAME SIGNAL: sends a signal to what lab_start started. Safe against reuse of the
# pid: nsenter, our child, stands for the program and ends only after it.
lab_signal() {
	lab_runs "$1" "$2" || return 1
	lab_run lab kill -s "$3" "$(<"$LAB_DIR/$1/$2.pid")"
}

# lab_wait NODE NAME: waits until it has ended; the exit status is its own.
lab_wait() {
	local job=${LAB_JOBS[$1/$2]} status=0
	wait "$job" 2>/dev/null || status=$?
	unset "LAB_JOBS[$1/$2]"
	return "$status"
}

# lab_stop NODE NAME [SECONDS]: asks it to end (SIGTERM). Fails if it does not end in that time (5 s),
# and then kills it.
lab_stop() {
	lab_signal "$1" "$2" TERM || true # it may have ended already
	if lab__poll "${3:-5}" "! lab_runs $1 $2"; then
		lab_wait "$1" "$2" || true
		return 0
	fi
	echo "lab: $1/$2 ignores SIGTERM" >&2
	lab_kill "$1" "$2"
	return 1
}

# lab_kill NODE NAME: kills it (SIGKILL), and returns when it is dead.
lab_kill() {
	lab_signal "$1" "$2" KILL || true
	lab_wait "$1" "$2" || true
}

# lab_capture NODE NEIGHBOUR FILE [FILTER...]: captures what NODE sends and receives on its link to
# NEIGHBOUR into $LAB_DIR/FILE, from the return of this function on.
lab_capture() {
	local node=$1 neighbour=$2 file=$3
	shift 3
	lab_start "$node" "capture.$neighbour" tcpdump --interface "$neighbour" -w "$LAB_DIR/$file" \
		--snapshot-length 0 --packet-buffered --buffer-size 16384 --relinquish-privileges root "$@" &&
		lab_wait_until 10 grep -q "listening on" "$LAB_DIR/$node/capture.$neighbour.log"
}

# lab_capture_end NODE NEIGHBOUR: ends it; fails unless the file holds every packet.
lab_capture_end() {
	local log=$LAB_DIR/$1/capture.$2.log
	lab_wait_until 10 lab__capture_is_complete "$1" "$2" "$log" &&
		lab_stop "$1" "capture.$2" &&
		grep -q "^0 packets dropped by kernel" "$log"
}

# Asks tcpdump for its counters (SIGUSR1): has it taken all out of the kernel's buffer? That is
# emptied once in a second at least.
lab__capture_is_complete() {
	local captured received dropped
	lab_signal "$1" "capture.$2" USR1 || return 1
	read -r _ captured _ _ received _ _ _ _ dropped _ < <(grep "^tcpdump: .* dropped" "$3" | tail -n 1)
	[[ -n $captured ]] && ((captured + dropped >= received))
}

# ---- machines and links ------------------------------------------------------------------------

lab__machine() {
	local kind=$1 node
	local settings=(
		net.ipv6.conf.{all,default}.accept_dad=0         # an address is usable at once
		net.ipv6.conf.{all,default}.keep_addr_on_down=1  # like IPv4: lab_down and lab_up
		net.ipv6.conf.{all,default}.accept_ra=0
		net.ipv4.conf.{all,default}.rp_filter=0
	)
	if [[ $kind == router ]]; then
		settings+=(net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
			net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0) # each error is sent
	fi
	shift
	for node; do
		[[ $node =~ ^[a-z][a-z0-9-]{0,13}$ && $node != lab && $node != lo ]] ||
			lab_die "a machine cannot be named $node"
		[[ -z ${LAB_KIND[$node]:-} ]] || lab_die "there are two machines named $node"
		mkdir "$LAB_DIR/$node"
		lab_run lab ip netns add "$node"
		LAB_KIND[$node]=$kind
		LAB_LINKS[$node]=
		LAB_ROUTES[$node]=
		lab_run "$node" sh -c 'ip link set lo up && sysctl -qw "$@"' sh "${settings[@]}"
	done
}

# lab_host NAME...: makes machines.
lab_host() {
	lab__machine host "$@"
}

# lab_router NAME...: makes machines that forward, IPv4 and IPv6.
lab_router() {
	lab__machine router "$@"
}

# lab_link A ADDRESSES B ADDRESSES: a cable. At each end the interface is named after the machine at
# the other. Addresses are ADDRESS/LENGTH, joined by commas, or "-" for none. A host that gets its
# first link to a router gets its default routes, too.
lab_link() {
	local a=$1 b=$3
	LAB_ADDRS[$a $b]=${2#-} LAB_ADDRS[$b $a]=${4#-}
	LAB_LINKS[$a]+=" $b" LAB_LINKS[$b]+=" $a"
	lab_ip "$a" link add name "$b" type veth peer name "$a" netns "$b"
	lab__plug "$a" "$b"
	lab__plug "$b" "$a"
	lab__default "$a" "$b"
	lab__default "$b" "$a"
}

lab__default() {
	if [[ ${LAB_KIND[$1]} == host && ${LAB_KIND[$2]} == router && -z ${LAB_ROUTES[$1]} ]]; then
		lab_route "$1" default "$2"
	fi
}

# lab_lan BOX ADDRESSES HOST ADDRESSES [HOST ADDRESSES]...: puts hosts on one Ethernet, whose switch is
# in BOX, as in the boxes that stand in homes. BOX has its addresses on the interface `lan`.
lab_lan() {
	local box=$1 addresses=$2
	lab_ip "$box" link add name lan type bridge
	lab_ip "$box" link set dev lan up
	shift 2
	while (($# > 0)); do
		LAB_PORTS[$box $1]=lan
		lab_link "$box" "$addresses" "$1" "$2"
		shift 2
	done
}

# Sets up an interface, be it new or down, and the routes of its machine. Idempotent.
lab__plug() {
	local node=$1 neighbour=$2 switch=${LAB_PORTS[$1 $2]:-} addr
	{
		echo "link set dev $neighbour ${switch:+master $switch} mtu ${LAB_MTU[$node $neighbour]:-1500}" \
			"gso_max_segs 1 up" # as on a wire: what one packet cannot carry goes as several
		for addr in ${LAB_ADDRS[$node $neighbour]//,/ }; do
			echo "address replace $addr dev ${switch:-$neighbour}"
		done
	} | lab_ip "$node" -batch - && lab__routes "$node" "$neighbour"
}

lab__family() {
	[[ $1 == *:* ]] && echo 6 || echo 4
}

# The routes of a machine via one neighbour.
lab__routes() {
	local node=$1 neighbour=$2 prefix via addr
	while read -r prefix via; do
		[[ $via == "$neighbour" ]] || continue
		for addr in ${LAB_ADDRS[$via $node]//,/ }; do
			[[ $prefix == default || $(lab__family "$prefix") == $(lab__family "$addr") ]] ||
				continue
			echo "route replace $prefix via ${addr%/*} dev $via"
		done
	done <<<"${LAB_ROUTES[$node]}" | lab_ip "$node" -batch -
}

# lab_route NODE PREFIX NEIGHBOUR: sends what is for PREFIX ("default": of both families) there.
lab_route() {
	LAB_ROUTES[$1]+="$2 $3"$'\n'
	lab__routes "$1" "$3"
}

# lab_mtu A B BYTES: sets the MTU of both ends of a link.
lab_mtu() {
	LAB_MTU[$1 $2]=$3 LAB_MTU[$2 $1]=$3
	lab_ip "$1" link set dev "$2" mtu "$3" && lab_ip "$2" link set dev "$1" mtu "$3"
}

# lab_down NODE: takes all its interfaces down. Its programs go on.
lab_down() {
	local neighbour
	for neighbour in ${LAB_LINKS[$1]}; do
		lab_ip "$1" link set dev "$neighbour" down || return 1
	done
}

# lab_up NODE: undoes lab_down.
lab_up() {
	local neighbour
	for neighbour in ${LAB_LINKS[$1]}; do
		lab__plug "$1" "$neighbour" || return 1
	done
}

# ---- bad lines -----------------------------------------------------------------------------------

# lab_impair A B OPTION...: makes the link between A and B bad: the options of `impair --help`, "ab"
# being from A to B. Called again, it replaces all options while both ends stay up, and without
# options it heals the line. The first call puts new interfaces in place of the cable's, so make it
# before programs run.
lab_impair() {
	local a=$1 b=$2 log=$LAB_DIR/lab/impair.$1.$2.log asked=${LAB_SET[$1 $2]:-0}
	shift 2
	[[ -z ${LAB_SET[$b $a]:-} ]] || lab_die "the line is called $b $a"
	if ((asked == 0)); then
		lab__lay_line "$a" "$b" "$@"
	else
		echo "$*" 1<>"$LAB_DIR/lab/impair.$a.$b.in"
	fi
	LAB_SET[$a $b]=$((asked + 1))
	lab_wait_until 5 lab__is_answered "$a" "$b" $((asked + 1)) || lab_die "no answer from the impairer"
	tail -n 1 "$log" | grep -q "^set" || lab_die "$(tail -n 1 "$log")"
}

lab__lay_line() {
	local a=$1 b=$2 in=$LAB_DIR/lab/impair.$1.$2.in end
	shift 2
	[[ -x $LAB_BUILD/tests/lab/impair ]] || lab_die "build first: no $LAB_BUILD/tests/lab/impair"
	lab_ip "$a" link delete dev "$b" # and the other end with it
	for end in "$a $b" "$b $a"; do
		lab_ip "${end% *}" tuntap add dev "${end#* }" mode tap
		# Room for what comes while the impairer waits for a processor: it alone loses packets.
		lab_ip "${end% *}" link set dev "${end#* }" txqueuelen 10000
	done
	mkfifo "$in"
	# shellcheck disable=SC2016 # expanded by the inner shell
	lab_start lab "impair.$a.$b" sh -c 'exec "$@" <>"$0"' "$in" \
		"$LAB_BUILD/tests/lab/impair" "$@" "$a:$b" "$b:$a"
	lab__plug "$a" "$b"
	lab__plug "$b" "$a"
}

# Whether the impairer gave its Nth answer, or will not any more.
lab__is_answered() {
	local answers
	answers=$(grep -cE "^(set|refused)" "$LAB_DIR/lab/impair.$1.$2.log") || true
	((answers >= $3)) || ! lab_runs lab "impair.$1.$2"
}

# lab_unplug A B: pulls the cable that lab_impair laid, for good, and prints the impairer's
# statistics: a line for each direction and one for both.
lab_unplug() {
	lab_stop lab "impair.$1.$2" && tail -n 3 "$LAB_DIR/lab/impair.$1.$2.log"
}

# shellcheck source=tests/lab/nat.sh
. "$LAB_HERE/nat.sh"

lab__prepare
