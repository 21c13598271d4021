# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # of run.sh
# founders.sh - cases of run.sh about the member on the CA's host, to which bundles lead. Its: crash.

other=other.example:7000#aebagbafaydqqcikbmga2dqpcaireeyu

# A group of `founder` with two lines to itself and one to somebody else.
makes_a_founder() {
	config=founder/var/lib/ipop-ca/lab/group.conf
	run 0 on founder group create lab --bootstrap v4.example:6000 --bootstrap v6.example:6000 \
		--name alpha && echo "bootstrap = $other" >>$config || return 1
	old=$(sed -n 's/^bootstrap = v4.example:6000#//p' $config)
	[ ${#old} = 32 ]
}

# lead FILE...: each has all three lines, those to the founder with its new id.
lead() {
	for file in "$@"; do
		says "$file" "v4.example:6000#$new" && says "$file" "v6.example:6000#$new" &&
			says "$file" $other && ! grep -q "$old" "$file" || return 1
	done
}

# Requests are made on the founder's host for others, too; whoever signs them, its id stays.
leads_to_the_founder_that_stands() {
	makes_a_founder && cp $config before &&
		on founder request --name phone >phone.request 2>/dev/null || return 1
	for _ in 1 2; do
		run 0 on founder group sign lab phone.request && cp out phone.bundle &&
			! grep -q 'new id' err && cmp -s before $config &&
			says phone.bundle "v4.example:6000#$old" || return 1
	done
	refuses 1 'this host has another key' on founder join phone.bundle --no-up &&
		cmp -s before $config && run 0 on founder request --renew lab &&
		cp out renewal.request && run 0 on founder group sign lab renewal.request &&
		cp out renewal.bundle && run 0 on founder join renewal.bundle --no-up &&
		! grep -q 'new id' err && cmp -s before $config
}

# The founder leaves and comes back, with the second of two requests: only when it has joined is it
# known which id is its own. Then bundles lead to that, and it has their port.
brings_the_founder_back() {
	run 0 on founder leave lab --yes && says err 'lead new members to this host' || return 1
	on elsewhere request --name gamma >gamma.request 2>/dev/null &&
		on founder group sign lab gamma.request >/dev/null 2>err && ! grep -q 'new id' err &&
		says $config "v4.example:6000#$old" || return 1
	run 0 on founder request --name alpha2 && cp out alpha2.request &&
		run 0 on founder group sign lab alpha2.request && cp out alpha2.bundle &&
		cmp -s before $config && cp -r founder left &&
		run 0 on founder join alpha2.bundle --no-up &&
		says err 'Bundles lead to this host under its new id' &&
		says founder/etc/ipop/lab.conf 'port = 6000' &&
		run 0 on founder group list lab --json || return 1
	new=$(grep -A1 '"alpha2"' out | field id /dev/stdin)
	[ ${#new} = 32 ] && [ "$new" != "$old" ] &&
		lead $config founder/var/lib/ipop/lab/bundle.json &&
		run 0 on founder group sign lab phone.request && ! grep -q 'new id' err && lead out &&
		run 0 on founder join alpha2.bundle --no-up && ! grep -q 'new id' err &&
		lead $config founder/var/lib/ipop/lab/bundle.json &&
		run 0 on founder leave lab --yes --with-ca && ! grep -q 'lead new members' err
}

# Wherever joining stops, joining again ends with both files leading here.
brings_the_founder_back_after_a_crash_at_each_step() {
	step=0
	status=137
	while [ $status = 137 ]; do
		step=$((step + 1))
		rm -rf torn && cp -r left torn
		CRASH_AT=$step "$crash" --root torn join alpha2.bundle --no-up >/dev/null 2>&1
		status=$?
		run 0 on torn join alpha2.bundle --no-up && has_no_leftovers torn &&
			lead torn/var/lib/ipop-ca/lab/group.conf torn/var/lib/ipop/lab/bundle.json &&
			says torn/etc/ipop/lab.conf 'port = 6000' || return 1
	done
	echo "# $step steps"
	[ $status = 0 ] && [ $step -ge 20 ]
}

# A network of the same name that another CA has made is not this CA's business.
keeps_a_ca_out_of_other_networks() {
	config=left/var/lib/ipop-ca/lab/group.conf
	cp $config before
	on stranger group create lab --bootstrap there.example:6000 --name zeta >/dev/null 2>&1 &&
		on left request --name eta >eta.request 2>/dev/null &&
		on stranger group sign lab eta.request >eta.bundle 2>/dev/null &&
		run 0 on left join eta.bundle --no-up && cmp -s before $config &&
		cmp -s eta.bundle left/var/lib/ipop/lab/bundle.json && rm -rf left torn
}
