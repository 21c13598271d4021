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

# The daemon with User=, AmbientCapabilities=, CapabilityBoundingSet=, NoNewPrivileges=, UMask=, SystemCallFilter=.
make_daemon_of_unit() {
	cat >"$BIN/as-unit" <<-END
		#!/bin/sh
		umask 077
		exec setpriv --reuid $DAEMON --regid $DAEMON --clear-groups --inh-caps "-all,$BOUND" \\
			--ambient-caps "-all,$BOUND" --bounding-set "-all,$BOUND" --no-new-privs \\
			"$BIN/filtered" "$LAB_DIR/calls" "$BIN/ipopd" "\$@"
	END
	chmod 755 "$BIN/as-unit"
}

start() {
	make_directories "$1" && lab_start "$1" ipopd "$BIN/as-unit" --root "$LAB_DIR/$1" --foreground lab
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
	make_daemon_of_unit
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
	lab_check "it is reloaded" ipop_on one reload lab
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
	listen_as_manager
	lab_check "and a daemon of the unit begins with it" eval \
		'lab_wait_until 5 "! lab_runs two ipopd" &&
		lab_start two again env NOTIFY_SOCKET="$LAB_DIR/notify" WATCHDOG_USEC=7200000000 "$BIN/as-unit" --root "$LAB_DIR/two" lab &&
		lab_wait_until 20 is_ready two'
	lab_check "which feeds its watchdog, of two hours" lab_wait_until 10 grep -qx WATCHDOG=1 "$LAB_DIR/two/manager.log"
}

# What a service manager would hear.
listen_as_manager() {
	lab_start two manager python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
while True: print(s.recv(4096).decode(), flush=True)' "$LAB_DIR/notify"
	lab_wait_until 5 test -S "$LAB_DIR/notify"
}

# ---- what `ipop up` does where systemd runs ------------------------------------------------------

# A host whose systemd this story is: it has the directory by which one knows it, the unit, and a systemctl that
# notes whose the files are and starts the daemon as the unit has it. All in the lab's own view of the
# file system.
make_systemd() {
	lab_run lab mount -t tmpfs -o mode=755 tmpfs /var/lib
	mkdir "$LAB_DIR/etc-upper" "$LAB_DIR/etc-work"
	lab_run lab mount -t overlay -o "lowerdir=/etc,upperdir=$LAB_DIR/etc-upper,workdir=$LAB_DIR/etc-work" overlay /etc
	lab_run lab cp "$LAB_DIR/passwd" "$LAB_DIR/group" "$LAB_DIR/hosts" /etc
	lab_run lab sh -c "mkdir -p /run/systemd/system /etc/systemd/system /usr/bin
		cp $LAB_TOP/units/ipop@.service /etc/systemd/system"
	cat >"$LAB_DIR/systemctl" <<-END
		#!/bin/sh
		case "\$*" in
		"start ipop@lab.service")
			(cd /var/lib/ipop/lab && stat -c '%u %n' . key.pem bundle.json ../../ipop-ca/lab ../../ipop-ca/lab/key.pem) >$LAB_DIR/owners
			mkdir -p /run/ipop/lab && chown $DAEMON:$DAEMON /run/ipop/lab && chmod 750 /run/ipop/lab
			setsid $BIN/as-unit --foreground lab </dev/null >$LAB_DIR/three/by-systemd.log 2>&1 &
			;;
		"stop ipop@lab.service") # and then RuntimeDirectory= goes
			pid=\$(cat /run/ipop/lab/pid)
			kill "\$pid"
			while kill -0 "\$pid"; do sleep 0.02; done
			rm /run/ipop/lab/*
			rmdir /run/ipop/lab
			;;
		*) exit 1 ;;
		esac
	END
	chmod 755 "$LAB_DIR/systemctl"
	lab_run lab mount --bind "$LAB_DIR/systemctl" /usr/bin/systemctl
}

gave_files() {
	diff - "$LAB_DIR/owners" <<-END
		$DAEMON .
		$DAEMON key.pem
		$DAEMON bundle.json
		0 ../../ipop-ca/lab
		0 ../../ipop-ca/lab/key.pem
	END
}

# Its exit code is that of `up`, and its output has the text.
up_says() {
	local status=0
	lab_run three "$BIN/ipop" up lab >"$LAB_DIR/up" 2>&1 || status=$?
	cat "$LAB_DIR/up"
	((status == 0)) && grep -q "$1" "$LAB_DIR/up"
}

test_systemd() {
	make_systemd
	lab_host three
	lab_run three "$BIN/ipop" group create lab --name three --bootstrap 192.0.2.9 >/dev/null
	lab_check "ipop up has systemd start it, and says that boot does not" up_says 'systemctl enable ipop@lab'
	lab_check "the daemon was given its files, and not the CA" gave_files
	lab_check "ipop down has systemd stop it" lab_run three "$BIN/ipop" down lab
	lab_run lab sh -c 'mkdir -p /etc/systemd/system/multi-user.target.wants
		ln -s /etc/systemd/system/ipop@.service /etc/systemd/system/multi-user.target.wants/ipop@lab.service'
	lab_check "of a network that is enabled it says nothing" eval 'up_says "up" && ! grep -q enable "$LAB_DIR/up"'
	lab_check "and it is stopped again" lab_run three "$BIN/ipop" down lab
	# The same host without systemd: root takes the files back, and it starts.
	lab_run lab rmdir /run/systemd/system
	lab_check "started by ipop itself, it has them too" up_says "up"
	lab_check "and root has them again" lab_run lab sh -c '[ "$(stat -c %u /var/lib/ipop/lab/key.pem)" = 0 ]'
	test_log
	lab_check "and it ends" lab_run three "$BIN/ipop" down lab
}

# Also a node that was taken over cannot fill /run with it.
test_log() {
	local log=/run/ipop/lab/log node
	node=$(lab_run lab pgrep --parent "$(lab_run lab cat /run/ipop/lab/pid)" -f -- --child)
	lab_run lab sh -c "head -c \$((1040000 - \$(stat -c %s $log))) /dev/zero | tr '\\0' '-' >>$log && echo 'the end' >>$log"
	lab_run three "$BIN/ipop" reload lab >/dev/null # one a second, at most: it has looked at the log by the second
	lab_run three "$BIN/ipop" reload lab >/dev/null
	lab_check "a log of a MiB is as it was" lab_run lab test ! -e $log.old
	lab_run lab sh -c "head -c 9000 /dev/zero | tr '\\0' '-' >>$log && echo 'the very end' >>$log"
	lab_run three "$BIN/ipop" reload lab >/dev/null
	lab_check "a longer one begins anew" lab_wait_until 15 "lab_run lab grep -q 'begins anew old=$log.old' $log"
	lab_check "what it had last is kept, for the same users" lab_run lab sh -c \
		"tail -n 1 $log.old | grep -q 'the very end\$' && [ \"\$(stat -c '%s %a %g' $log.old)\" = \"1048576 \$(stat -c '%a %g' $log)\" ]"
	lab_run three "$BIN/ipop" reload lab >/dev/null
	lab_check "both processes go on with it" lab_run lab sh -c "grep -q 'node lab: has read' $log && [ \$(stat -c %s $log) -lt 4096 ]"
	lab_check "the node makes none longer than 4 MiB" \
		lab_run lab grep -qE '^Max file size +4194304 +4194304 ' "/proc/$node/limits"
}

lay_out_units
test_units
make_network
test_daemon
test_end
test_renewal
test_systemd
lab_end
