#!/bin/bash
# service.sh - the units of systemd are right, and the daemon works in what they make of it: as another user,
# with one capability, and with the system calls that the unit leaves. No systemd runs here; what
# it would do before it starts the daemon this story does.
# shellcheck disable=SC2016 # conditions in quotes are for eval
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"

EXPOSURE_MOST=20 # tenths: what `systemd-analyze security` may say
DAEMON=64747     # a user and group of this story, called ipop

UNIT=$LAB_BUILD/packaging/ipop@.service
TARGET=$LAB_HERE/../../packaging/ipop-online.target

# ---- the files -----------------------------------------------------------------------------------

# The units as they would be installed, with a daemon that is there.
lay_out_units() {
	mkdir "$LAB_TOP/units"
	sed "s|^ExecStart=[^ ]*|ExecStart=$(realpath "$LAB_BUILD")/src/prog/ipopd/ipopd|" "$UNIT" >"$LAB_TOP/units/ipop@.service"
	cp "$TARGET" "$LAB_TOP/units"
}

verifies() {
	systemd-analyze verify --man=no "$LAB_TOP/units/ipop@.service" "$LAB_TOP/units/ipop-online.target" >"$LAB_TOP/verified" 2>&1
	cat "$LAB_TOP/verified"
	[[ ! -s $LAB_TOP/verified ]]
}

has_line() {
	grep -qx -- "$1" "$LAB_TOP/units/ipop@.service"
}

test_units() {
	local exposure
	lab_check "systemd-analyze verify has nothing to say" verifies
	lab_check "the unit has its directories" eval 'has_line RuntimeDirectory=ipop/%i && has_line StateDirectory=ipop/%i'
	lab_check "the unit is watched" eval 'has_line Type=notify && has_line "WatchdogSec=[0-9]*"'
	exposure=$(systemd-analyze security --offline=yes --no-pager "$LAB_TOP/units/ipop@.service" |
		sed -n 's/.*Overall exposure level for [^:]*: \([0-9.]*\).*/\1/p')
	lab_say "systemd-analyze security --offline=yes: exposure $exposure"
	lab_check_figure "systemd-analyze security --offline=yes" "${exposure/./}" "$EXPOSURE_MOST" "tenths"
}

# ---- the daemon in it ----------------------------------------------------------------------------

ipop_on() {
	lab_run "$1" "$BIN/ipop" "${@:2}" --root "$LAB_DIR/$1"
}

# What systemd does for StateDirectory= (systemd.exec(5): all that is in it, too) and
# RuntimeDirectory=.
make_directories() {
	local root=$LAB_DIR/$1
	chmod 755 "$root"
	chown -R $DAEMON:$DAEMON "$root/var/lib/ipop/lab"
	mkdir -p "$root/run/ipop/lab"
	chown -R $DAEMON:$DAEMON "$root/run/ipop/lab"
	chmod 750 "$root/run/ipop/lab"
}

# start HOST: User=, AmbientCapabilities=, CapabilityBoundingSet=, NoNewPrivileges=, UMask=, SystemCallFilter=.
start() {
	make_directories "$1" &&
		lab_start "$1" ipopd setpriv --reuid $DAEMON --regid $DAEMON --clear-groups --inh-caps "-all,$BOUND" \
			--ambient-caps "-all,$BOUND" --bounding-set "-all,$BOUND" --no-new-privs \
			sh -c 'umask 077; exec "$@"' sh "$BIN/filtered" "$LAB_DIR/calls" "$BIN/ipopd" \
			--root "$LAB_DIR/$1" --foreground lab
}

is_ready() {
	ipop_on "$1" status lab --json | grep -q '"ready": *true'
}

value_of() {
	ipop_on "$1" status lab --json | sed -n "s/.*\"$2\": *\"\([^\"]*\)\".*/\1/p" | head -n 1
}

# The members of /proc/PID/status, of a host's two processes.
steward_field() {
	lab_run lab sed -n "s/^$2:[[:space:]]*//p" "/proc/$(<"$LAB_DIR/$1/ipopd.pid")/status"
}

node_field() {
	lab_run lab sed -n "s/^$2:[[:space:]]*//p" \
		"/proc/$(lab_run lab pgrep --parent "$(<"$LAB_DIR/$1/ipopd.pid")" -f -- --child)/status"
}

make_network() {
	lab_begin service
	BIN=$LAB_DIR/bin
	chmod 755 "$LAB_TOP" "$LAB_DIR"
	mkdir "$BIN"
	install -m 755 "$LAB_BUILD"/src/prog/ipop/ipop "$LAB_BUILD"/src/prog/ipopd/ipopd \
		"$LAB_BUILD"/tests/lab/filtered "$BIN"
	"$LAB_HERE/unit.py" calls "$LAB_TOP/units/ipop@.service" >"$LAB_DIR/calls"
	BOUND=$("$LAB_HERE/unit.py" bound "$LAB_TOP/units/ipop@.service")
	BOUND=+${BOUND#CAP_} BOUND=${BOUND,,}
	for file in passwd group hosts; do
		cp "/etc/$file" "$LAB_DIR/$file"
		lab_run lab mount --bind "$LAB_DIR/$file" "/etc/$file"
	done
	lab_run lab sh -c "echo 'ipop:x:$DAEMON:$DAEMON::/:/usr/sbin/nologin' >>/etc/passwd"
	lab_run lab sh -c "echo 'ipop:x:$DAEMON:' >>/etc/group; echo '192.0.2.1 entrance.example' >>/etc/hosts"
	# udev lets everybody open it; where none runs it is root's.
	mknod -m 666 "$LAB_DIR/tun" c 10 200
	lab_run lab mount --bind "$LAB_DIR/tun" /dev/net/tun
	lab_host one two
	lab_link one 192.0.2.1/24 two 192.0.2.2/24
	ipop_on one group create lab --name one --bootstrap entrance.example:4767 >/dev/null
	ipop_on two request --name two >"$LAB_DIR/request"
	ipop_on one group sign lab "$LAB_DIR/request" >"$LAB_DIR/bundle"
	ipop_on two join --no-up "$LAB_DIR/bundle" >/dev/null
}

test_daemon() {
	local v6
	lab_check "both start as the unit has them" eval 'start one && start two'
	lab_check "both are ready" lab_wait_until 20 'is_ready one && is_ready two'
	v6=$(value_of one ipv6)
	lab_check "they find each other, by a name" lab_wait_until 20 ipop_on two ping one lab -c 1
	lab_check "packets pass" lab_run two ping -c 3 -i 0.1 -W 2 "$v6"
	lab_check "the steward has one capability" eval '[[ $(steward_field one CapPrm) == 0000000000001000 ]]'
	lab_check "and it is the unit's user" eval "[[ \$(steward_field one Uid) == *$DAEMON* ]]"
	lab_check "the node has none" eval '[[ $(node_field one CapPrm)$(node_field one CapAmb) == 00000000000000000000000000000000 ]]'
	lab_check "the node is shut in" eval '[[ $(node_field one Seccomp) == 2 ]]'
	lab_check "the group may ask" eval '[[ $(stat -c %a:%g "$LAB_DIR/one/run/ipop/lab/control") == 660:'$DAEMON' ]]'
	lab_check "the log has no warning" eval '! grep -E " (warning|error) " "$LAB_DIR"/*/ipopd.log'
}

test_end() {
	lab_check "they end" eval 'ipop_on two down lab && ipop_on one down lab'
	lab_check "what was remembered is the daemon's" eval \
		'[[ $(stat -c %u:%a "$LAB_DIR/two/var/lib/ipop/lab/neighbours") == '$DAEMON:600' ]]'
}

# Root writes the new bundle; the daemon has to read it.
test_renewal() {
	ipop_on two request --renew lab >"$LAB_DIR/renewal"
	ipop_on one group sign lab "$LAB_DIR/renewal" >"$LAB_DIR/renewed"
	lab_check "root renews the certificate" ipop_on two join --no-up "$LAB_DIR/renewed"
	lab_check "and a daemon of the unit begins with it" eval \
		'lab_wait_until 5 "! lab_runs two ipopd" && lab_start two again setpriv --reuid $DAEMON --regid $DAEMON \
		--clear-groups --inh-caps "-all,$BOUND" --ambient-caps "-all,$BOUND" --bounding-set "-all,$BOUND" \
		--no-new-privs "$BIN/filtered" "$LAB_DIR/calls" "$BIN/ipopd" --root "$LAB_DIR/two" lab &&
		lab_wait_until 20 is_ready two'
}

lay_out_units
test_units
make_network
test_daemon
test_end
test_renewal
lab_end
