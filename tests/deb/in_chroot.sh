#!/bin/sh
# in_chroot.sh PACKAGE NEWER - inside a clean Debian: installs a package, uses it, upgrades, removes and purges
# it. TAP on standard output. There is no systemd here that runs, and nothing is started.
set -u
count=0
failed=0
package=$1
newer=$2

# check NAME COMMAND...: one case; what the command says is shown if it fails.
check() {
	name=$1
	shift
	count=$((count + 1))
	if "$@" >/root/output 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# | /' /root/output
		failed=1
	fi
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get --yes --no-install-recommends "$@"
}

is_whole() {
	ipop --version && ipopd --version && test -f /usr/lib/systemd/system/ipop@.service &&
		test -f /usr/lib/systemd/system/ipop-online.target && test -f /usr/share/man/man1/ipop.1.gz
}

has_user() {
	id ipop && [ "$(id -gn ipop)" = ipop ] && [ "$(id -u ipop)" -lt 1000 ]
}

founds_a_group() {
	ipop group create lab --name alpha --bootstrap 192.0.2.1 && ipop request --name other >/root/request
}

# What may not be lost: keys, and all that belongs to them.
remember() {
	(cd / && find etc/ipop var/lib/ipop var/lib/ipop-ca -type f ! -name neighbours -exec sha256sum {} +) >/root/kept
	test -s /root/kept && grep -q ipop-ca/lab/key.pem /root/kept && grep -q ipop/lab/key.pem /root/kept && grep -q requests/ /root/kept
}

keeps_all() {
	(cd / && sha256sum --check --quiet /root/kept)
}

upgrades() {
	apt install "$newer" && dpkg-query -W -f '${Version}\n' ipop | grep -q '+next$'
}

leaves_no_program() {
	! test -e /usr/bin/ipop && ! test -e /usr/sbin/ipopd && ! test -e /usr/lib/systemd/system/ipop@.service
}

purges() {
	touch /var/lib/ipop/lab/neighbours
	mkdir -p /run/ipop/lab
	mkdir -p /etc/systemd/system/multi-user.target.wants
	ln -s /usr/lib/systemd/system/ipop@.service /etc/systemd/system/multi-user.target.wants/ipop@lab.service
	apt purge ipop >/root/purge 2>&1 || { cat /root/purge; return 1; }
}

tells_what_stays() {
	for kept in /var/lib/ipop /var/lib/ipop-ca; do
		grep -F "$kept stays" /root/purge && grep -F "rm -r $kept " /root/purge || return 1
	done
}

removes_what_is_no_key() {
	! test -e /var/lib/ipop/lab/neighbours && ! test -e /run/ipop &&
		! test -L /etc/systemd/system/multi-user.target.wants/ipop@lab.service
}

is_forgotten() {
	! dpkg-query -W ipop 2>/dev/null | grep -q . || [ "$(dpkg-query -W -f '${db:Status-Status}' ipop)" = not-installed ]
}

# Without a network on the host nothing of the package is left.
leaves_nothing() {
	ipop leave lab --yes --with-ca && rm -r /var/lib/ipop/requests && apt purge ipop &&
		! test -e /etc/ipop && ! test -e /var/lib/ipop && ! test -e /var/lib/ipop-ca && ! find / -xdev -name '*ipop*' -path '/etc/*' | grep .
}

printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d

check "installs" apt install "$package"
check "programs, units and pages are there" is_whole
check "its user is there" has_user
check "a group can be made" founds_a_group
check "there is something to lose" remember
check "upgrades" upgrades
check "after the upgrade all is whole" is_whole
check "after the upgrade all keys are there" keeps_all
check "is removed" apt remove ipop
check "no program is left" leaves_no_program
check "after the removal all keys are there" keeps_all
check "is installed again" apt install "$newer"
check "is purged" purges
check "the purge leaves all keys" keeps_all
check "and says so" tells_what_stays
check "and removes what is none" removes_what_is_no_key
check "dpkg has forgotten it" is_forgotten
check "installed once more" apt install "$newer"
check "without a network nothing is left of it" leaves_nothing
echo "1..$count"
exit $failed
