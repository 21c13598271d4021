#!/bin/bash
# six.sh [--deb FILE] - how long a new user takes from the installed package to the first ping: the six commands
# of the README as they stand there, with a member behind a NAT, and the time of each.
#
# Installed is what `meson install` makes of the build, or what is in a package of Debian's. A person who
# types is slower; what is timed here is IPOP.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/internet.sh
. "$LAB_HERE/internet.sh"

ALL_MOST_MS=60000 # from the first command to the first answer
EACH_MOST_MS=20000

README=$LAB_HERE/../../README.md

install_it() {
	if [[ ${1:-} == --deb ]]; then
		dpkg-deb -x "$2" "$LAB_DIR/installed"
	else
		meson install -C "$LAB_BUILD" --no-rebuild --quiet --destdir "$LAB_DIR/installed"
	fi
	IPOP=$(find "$LAB_DIR/installed" -path '*/bin/ipop')
	[[ -x $IPOP ]]
}

make_machines() {
	local host
	internet
	lab_host alpha
	internet_line alpha west
	internet_home box east port-restricted beta
	[[ ${ADDRESS4[alpha]} == 192.0.2.* ]] || lab_die "the README has alpha in 192.0.2.0/24"
	mkdir "$LAB_DIR/desk"
	for host in alpha beta; do
		mkdir "$LAB_DIR/$host/bin"
		printf '#!/bin/sh\nexec %s "$@" --root %s\n' "$IPOP" "$LAB_DIR/$host" >"$LAB_DIR/$host/bin/ipop"
		chmod +x "$LAB_DIR/$host/bin/ipop"
	done
}

# HOST# COMMAND, with alpha's address here for the one in the README.
commands() {
	sed -n "/^alpha# ipop group create/,/^\`\`\`/{/^\`\`\`/d;s/192\.0\.2\.1:/${ADDRESS4[alpha]}:/;p}" "$README"
}

# types HOST COMMAND: in the folder where both keep their files, which stands for how they hand them over.
types() {
	lab_run "$1" env -C "$LAB_DIR/desk" PATH="$LAB_DIR/$1/bin:$PATH" sh -c "$2" </dev/null
}

lab_begin six
lab_check "it installs" install_it "$@"
make_machines
mapfile -t COMMANDS < <(commands)
lab_check "the README has six commands" test ${#COMMANDS[@]} == 6
lab__clock
BEGIN=$LAB_NOW
for LINE in "${COMMANDS[@]}"; do
	read -r COMMAND <<<"${LINE#*# }" # without blanks around it
	lab_check_within $EACH_MOST_MS "${LINE%%#*}: ${COMMAND%%  *}" types "${LINE%%#*}" "$COMMAND"
done
lab__clock
lab_check_figure "from the installed package to the first ping" $((LAB_NOW - BEGIN)) $ALL_MOST_MS ms
# It was a real one: directly, and between programs.
lab_check "beta pings alpha by its address" types beta \
	"ping -c 1 -W 5 \$(ipop peers lab --json | sed -n 's/.*\"ipv4\": *\"\([0-9.]*\)\".*/\1/p' | head -n 1)"
lab_end
