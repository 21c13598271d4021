# shellcheck shell=sh
# installs.sh - what `make install` puts on a host: cases of run.sh.

# The makefile compiles a tree of its own for this, which takes long; what is installed from any tree
# is the same, and that make asks for it can be seen without doing it.
installs_everything() {
	run 0 meson install -C "$build" --no-rebuild --quiet --destdir "$work/installed" || return 1
	usr=installed/usr/local
	for file in bin/ipop sbin/ipopd lib/systemd/system/ipop@.service \
		lib/sysusers.d/ipop.conf share/doc/ipop/LICENSE \
		share/bash-completion/completions/ipop share/zsh/site-functions/_ipop \
		share/fish/vendor_completions.d/ipop.fish share/doc/ipop/README.md share/doc/ipop/doc/cli.md; do
		[ -s "$usr/$file" ] || { echo "# $file is not there"; return 1; }
	done
	says "$usr/lib/systemd/system/ipop@.service" 'ExecStart=/usr/local/sbin/ipopd' &&
		run 0 "$usr/bin/ipop" --version && run 0 "$usr/sbin/ipopd" --version &&
		run 0 make -n -C "$top" install DESTDIR="$work/there" &&
		says out "--destdir \"$work/there\""
}

# makes_user UID: what make-user does for that user, in a host with or without ipop. Programs that
# would change the host only say what they were asked for.
makes_user() {
	mkdir -p stubs && : >called
	printf '#!/bin/sh\n[ "$#" = 2 ] && exec test -e %s/has-ipop\necho %s\n' "$work" "$1" >stubs/id
	printf '#!/bin/sh\necho "$0 $*" >>%s/called\n' "$work" >stubs/systemd-sysusers
	chmod +x stubs/id stubs/systemd-sysusers
	PATH="$work/stubs:$PATH" run 0 "$top/packaging/make-user" there/ipop.conf
}

# makes_user_without_systemd: the same by useradd, where there may be the group `ipop` already.
makes_user_without_systemd() {
	: >called
	for tool in groupadd useradd; do
		printf '#!/bin/sh\necho "%s $*" >>%s/called\n' "$tool" "$work" >"stubs/$tool"
	done
	printf '#!/bin/sh\n[ -e %s/has-group ]\n' "$work" >stubs/getent
	chmod +x stubs/getent stubs/groupadd stubs/useradd
	rm stubs/systemd-sysusers
	run 0 env PATH="$work/stubs" /bin/sh "$top/packaging/make-user" there/ipop.conf
}

# The user of the daemon's node: by root, on this host, once.
makes_the_user_of_the_node() {
	grep -q '^u ipop - ' "$top/packaging/ipop.sysusers.conf" &&
		makes_user 0 && says called 'systemd-sysusers there/ipop.conf' &&
		makes_user 1000 && [ ! -s called ] &&
		DESTDIR=there makes_user 0 && [ ! -s called ] &&
		: >has-ipop && makes_user 0 && [ ! -s called ] && rm has-ipop &&
		makes_user_without_systemd && says called 'groupadd --system ipop' &&
		says called 'useradd --system --gid ipop' &&
		: >has-group && makes_user 0 && makes_user_without_systemd &&
		! grep -q groupadd called && says called 'useradd --system --gid ipop' && rm -r stubs
}
