# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2016 # of run.sh; programs for other shells
# completion.sh - cases of run.sh about what may come next on a command line, in each shell.

# completes WORDS... WANT: the candidates, in one line.
completes() {
	want=
	for word; do want=$word; done
	set -- "$@" end
	words=
	i=0
	for word; do
		i=$((i + 1))
		[ $i -le $(($# - 2)) ] && words="$words '$word'"
	done
	eval "bin/ipop complete $words" >out 2>err </dev/null
	[ ! -s err ] && [ "$(tr '\n' ' ' <out)" = "$want" ] || {
		echo "# complete$words: $(tr '\n' ' ' <out), not $want"
		cat err
		return 1
	}
}

knows_what_comes_next() {
	completes re 'request reload ' && completes group '' 'create sign list bootstrap rotate revoke ' &&
		completes group ro 'rotate ' && completes nonsense '' '' && completes --ro '--root ' &&
		completes --root b st 'status ' && completes --root b status '' 'lab ' &&
		completes --root b ping al 'alpha ' && completes --root b ping -c 3 ca 'carol ' &&
		completes --root b ping alpha '' 'lab ' && completes --root b ping alpha lab '' '' &&
		completes --root b ping -c '' '' && completes ping alpha --j '--json ' &&
		completes up --js '' && completes join --an '--any-prefix ' && completes join '' '' &&
		completes --root b check l 'lab ' && completes group bootstrap re 'remove ' &&
		completes --root a group revoke lab alp 'alpha ' && completes --root nowhere ping '' '' &&
		completes --root '' ''
}

# A daemon that hangs hangs no shell: without the bound this takes 15 s for each network.
waits_for_no_daemon() {
	kill -STOP "$(cat daemon.pid)" || return 1
	timeout 5 bin/ipop complete --root b ping al >out 2>err
	status=$?
	kill -CONT "$(cat daemon.pid)"
	[ $status = 0 ] && [ ! -s out ] && [ ! -s err ]
}

# Each through its own script, with the real shell.
completes_in_each_shell() {
	PATH="$work/bin:$PATH" run 0 bash --norc -c '
		. "$1/packaging/completion/ipop.bash"
		COMP_WORDS=(ipop --root b ping al) COMP_CWORD=4
		_ipop && printf "%s\n" "${COMPREPLY[@]}"
		COMP_WORDS=(ipop --root b status "") COMP_CWORD=4
		_ipop && printf "%s\n" "${COMPREPLY[@]}"' bash "$top" &&
		[ "$(tr '\n' ' ' <out)" = 'alpha lab ' ] &&
		PATH="$work/bin:$PATH" run 0 zsh -f -c '
		compadd() { print -l -- ${(P)2} }
		_files() { print files }
		words=(ipop --root b ping al) CURRENT=5
		. $1/packaging/completion/ipop.zsh
		words=(ipop --root b status "") CURRENT=5
		_ipop
		words=(ipop join "") CURRENT=3
		_ipop' zsh "$top" && [ "$(tr '\n' ' ' <out)" = 'alpha lab files ' ] &&
		PATH="$work/bin:$PATH" HOME=$work run 0 fish --no-config -c '
		source $argv[1]/packaging/completion/ipop.fish
		complete -C "ipop --root b ping al"
		complete -C "ipop --root b status "
		complete -C "ipop join renewed.b"' "$top" &&
		[ "$(tr '\n' ' ' <out)" = 'alpha lab renewed.bundle ' ] || { cat out; return 1; }
}
