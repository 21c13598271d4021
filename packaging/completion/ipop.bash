# Completion of ipop(1) for bash: the program itself says what may come next (ipop complete). Where it
# knows nothing, names of files are offered.
_ipop() {
	local IFS=$'\n'
	# Its own words: bash splits at a colon, which a word of ours may have.
	mapfile -t COMPREPLY < <(ipop complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -o nosort -F _ipop ipop
