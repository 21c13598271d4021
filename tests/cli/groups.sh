# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # of run.sh
# groups.sh - cases of run.sh about changes that a CA makes to its group: revoke, rotate, bootstrap.

# A group "club" on host ca, with a second member.
makes_a_club() {
	run 0 on ca group create club --bootstrap vpn.example.org:4000 --name alpha &&
		on clubber request --name beta >club.request 2>/dev/null &&
		run 0 on ca group sign club club.request && cp out club.bundle &&
		run 0 on clubber join club.bundle --no-up
}

revokes() {
	makes_a_club &&
		refuses 1 'nobody in "club" is called "bela"; did you mean "beta"?' on ca group revoke club bela --yes &&
		refuses 1 'the CA of a group "other" is not on this host' on ca group revoke other beta --yes &&
		refuses 2 'nothing was done; --yes does it without asking' setsid "$ipop" --root ca group revoke club beta &&
		run 0 on ca group list club && says out valid && ! grep -q revoked out &&
		run 0 on ca group revoke club beta --yes && says out 'Revoked "beta"' &&
		says err 'Members do not hear of it yet' &&
		run 0 on ca group list club && says out revoked &&
		refuses 8 '"beta" was revoked before' on ca group revoke club beta --yes || return 1
	# Its key gets nothing more, its name is free.
	on clubber request --renew club >again.request 2>/dev/null &&
		refuses 8 revoked on ca group sign club again.request &&
		on third request --name beta >third.request 2>/dev/null &&
		run 0 on ca group sign club third.request
}

# What was revoked is in the way still, and how it is not.
tells_what_the_revoked_hold() {
	run 0 on tinyca group create tiny --prefix 10.99.0.0/30 --bootstrap vpn.example.org:4000 --name alpha &&
		on tinyb request --name beta >tiny.b 2>/dev/null && on tinyc request --name gamma >tiny.c 2>/dev/null &&
		run 0 on tinyca group sign tiny tiny.b &&
		refuses 1 'no address of 10.99.0.0/30 is free; with --no-ip the member has' on tinyca group sign tiny tiny.c &&
		run 0 on tinyca group revoke tiny beta --yes && says out 'its name is free' &&
		says err 'Its address stays taken, then too, until you give it to another member: ipop group sign --ip 10.99.0.2' &&
		! grep -q 'Bundles still' err &&
		refuses 1 'no address of 10.99.0.0/30 is free; --no-ip does without, and --ip gives one away: 10.99.0.2 of "beta" (revoked; its certificate is good until 2' \
			on tinyca group sign tiny tiny.c &&
		run 0 on tinyca group sign tiny tiny.c --ip 10.99.0.2 &&
		says err '"beta", which was revoked, has 10.99.0.2 as well and stays in the network until' || return 1
	# The one that everybody is led to.
	run 0 on tinyca group revoke tiny alpha --yes && says err 'They lead nowhere else.' || return 1
	line=$(sed -n "s/^Bundles still lead to it; .*remove tiny '\(.*\)'\$/\1/p" err)
	run 0 on tinyca group bootstrap remove tiny "$line" && run 0 on tinyca group bootstrap list tiny && [ ! -s out ]
}

# Bundles of before still count, and those from now on have both secrets.
rotates() {
	before=$(grep -o '"secret": "[^"]*' club.bundle) &&
		run 0 on ca group rotate club && says out 'is now of epoch 2; that of epoch 1 stays good' &&
		on fourth request --name delta >fourth.request 2>/dev/null &&
		run 0 on ca group sign club fourth.request && cp out fourth.bundle &&
		[ "$(grep -o '"epoch": *[0-9]*' fourth.bundle | tr -dc '0-9\n' | tr '\n' ' ')" = '2 1 ' ] &&
		grep -qF "$before" fourth.bundle &&
		run 0 on fourth join fourth.bundle --no-up &&
		refuses 2 'nothing was done' setsid "$ipop" --root ca group rotate club &&
		run 0 on ca group rotate club -y && says out 'epoch 3; that of epoch 2' &&
		run 0 on ca group sign club fourth.request && cp out newer.bundle &&
		! grep -qF "$before" newer.bundle && run 0 on fourth join newer.bundle --no-up &&
		refuses 1 'its secret is of epoch 2' on fourth join fourth.bundle --no-up &&
		mode_is 600 ca/var/lib/ipop-ca/club/secret
}

changes_the_ways_in() {
	id=$(on ca group list club | sed -n 's/^delta .* \([a-z2-7]\{32\}\) .*/\1/p')
	[ ${#id} = 32 ] && run 0 on ca group bootstrap list club && says out 'vpn.example.org:4000#' &&
		run 0 on ca group bootstrap add club 'vpn2.example.org:4767#delta' && says out "vpn2.example.org:4767#$id" &&
		refuses 1 'is one of the lines already' on ca group bootstrap add club "vpn2.example.org:4767#$id" &&
		refuses 1 'did you mean "delta"?' on ca group bootstrap add club 'x.example:1#delto' &&
		refuses 2 'must be HOST:PORT#NAME' on ca group bootstrap add club nonsense &&
		refuses 2 'leads no other host anywhere' on ca group bootstrap add club '127.0.0.1:4767#delta' &&
		refuses 2 'must be add, remove or list' on ca group bootstrap show club &&
		refuses 2 'LINE is missing' on ca group bootstrap add club &&
		refuses 8 '"beta" was revoked' group_adds_the_revoked &&
		run 0 on ca group sign club fourth.request && says out "vpn2.example.org:4767#$id" &&
		run 0 on ca group bootstrap remove club 'vpn2.example.org:4767#delta' && ! grep -q vpn2 out &&
		refuses 1 'is none of the lines' on ca group bootstrap remove club 'vpn2.example.org:4767#delta' &&
		run 0 on ca group bootstrap list club --json && says out '"ipop.bootstrap/1"' &&
		for i in $(seq 15); do
			on ca group bootstrap add club "h$i.example:1#delta" >/dev/null 2>&1 || return 1
		done &&
		refuses 1 'a bundle has at most 16 lines; remove one' on ca group bootstrap add club 'h16.example:1#delta'
}

# Two administrators: what one was asked about, the other has changed before the answer.
asks_about_what_it_does() {
	again="'$ipop' --root ca group" quiet='>/dev/null 2>&1'
	epoch=$(on ca group rotate club -y | sed -n 's/.*is now of epoch \([0-9]*\);.*/\1/p')
	run 1 "$typist" "$ipop" --root ca group rotate club -- 'Go on?' "!$again rotate club -y $quiet" &&
		says out 'somebody else has changed "club" meanwhile, and nothing was done' &&
		run 0 on ca group rotate club -y && says out "epoch $((epoch + 2)); that of epoch $((epoch + 1))" || return 1
	for n in 1 2; do
		on club$n request --name gamma >gamma.$n 2>/dev/null || return 1
	done
	run 0 on ca group sign club gamma.1 &&
		run 1 "$typist" "$ipop" --root ca group revoke club gamma -- 'Go on?' \
			"!{ $again revoke club gamma --yes && $again sign club gamma.2; } $quiet" &&
		says out 'nothing was done' && run 0 on ca group list club &&
		[ "$(grep '^gamma ' out | grep -c valid)" = 1 ] &&
		run 0 "$typist" "$ipop" --root ca group revoke club gamma -- 'Go on?' yes && run 0 on ca group list club &&
		! grep '^gamma ' out | grep valid
}

# Who has the name now was not revoked; so its second holder goes first.
group_adds_the_revoked() {
	on ca group revoke club beta --yes >/dev/null 2>&1
	on ca group bootstrap add club 'x.example:1#beta'
}

# Of a name server's longest name, as whole as a short one; and a directory that is deeper than a line.
tells_a_long_way_in() {
	label=$(printf '%063d' 0 | tr 0 a)
	name=$label.$label.$label.$(printf '%061d' 0 | tr 0 b)
	deep=$label/$label/$label
	[ ${#name} = 253 ] && mkdir -p "$deep" &&
		run 0 on "$deep" group create lab --bootstrap "$name:4767" --name alpha &&
		says out "  reached at  $name:4767" && says out "  CA          $deep/var/lib/ipop-ca/lab"
}

# Two networks with the same addresses: `up` refuses the second, and here one can still choose.
tells_of_overlaps() {
	run 0 on both group create one --bootstrap b:4001 --name x --prefix 10.7.0.0/16 && ! grep -q overlap err &&
		run 0 on both group create two --bootstrap b:4002 --name x --prefix 10.7.8.0/24 &&
		[ "$(grep -c overlap err)" = 1 ] &&
		says err 'The addresses of "two", 10.7.8.0/24, overlap with those of "one", 10.7.0.0/16' &&
		says err 'another --prefix' &&
		run 0 on both group create three --bootstrap b:4003 --name x --prefix 10.8.0.0/16 && ! grep -q overlap err &&
		on guest request --name y >both.request 2>/dev/null &&
		run 0 on both group sign one both.request && cp out both.bundle &&
		run 0 on guest join both.bundle --no-up && ! grep -q overlap err &&
		on guest request --name y >both.request 2>/dev/null &&
		run 0 on both group sign two both.request && cp out both.bundle &&
		run 0 on guest join both.bundle --no-up && [ "$(grep -c overlap err)" = 1 ] &&
		says err 'The addresses of "two", 10.7.8.0/24, overlap with those of "one", 10.7.0.0/16' &&
		says err 'ipop down one'
}

# Of its own accord a group takes no addresses of another network, and there are 128 to choose from.
chooses_addresses_of_no_other_network() {
	run 0 on both group create wide --bootstrap b:4004 --name x --prefix 10.128.0.0/10 && ! grep -q overlap err &&
		for name in f g h i; do
			run 0 on both group create $name --bootstrap b:4004 --name x && ! grep -q overlap err &&
				grep -q 'of 10\.\(19[2-9]\|2[0-9][0-9]\)\.0\.0/16' out || return 1
		done
}
