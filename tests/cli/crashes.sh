# shellcheck shell=sh
# shellcheck disable=SC2154 # of run.sh
# crashes.sh - cases of run.sh in which `ipop` dies at each step of writing files. Its: crash.

# has_no_leftovers ROOT: no file whose writing was not finished.
has_no_leftovers() {
	left=$(find "$1" -name '.*')
	[ -z "$left" ] || {
		echo "# left over: $left"
		return 1
	}
}

# A key half or wholly written, for a request that nobody has, goes with the next one, or on leaving.
sweeps_keys_that_a_crash_left() {
	most=0
	for step in 1 2 3 4 5 6 7 8; do
		CRASH_AT=$step "$crash" --root swept request --name beta >/dev/null 2>&1
		now=$(find swept -name '.*' | wc -l)
		[ "$now" -le 1 ] || return 1
		[ "$now" -le $most ] || most=$now
	done
	[ $most = 1 ] && run 0 on swept request --name beta && has_no_leftovers swept || return 1
	on swept group create lab --bootstrap x:4001 --name alpha >/dev/null &&
		cp swept/var/lib/ipop/lab/key.pem swept/var/lib/ipop/requests/.a.pem.0123456789abcdef &&
		: >swept/etc/ipop/.lab.conf.0123456789abcdef && : >swept/var/lib/ipop/lab/.key.pem.0123456789abcdef &&
		run 0 on swept leave lab -y --with-ca && has_no_leftovers swept
}

# What a crash leaves of a group is finished by the next try, or is a group with a CA.
makes_a_group_after_a_crash_at_each_step() {
	step=0
	again=0
	whole=0
	status=137
	while [ $status = 137 ]; do
		step=$((step + 1))
		rm -rf broken
		CRASH_AT=$step "$crash" --root broken group create lab --bootstrap x:4001 \
			--name alpha >/dev/null 2>&1
		status=$?
		[ $status = 137 ] || break
		if on broken group create lab --bootstrap x:4001 --name alpha >out 2>err; then
			again=$((again + 1))
			has_no_leftovers broken || return 1
		else
			whole=$((whole + 1))
			says err already && run 0 on broken group list lab || return 1
		fi
	done
	echo "# $step steps: $again begun again, $whole with a whole CA"
	[ $status = 0 ] && [ $again -ge 20 ] && [ $whole -ge 2 ]
}

# joins_torn BUNDLE COMMAND...: `join` dies at each step on a copy of `whole-host`; after each death
# the command holds, and joining once more mends all.
joins_torn() {
	bundle=$1
	shift
	step=0
	status=137
	while [ $status = 137 ]; do
		step=$((step + 1))
		rm -rf torn && cp -r whole-host torn
		CRASH_AT=$step "$crash" --root torn join "$bundle" --no-up >/dev/null 2>&1
		status=$?
		"$@" && run 0 on torn join "$bundle" --no-up && has_no_leftovers torn && run 0 on torn request --renew lab &&
			cmp -s "$bundle" torn/var/lib/ipop/lab/bundle.json &&
			[ -z "$(ls torn/var/lib/ipop/requests)" ] || return 1
	done
	echo "# $step steps"
	[ $status = 0 ]
}

joins_after_a_crash_at_each_step() {
	on whole-host request --name torn >torn.request 2>/dev/null &&
		on a group sign lab torn.request --days 7 >torn.bundle 2>/dev/null || return 1
	joins_torn torn.bundle true && [ $step -ge 15 ] && rm -rf whole-host && mv torn whole-host &&
		on a group sign lab torn.request >torn.renewed 2>/dev/null &&
		joins_torn torn.renewed run 0 on torn request --renew lab && [ $step -ge 5 ]
}

# After a crash at each step of signing the registry is the old or the new one, and what was handed
# out is in it.
survives_a_crash_at_each_step() {
	registry=a/var/lib/ipop-ca/lab/registry
	step=0
	old=0
	new=0
	status=137
	while [ $status = 137 ]; do
		step=$((step + 1))
		on many request --name "crash$step" >crash.request 2>/dev/null
		cp $registry before
		CRASH_AT=$step "$crash" --root a group sign lab crash.request \
			>crash.bundle 2>/dev/null
		status=$?
		on a group list lab >list 2>err || {
			echo "# step $step left:"
			sed 's/^/#     /' err
			return 1
		}
		if grep -q "^crash$step " list; then
			new=$((new + 1))
			[ "$(grep -c . $registry)" = "$(($(grep -c . before) + 1))" ] || return 1
		else
			old=$((old + 1))
			cmp -s before $registry || return 1
			[ ! -s crash.bundle ] || return 1
		fi
	done
	echo "# $step steps: $old left the old registry, $new the new one"
	[ $status = 0 ] && [ $old -ge 5 ] && [ $new -ge 2 ] && on a group sign lab crash.request >/dev/null 2>&1
}
