#!/bin/bash
# keeper.sh - the process that everything in a lab lives below; see lab.sh. Started as
#
#     setpriv --pdeathsig KILL bash keeper.sh SCRIPT-PID DIR
#
# it takes namespaces of its own and starts itself in them as their first process, which says in
# DIR/lab/keeper by which pid the host knows it, and then waits to be killed.
set -eu

if [[ ${1:-} != inside ]]; then
	# If the script died before the death signal was asked for, nobody will send it.
	[[ $PPID == "$1" ]]
	exec unshare --mount --pid --net --fork --kill-child bash "$0" inside "$2"
fi
read -r pid _ </proc/self/stat # still the host's /proc, so the host's number
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/netns /run/lock
ip link set lo up
mkfifo /run/never
exec 3<>/run/never
echo "$pid" >"$2/lab/keeper.new"
mv "$2/lab/keeper.new" "$2/lab/keeper"
read -r _ <&3 # for ever; while bash waits, it reaps the orphans of the lab
