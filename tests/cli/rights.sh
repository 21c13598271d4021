# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # of run.sh
# rights.sh - cases of run.sh about what other processes may see, and what somebody without rights is told.

# What another process of the same user, who is root without the right to trace all, can see of one
# that waits: nothing of its memory. Where no limit is in the way the memory is locked, too.
keeps_its_memory_to_itself() {
	without=
	[ "$(id -u)" != 0 ] || without='setpriv --bounding-set -sys_ptrace'
	cat >look.sh <<-'END'
		# look.sh PARENT: at its child
		pid=$(cat "/proc/$1/task/$1/children") && pid=${pid%% *} || exit 1
		! (: <"/proc/$pid/mem") 2>/dev/null || echo "the memory of $(cat "/proc/$pid/comm") can be read"
		(: <"/proc/$1/mem") 2>/dev/null || echo 'nobody can read anything here'
		grep -q '^Max core file size *0 *0' "/proc/$pid/limits" || echo 'core dumps are on'
		! grep -q '^Max locked memory *unlimited' "/proc/$pid/limits" || ! grep -q '^VmLck:.* 0 kB' "/proc/$pid/status" ||
			echo 'the memory is not locked'
		echo looked
	END
	look="!sh look.sh \$PPID >>looked 2>&1"
	: >looked
	# shellcheck disable=SC2086 # words
	on keyb request --name phi >key.request 2>/dev/null &&
		run 0 $without "$typist" "$ipop" --root keya group create key --bootstrap b:4001 --name alpha --passphrase -- \
			'New passphrase' "$look" 'Again' yes &&
		run 0 $without "$typist" "$ipop" --root keya group sign key key.request -- 'Passphrase for the key' "$look" || return 1
	[ "$(cat looked)" = "looked
looked" ] || {
		sed 's/^/# /' looked
		return 1
	}
}

# Nobody waits for what may never come; who may not read is told so, and not to give it all away.
checks_as_anybody() {
	mkfifo fifo.conf && head -c 70000 /dev/zero >big.conf &&
		refuses 1 'fifo.conf: is a FIFO, and is not waited for' timeout 10 "$ipop" check ./fifo.conf &&
		refuses 1 'big.conf: longer than 65536 bytes' "$ipop" check ./big.conf && rm fifo.conf big.conf || return 1
	[ "$(id -u)" = 0 ] || return 0
	open=$(mktemp -d) && chmod 755 "$open" && cp "$ipop" "$open/ipop" && chown 65534 "$open" || return 1
	(
		cd "$open" || exit 1
		nobody='setpriv --reuid 65534 --regid 65534 --clear-groups ./ipop --root'
		$nobody mine group create mine --bootstrap b:4001 >/dev/null 2>&1
		$nobody mine check mine >out 2>&1 && says out 'It takes more rights than yours to bring mine up' || exit 1
		./ipop --root theirs group create lab --bootstrap b:4001 >/dev/null 2>&1
		! $nobody theirs check lab >out 2>&1 && says out 'bundle.json: permission denied; run as root' && ! grep -q chown out
	)
	code=$?
	rm -r "$open"
	return $code
}
